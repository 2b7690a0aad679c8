"""What becomes of marks: nothing before they are released, then evidence and grade, then corrections only."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import LedgerEvent, LinkScore
from lti_tool.services.marking import release
from lti_tool.services.marking.release import MarkCorrection, NothingCorrectedError, NotReleasedError
from lti_tool.services.people.sessions import NotAllowedError
from qualoop.assessment.marking import MarkFinalError, Stage
from qualoop.ledger import EventType, Reason
from tests.factories.classrooms import Seat
from tests.factories.marking import ASSISTANT, Room
from tests.factories.rubrics import sheet


def events(room: Room, seat: Seat, kind: EventType = EventType.EVIDENCE_RECORDED) -> list[Any]:
    with room.tool.runtime.database.reading() as session:
        of_learner = select(LedgerEvent).where(LedgerEvent.learner == seat.who.person_uuid)
        rows = session.scalars(of_learner.where(LedgerEvent.type == kind.value).order_by(LedgerEvent.id))
        return [(row, json.loads(row.body)) for row in rows]


def grade(room: Room, seat: Seat) -> str | None:
    with room.tool.runtime.database.reading() as session:
        return session.scalar(select(LinkScore.value).where(LinkScore.person_id == seat.who.person_id))


def correct(room: Room, seat: Seat, work: str, *levels: int, note: str = "") -> list[str]:
    correction = MarkCorrection(sheet=sheet(*levels), reason=Reason.ERROR, note=note)
    with room.tool.runtime.database.transaction() as session:
        return [*release.correct(session, room.desk(seat, work), correction, now=room.now)]


def test_nothing_is_known_before_the_release(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    room.approve(room.teacher, work, 2, 1)
    assert room.marks(sam) is None
    assert events(room, sam) == []
    assert grade(room, sam) is None


def test_a_release_makes_evidence_of_each_row_and_a_grade(room: Room) -> None:
    sam = room.learner()
    handed_in = room.now
    work = room.submit(sam)
    room.tool.clock.advance(days=3)
    room.approve(room.teacher, work, 2, 1)
    assert room.release() == 1
    found = events(room, sam)
    assert [(body["part"], body["score"], body["form"]) for _, body in found] == [
        ("headline", "1", "project"),
        ("evidence", "0.5", "project"),
    ]
    for row, body in found:
        assert body["occasion"] == "sheet:2:assessor"
        assert body["rater"] == room.teacher.who.person_uuid
        assert row.learner == sam.who.person_uuid
        assert row.occurred_at == handed_in, "however late it was marked"
    assert grade(room, sam) == "0.5", "4 + 1 points of 10"
    marks = room.marks(sam)
    assert marks
    assert (marks.grade, marks.points, marks.corrected_at) == (Decimal("0.5"), Decimal(5), None)


def test_what_is_marked_late_was_not_handed_in_late(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    assert room.attempt(sam).status == "submitted"
    room.tool.clock.advance(days=30)
    room.approve(room.teacher, work, 2, 2)
    room.release()
    attempt = room.attempt(sam)
    assert attempt.status == "evaluated"
    moment = int(attempt.earned.split(" ")[0])
    assert moment == int((room.now - timedelta(days=30)).timestamp() * 1_000_000)


def test_a_date_releases_by_itself(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    room.setup(release_at=room.now + timedelta(days=1))
    room.approve(room.teacher, work, 1, 1)
    assert room.release_due() == 0
    room.tool.clock.advance(days=1)
    assert room.release_due() == 1
    assert room.release_due() == 0
    assert room.marks(sam)


def test_an_approval_after_the_date_can_still_be_undone_for_a_while(room: Room) -> None:
    work = room.submit(room.learner())
    room.setup(release_at=room.now - timedelta(days=1))
    room.approve(room.teacher, work, 1, 1)
    assert room.release_due() == 0
    room.undo(room.teacher, work)
    room.tool.clock.advance(hours=1)
    assert room.release_due() == 0
    assert room.case(room.teacher, work).stage is Stage.DRAFT


def test_an_undone_approval_is_not_released(room: Room) -> None:
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 1, 1)
    room.release(work, at=room.now + timedelta(hours=1))
    room.undo(room.teacher, work)
    room.tool.clock.advance(hours=2)
    assert room.release_due() == 0


def test_released_marks_are_final(room: Room) -> None:
    work = room.submit(room.learner())
    room.approve(room.teacher, work, 1, 1)
    room.release()
    with pytest.raises(MarkFinalError):
        room.undo(room.teacher, work)
    with pytest.raises(MarkFinalError):
        room.approve(room.teacher, work, 2, 2)


def test_a_correction_goes_through_the_ledger(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    room.approve(room.teacher, work, 1, 1)
    room.release()
    room.tool.clock.advance(minutes=5)
    assert correct(room, room.teacher, work, 2, 1, note="The second claim was overlooked.") == ["headline"]
    corrected = events(room, sam, EventType.ASSERTION_REVISED)
    assert [(body["score"], row.actor) for row, body in corrected] == [("1", room.teacher.who.person_uuid)]
    assert "overlooked" not in corrected[0][0].body, "notes are sealed"
    assert len(events(room, sam)) == 2, "nothing old is touched"
    assert grade(room, sam) == "0.5"
    marks = room.marks(sam)
    assert marks
    assert marks.corrected_at == room.now
    with pytest.raises(NothingCorrectedError):
        correct(room, room.teacher, work, 2, 1)


def test_points_can_be_corrected_without_a_new_level(room: Room) -> None:
    sam = room.learner()
    work = room.submit(sam)
    room.approve(room.teacher, work, 2, 1)
    room.release()
    better = sheet(2, 1)
    row = better.rows["evidence"]
    changed = type(better)(rows={**better.rows, "evidence": type(row)(level=1, points=Decimal(3))})
    with room.tool.runtime.database.transaction() as session:
        correction = MarkCorrection(sheet=changed, reason=Reason.ERROR)
        assert not release.correct(session, room.desk(room.teacher, work), correction, now=room.now)
    assert events(room, sam, EventType.ASSERTION_REVISED) == []
    assert grade(room, sam) == "0.7"


def test_agreed_marks_stay_readable_after_a_correction(room: Room) -> None:
    room.setup(second_share=100)
    sam, ann = room.learner(), room.enter("a-1", "Ann Assistant", roles=ASSISTANT)
    work = room.submit(sam)
    room.approve(room.teacher, work, 1, 1)
    room.approve(ann, work, 1, 1)
    room.release()
    correct(room, room.teacher, work, 2, 2)
    marks = room.marks(sam)
    assert marks
    assert marks.grade == Decimal("0.8")


def test_who_may_not_release(room: Room) -> None:
    ann = room.enter("a-1", "Ann Assistant", roles=ASSISTANT)
    work = room.submit(room.learner())
    room.approve(ann, work, 1, 1)
    with room.tool.runtime.database.transaction() as session, pytest.raises(NotAllowedError):
        release.plan_release(session, room.desk(ann), works=None, at=None, now=room.now)
    with pytest.raises(NotAllowedError):
        correct(room, ann, work, 2, 2)
    with pytest.raises(NotReleasedError):
        correct(room, room.teacher, work, 2, 2)
