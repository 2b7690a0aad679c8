"""The qualification rule in the marking room: beyond it nothing is approved, so grade and evidence wait together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import select

from lti_tool.models import LedgerEvent, MarkRevision
from lti_tool.services.marking import assignments, level_limits, release
from lti_tool.services.marking.level_limits import BeyondLevelError, Limit
from lti_tool.services.marking.release import MarkCorrection
from lti_tool.services.people import assessor_qualifications
from lti_tool.services.people.assessor_qualifications import NewQualification
from lti_tool.services.people.sessions import NotAllowedError
from qualoop.assessment.marking import MarkNotYoursError, Position, Stage
from qualoop.classroom.assessors import QualificationKind, QualificationRule
from qualoop.ledger import Reason
from tests.factories.classrooms import Seat
from tests.factories.launches import MEMBERSHIP
from tests.factories.marking import ASSISTANT, Room
from tests.factories.rubrics import sheet

LEVEL = 4
"""Of the units of the rubric's knowledge points."""
INDUSTRY = QualificationKind.INDUSTRY


@contextmanager
def ruled(room: Room, from_level: int | None = LEVEL) -> Iterator[None]:
    """Let the organisation ask for a qualification in industry."""
    set_rule(room, QualificationRule(from_level=from_level, kinds=frozenset({INDUSTRY})))
    try:
        yield
    finally:
        set_rule(room, QualificationRule())


def set_rule(room: Room, rule: QualificationRule) -> None:
    with room.tool.runtime.database.transaction() as session:
        assessor_qualifications.set_rule(session, room.tool.organisation_id, rule, now=room.now)


def qualify(room: Room, seat: Seat, *, until: date | None = None, confirmed: bool = True) -> None:
    new = NewQualification(kind=INDUSTRY, title="Store manager", holds_from=date(2026, 1, 1), holds_until=until)
    with room.tool.runtime.database.transaction() as session:
        place = (session, room.tool.organisation_id)
        made = assessor_qualifications.add(*place, seat.who.person_id, new, by="admin", now=room.now)
        if confirmed:
            assessor_qualifications.confirm(*place, made.uuid, by="admin", now=room.now)


def limit(room: Room, seat: Seat, work: str, position: Position = Position.FIRST) -> Limit | None:
    with room.tool.runtime.database.reading() as session:
        desk = room.desk(seat, work)
        case = room.case(seat, work)
        return level_limits.find_limit(session.connection(), desk, case, position, day=room.now.date())


def take_over(room: Room, seat: Seat, work: str) -> None:
    with room.tool.runtime.database.transaction() as session:
        assignments.take_over(session, room.desk(seat, work), now=room.now)


def twice(room: Room) -> str:
    """Hand in a work that is to be marked twice; return its uuid."""
    work = room.submit(room.learner())
    with room.tool.runtime.database.transaction() as session:
        assignments.ask_for_second(session, room.desk(room.teacher, work), wanted=True, now=room.now)
    return work


def correct(room: Room, work: str) -> Sequence[str]:
    given = MarkCorrection(sheet=sheet(2, 1), reason=Reason.ERROR)
    with room.tool.runtime.database.transaction() as session:
        return release.correct(session, room.desk(room.teacher, work), given, now=room.now)


def evidence_of(room: Room, seat: Seat) -> list[dict[str, object]]:
    with room.tool.runtime.database.reading() as session:
        query = select(LedgerEvent.body).where(LedgerEvent.learner == seat.who.person_uuid)
        return [json.loads(body) for body in session.scalars(query.order_by(LedgerEvent.id))]


def has_grade(room: Room, seat: Seat) -> bool:
    """Say whether the attempt has earned anything that a grade book is told."""
    return bool(room.attempt(seat).earned)


@pytest.fixture
def expert(room: Room) -> Seat:
    """An assistant who is qualified."""
    made = room.enter("x-1", "Xu Expert", roles=ASSISTANT)
    qualify(room, made)
    return made


def test_who_is_not_qualified_saves_a_draft_and_approves_nothing(room: Room, expert: Seat) -> None:
    learner = room.learner()
    work = room.submit(learner)
    with ruled(room):
        saved = room.approve(room.teacher, work, 1, 1)
        assert (saved.is_approved, saved.is_limited) == (False, True)
        assert room.case(room.teacher, work).stage is Stage.DRAFT
        assert room.release(work) == 0
        assert (evidence_of(room, learner), has_grade(room, learner)) == ([], False), "neither grade nor evidence"
        found = limit(room, room.teacher, work)
        assert found is not None
        assert (found.level, found.from_level, found.kinds) == (LEVEL, LEVEL, [INDUSTRY])
        assert [each.name for each in found.able] == ["Xu Expert"]


def test_who_is_qualified_approves_and_both_grade_and_evidence_follow(room: Room, expert: Seat) -> None:
    learner = room.learner()
    work = room.submit(learner)
    with ruled(room):
        assert limit(room, expert, work) is None
        assert room.approve(expert, work, 2, 1).is_approved
        assert room.release(work) == 1, "who releases need not be qualified: it is no judgement"
    assert {body["rater"] for body in evidence_of(room, learner)} == {expert.who.person_uuid}
    assert has_grade(room, learner)


def test_below_the_level_nothing_is_asked(room: Room) -> None:
    work = room.submit(room.learner())
    with ruled(room, LEVEL + 1):
        assert limit(room, room.teacher, work) is None
        assert room.approve(room.teacher, work, 1, 1).is_approved


@pytest.mark.parametrize("lacking", ["ended", "unconfirmed"])
def test_a_qualification_counts_on_the_day_of_the_approval(room: Room, lacking: str) -> None:
    work = room.submit(room.learner())
    ann = room.enter("a-1", "Ann", roles=ASSISTANT)
    until = date(2026, 1, 31) if lacking == "ended" else None
    qualify(room, ann, until=until, confirmed=lacking == "ended")
    with ruled(room):
        assert room.approve(ann, work, 1, 1).is_limited


def test_a_second_mark_is_a_judgement_too(room: Room, expert: Seat) -> None:
    work = twice(room)
    with ruled(room):
        assert room.approve(expert, work, 1, 1).is_approved
        assert not room.approve(room.teacher, work, 1, 1).is_approved
        assert room.case(room.teacher, work).stage is Stage.SECOND


def test_a_draft_of_who_is_not_qualified_is_taken_over_by_who_is(room: Room, expert: Seat) -> None:
    work = room.submit(room.learner())
    with ruled(room):
        room.approve(room.teacher, work, 1, 1)
        with pytest.raises(NotAllowedError):
            take_over(room, room.enter("a-1", "Ann", roles=ASSISTANT), work)
        take_over(room, expert, work)
        assert [row.number for row in room.rows(MarkRevision, work)] == [1], "what the draft says stays"
        assert room.approve(expert, work, 2, 1).is_approved
        with pytest.raises(MarkNotYoursError):
            room.save(room.teacher, work, sheet(0, 0))
        with pytest.raises(MarkNotYoursError):
            take_over(room, room.teacher, work)
    assert [row.by_person_id for row in room.rows(MarkRevision, work)] == [
        room.teacher.who.person_id,
        *[expert.who.person_id] * 2,
    ]


def test_a_draft_of_who_is_qualified_is_its_own(room: Room, expert: Seat) -> None:
    other = room.enter("y-1", "Yan", roles=ASSISTANT)
    qualify(room, other)
    work = room.submit(room.learner())
    room.save(expert, work, sheet(1, 1))
    with pytest.raises(NotAllowedError):
        take_over(room, other, work)
    with ruled(room), pytest.raises(NotAllowedError):
        take_over(room, other, work)


def test_a_second_mark_is_taken_over_by_who_has_none_on_the_work(room: Room, expert: Seat) -> None:
    other = room.enter("y-1", "Yan", roles=ASSISTANT)
    qualify(room, other)
    work = twice(room)
    with ruled(room):
        room.approve(expert, work, 1, 1)
        room.approve(room.teacher, work, 0, 1)
        found = limit(room, room.teacher, work, Position.SECOND)
        assert found is not None
        assert [each.name for each in found.able] == ["Yan"], "who gave the first mark gives no second"
        with pytest.raises(NotAllowedError):
            take_over(room, expert, work)
        take_over(room, other, work)
        assert room.approve(other, work, 1, 1).is_approved


def test_a_decision_is_taken_over_by_who_leads_the_marking(room: Room, expert: Seat) -> None:
    lead = room.enter("t-9", "Lead", roles=(MEMBERSHIP + "Instructor",))
    other = room.enter("y-1", "Yan", roles=ASSISTANT)
    for seat in (lead, other):
        qualify(room, seat)
    work = twice(room)
    with ruled(room):
        # Who leads and gave one of the marks may decide, too.
        room.approve(lead, work, 1, 1)
        room.approve(other, work, 2, 1)
        assert not room.approve(room.teacher, work, 2, 1).is_approved
        found = limit(room, room.teacher, work, Position.DECISION)
        assert found is not None
        assert [each.name for each in found.able] == ["Lead"]
        with pytest.raises(NotAllowedError):
            take_over(room, expert, work)
        take_over(room, lead, work)
        assert room.approve(lead, work, 2, 1).is_approved
    assert room.release(work) == 1


def test_what_was_approved_before_the_rule_stays(room: Room) -> None:
    learner = room.learner()
    work = room.submit(learner)
    assert room.approve(room.teacher, work, 1, 1).is_approved
    with ruled(room):
        assert room.release(work) == 1
    assert evidence_of(room, learner)


def test_released_marks_are_corrected_by_who_is_qualified_alone(room: Room) -> None:
    learner = room.learner()
    work = room.submit(learner)
    room.approve(room.teacher, work, 1, 1)
    room.release(work)
    before = evidence_of(room, learner)
    with ruled(room):
        with pytest.raises(BeyondLevelError):
            correct(room, work)
        assert evidence_of(room, learner) == before
        qualify(room, room.teacher)
        assert correct(room, work)
