"""What staff do to one learner's class from the instructor's dashboard, and what the nightly comparison makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from xblock.scorable import Score as PlatformScore

from qualoop.classroom.register import Register
from qualoop.values import Score
from tests.fakes.block_runtime import BlockRuntime
from tests.fakes.plugin_batches import ANN, BEN
from tests.fakes.plugin_platform import STATE, School
from tests.integration.xblocks.class_room import FULL_MARKS, undo_id
from xblocks.edx import checks, registers

from .case_class import COURSE, TEACHER, USAGE, SiteRoom, furnished, sent


@pytest.fixture
def room() -> SiteRoom:
    return furnished()


def test_a_learners_state_that_staff_delete_is_not_published_again_at_night(room: SiteRoom) -> None:
    STATE.ids["ann"] = [ANN, "anonymous-of-ann"]
    room.act("open")
    room.check_in(ANN)
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    room.act("save", who=BEN, release="1", **FULL_MARKS)
    assert School().graded(ANN, USAGE) == Score("0.807692")
    evidence = len(sent())

    # As the platform calls it: by name, of a block that is nobody's (`reset_student_attempts`).
    runtime = BlockRuntime(room.store, services={"user": None})
    block = room.place.block(runtime, None)
    block.clear_student_state(
        user_id="anonymous-of-ann", course_id=COURSE, item_id=USAGE, requesting_user_id="anonymous-of-staff"
    )
    assert (School().graded(ANN, USAGE), STATE.completions[ANN, USAGE]) == (None, Decimal(0))
    checks.reconcile(School(), datetime.now(UTC))
    room.act("mark", mark=f"{BEN} present")
    assert (School().graded(ANN, USAGE), STATE.completions[ANN, USAGE]) == (None, Decimal(0))
    assert (room.state(ANN)["presence"], room.state(ANN)["score"]) == ("absent", None)
    assert School().graded(BEN, USAGE) == Score("0.807692")
    # Marked anew, it counts anew; of the same nothing is told twice.
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    assert School().graded(ANN, USAGE) == Score("0.807692")
    assert len(sent()) == evidence


def test_registers_of_a_course_are_read_once_for_all_its_learners_and_anew_where_a_grade_differs(
    room: SiteRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.act("open")
    for who in (ANN, BEN):
        room.act("save", who=who, release="1", **FULL_MARKS)
    read: list[Any] = []
    whole = Register.from_json

    def counted(document: Any) -> Register:
        read.append(document)
        return whole(document)

    monkeypatch.setattr(Register, "from_json", counted)
    found = checks.reconcile(School(), datetime.now(UTC))
    assert (found.checks, found.scores, found.published, len(read)) == (2, 2, 0, 1)
    # A grade differs: what the register says now counts, and not what was read for everybody before.
    STATE.grades[BEN, USAGE] = Score("0.1")
    released = registers.released

    def released_before(course: str) -> Any:
        before = released(course)
        room.act("save", who=BEN, release="1", **{**FULL_MARKS, "points": "10"})
        STATE.grades[BEN, USAGE] = Score("0.1")
        return before

    monkeypatch.setattr(registers, "released", released_before)
    assert checks.reconcile(School(), datetime.now(UTC)).published == 1
    assert STATE.published[-1] == (BEN, USAGE, Score("1"))


def test_deleting_can_be_taken_back_and_what_fails_changes_nothing(
    room: SiteRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.act("open")
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    block = room.place.block(BlockRuntime(room.store, services={"user": None}), None)

    def gone(*_: Any) -> None:
        raise LookupError(USAGE)

    with monkeypatch.context() as patch:
        patch.setattr(School, "clear_score", gone)
        with pytest.raises(LookupError):
            block.clear_student_state(user_id=ANN)
    assert room.state(ANN)["score"] == "0.807692"
    block.clear_student_state(user_id=ANN)
    page = room.view(TEACHER, staff=True)
    assert "state deleted" in page
    room.act("undo", undo=undo_id(page))
    assert School().graded(ANN, USAGE) == Score("0.807692")
    # Of whom nothing is written, there is nothing to delete.
    block.clear_student_state(user_id="nobody")


def test_an_override_by_the_instructors_task_is_published(room: SiteRoom) -> None:
    room.act("open")
    room.act("save", who=ANN, release="1", **FULL_MARKS)
    block = room.block(ANN)
    block.set_score(PlatformScore(raw_earned=0.25, raw_possible=1.0))
    block.publish_grade()
    assert [one.data["value"] for one in room.published if one.kind == "grade"] == [0.25]
