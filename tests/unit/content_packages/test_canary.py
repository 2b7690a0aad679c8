"""The canary package: every secret of every item type is marked, so that no leak goes unseen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from qualoop.authored_files import Place
from qualoop.content_packages import load_package, open_lesson
from tests.factories.canary import CANARY, MARKER, canary_markers, leaves, markers_in
from tests.factories.packages import ecommerce

PUBLIC = {"type", "knowledge_points", "prompt", "text", "left", "right", "label", "alt", "file", "unit"}
LESSON = open_lesson(load_package(CANARY, ecommerce()).document)


def is_secret(place: Place) -> bool:
    """Tell whether a learner must not see the text at a place in an item before the time is come."""
    names = [part for part in place if isinstance(part, str) and part not in {"en", "zh-Hans"}]
    return len(place) > 1 and not PUBLIC & set(names) and names != ["key"]


@pytest.mark.parametrize("key", LESSON.items)
def test_every_secret_holds_a_marker_of_its_own(key: str) -> None:
    item: dict[str, Any] = LESSON.items[key].model_dump(mode="json", exclude_none=True)
    secrets = {place: text for place, text in leaves((), item) if is_secret(place)}

    assert secrets
    assert {place: text for place, text in secrets.items() if not MARKER.search(text)} == {}


def test_markers_are_unique_and_none_is_part_of_another() -> None:
    texts = [marker.text.lower() for marker in canary_markers()]

    assert [text for text, count in Counter(texts).items() if count > 1] == []
    assert [(one, other) for one in texts for other in texts if one != other and one in other] == []


def test_every_type_of_item_is_there() -> None:
    assert {item.type for item in LESSON.items.values()} == {
        *("single-choice", "multiple-choice", "number", "short-text", "ordering", "matching", "hotspot")
    }


def test_markers_are_found_in_bodies_whatever_their_case() -> None:
    found = markers_in("<p>canary-7F3A-single-hint-1-EN</p> 731941")
    assert [(marker.item, marker.place) for marker in found] == [
        ("single", ("hints", 0, "en")),
        ("number", ("answer",)),
    ]
    assert markers_in("an ordinary page") == []
