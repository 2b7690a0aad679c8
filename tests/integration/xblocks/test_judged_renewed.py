"""Work that people judge when its project is renewed, or handed in anew, while staff change its marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qualoop.assessment.marking import MarkIncompleteError
from tests.integration.xblocks.judged_room import SECURE, STRONG, JudgedRoom
from xblocks.kp_practice import KpPracticeBlock

ANN, BEN = "ann", "ben"
RENEWED = "This activity was renewed after you began it"


@pytest.fixture
def room() -> JudgedRoom:
    return JudgedRoom()


def renew(patch: pytest.MonkeyPatch) -> None:
    """Let the project be another version, by a rubric with one more row."""
    find = KpPracticeBlock.find_content

    def found(block: Any) -> Any:
        opened = find(block)
        rubric = opened.content.rubric
        more = rubric.rows[0].model_copy(update={"key": "one-more"})
        longer = rubric.model_copy(update={"rows": (*rubric.rows, more)})
        package = replace(opened.package, content_hash="0" * 64)
        return replace(opened, package=package, content=replace(opened.content, rubric=longer))

    patch.setattr(KpPracticeBlock, "find_content", found)


def test_what_was_approved_by_another_rubric_is_a_draft_and_the_block_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    room = JudgedRoom(fields={"release_at": datetime.now(UTC) + timedelta(hours=1)})
    room.hand_in(ANN)
    room.mark("save", who=ANN, approve="1", **STRONG)
    renew(monkeypatch)
    room.fields = {"release_at": datetime.now(UTC) - timedelta(hours=1)}

    assert "Product copy" in room.who(BEN).view()
    assert room.figures() == {"Draft": 1}
    assert room.mark("release-all").status_code == 200
    assert room.grades(ANN) == []


def test_a_release_that_fails_takes_no_page_from_anybody(room: JudgedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise MarkIncompleteError

    monkeypatch.setattr(KpPracticeBlock, "release_due", fails)

    assert "Product copy" in room.who(ANN).view()


def test_a_learner_reads_work_and_marks_after_the_project_was_renewed(
    room: JudgedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.hand_in(ANN)
    renew(monkeypatch)
    waiting = room.who(ANN).view()

    assert all(words in waiting for words in (RENEWED, "Waits to be marked", "Thought 1"))
    assert "/act/restart" not in waiting, "a button that nothing follows from"
    assert "Begin again to work" not in waiting
    room.mark("save", who=ANN, release="1", **STRONG, **{"r-level-one-more": "3", "r-comment": "Well done."})
    page = room.who(ANN).view()
    assert all(words in page for words in (RENEWED, "100%", "Well done.", "/act/restart"))


def test_who_has_marks_keeps_them_and_begins_again_while_staff_change_the_draft(
    room: JudgedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.hand_in(ANN)
    room.mark("save", who=ANN, release="1", **STRONG)
    room.mark("save", who=ANN, **SECURE)

    assert room.figures() == {"Draft": 1}
    assert "Is being marked" not in room.who(ANN).view()
    assert (room.state(ANN)["status"], room.state(ANN)["can_restart"]) == ("evaluated", True)
    renew(monkeypatch)
    assert (room.state(ANN)["status"], room.state(ANN)["can_restart"]) == ("evaluated", True)
    before = room.who(ANN).attempt["id"]
    room.who(ANN).act("restart")
    assert room.who(ANN).attempt["id"] != before


@pytest.mark.parametrize(("action", "grades"), [("save", [1.0, 0.0, 1.0]), ("newer", [1.0, 0.0])])
def test_the_next_work_waits_behind_marks_under_revision_until_staff_are_done_with_them(
    room: JudgedRoom, action: str, grades: list[float]
) -> None:
    room.hand_in(ANN)
    room.mark("save", who=ANN, release="1", **STRONG)
    room.who(ANN).act("restart")
    room.mark("withdraw", who=ANN)
    room.hand_in(ANN)

    assert "Waits to be marked" in room.who(ANN).view()
    page = room.mark("show", who=ANN).text
    assert all(words in page for words in ("has handed in attempt 2 meanwhile", 'value="3" checked'))
    room.mark(action, who=ANN, release="1", **STRONG)
    assert room.grades(ANN) == grades
    assert room.figures() == {"Waits": 1}
    assert "Waits to be marked" in room.who(ANN).view()
    assert room.state(ANN)["status"] == "submitted"
    room.mark("save", who=ANN, release="1", **SECURE)
    assert room.state(ANN)["status"] == "evaluated"
