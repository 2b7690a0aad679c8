"""Activity kinds are found by name, and only those that were registered."""

from __future__ import annotations

import pytest

from qualoop.player import ActivityKinds, MicroLessonKind, UnknownKindError


def test_a_kind_is_made_once_when_it_is_first_asked_for() -> None:
    kinds = ActivityKinds({"micro-lesson": MicroLessonKind})
    assert kinds.get_kind("micro-lesson") is kinds.get_kind("micro-lesson")
    assert kinds.get_kind("micro-lesson").kind == "micro-lesson"


def test_kinds_are_listed_by_name() -> None:
    assert list(ActivityKinds({"b": MicroLessonKind, "a": MicroLessonKind})) == ["a", "b"]


def test_an_unknown_kind_says_which_there_are() -> None:
    with pytest.raises(UnknownKindError, match=r"'poll' is installed \(there are: micro-lesson\)") as error:
        ActivityKinds({"micro-lesson": MicroLessonKind}).get_kind("poll")
    assert error.value.code == "player-kind"
