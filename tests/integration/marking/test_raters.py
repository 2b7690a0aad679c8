"""Who has judged a learner: what the raters' gate of the upper levels counts, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import Select, select

from lti_tool.models import Activity, ContentVersion, LedgerEvent, Organisation, TagSet
from lti_tool.services.evidence import corrections
from lti_tool.services.evidence.corrections import Request
from lti_tool.services.evidence.evidence import Submission, record_many
from lti_tool.services.records.learner_records import learner_record, learner_record_as_of
from lti_tool.services.records.raters import read_raters
from lti_tool.services.records.records import Subject
from qualoop.ledger import SCORED_BY_MACHINE, Evidence, EvidenceForm, Reason
from qualoop.policies import Judge, Sheet
from qualoop.records import Gate, GateKind, Record
from qualoop.values import Score
from tests.factories.classrooms import LESSON, Seat
from tests.factories.marking import ASSISTANT, Room
from tests.factories.tool import SECRET

ASSESSOR: Final = Sheet(criteria=8, judge=Judge.ASSESSOR).as_text()
PEER: Final = Sheet(criteria=8, judge=Judge.PEER).as_text()
ONE: Final = str(UUID(int=901))
OTHER: Final = str(UUID(int=902))
FURTHER: Final = {"one-word": "SEM-1.3", "weak-row": "SEM-1.4"}
NUMBERS: Final = count(1)


def lesson_version(room: Room) -> Select[tuple[int | None]]:
    return select(Activity.version_id).where(
        Activity.organisation_id == room.tool.organisation_id, Activity.key == LESSON
    )


@pytest.fixture
def room(room: Room) -> Room:
    """A room whose lesson serves every knowledge point of its unit, so that a high level can be reached there."""
    with room.tool.runtime.database.transaction() as session:
        tag_set = session.scalars(select(TagSet).where(TagSet.version_id.in_(lesson_version(room)))).one()
        tag_set.tags = {**tag_set.tags, **{part: {code: "1"} for part, code in FURTHER.items()}}
    return room


@pytest.fixture
def sam(room: Room) -> Seat:
    return room.learner()


def judge(
    room: Room,
    seat: Seat,
    rater: str,
    *,
    part: str = "headline",
    occasion: str = ASSESSOR,
    attempt: str = "",
    score: str = "1",
) -> str:
    """Record that somebody judged a learner's observed practice; return the uuid of the event."""
    number = str(next(NUMBERS))
    with room.tool.runtime.database.transaction() as session:
        version = session.get_one(ContentVersion, session.scalars(lesson_version(room)).one())
        evidence = Evidence(
            activity=LESSON,
            content=version.hash,
            part=part,
            score=Score(score),
            form=EvidenceForm.OBSERVATION,
            rater=rater,
            attempt=attempt or f"seen-{number}",
            tries=1,
            hints=0,
            occasion=occasion,
        )
        given = Submission(
            learner=seat.who.person_uuid, evidence=evidence, source=("seen", number, "1"), occurred_at=room.now
        )
        [recorded] = record_many(session.connection(), room.tool.organisation_id, [given], now=room.now)
        return recorded.uuid


def judge_all(room: Room, seat: Seat, rater: str, *, times: int, score: str = "1") -> None:
    """Record so many judgements on each knowledge point of the unit."""
    for part in ("headline", "evidence", *FURTHER) * times:
        judge(room, seat, rater, part=part, score=score)


def correct(room: Room, event: str) -> str:
    """Void an event; return the uuid of the correction."""
    with room.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, room.tool.organisation_id)
        request = Request(target=UUID(event), reason=Reason.ERROR, actor=room.teacher.who.person_uuid)
        return str(corrections.correct(session, organisation, request, secret=SECRET, now=room.now).uuid)


def subject_of(room: Room, seat: Seat) -> Subject:
    return Subject(organisation_id=room.tool.organisation_id, person_id=seat.who.person_id, uuid=seat.who.person_uuid)


def raters(room: Room, subject: Subject, then: datetime | None = None) -> Mapping[str, frozenset[str]]:
    with room.tool.runtime.database.reading() as session:
        connection = session.connection()
        if then is None:
            return read_raters(connection, subject)
        newest = session.scalars(
            select(LedgerEvent.id).where(LedgerEvent.recorded_at <= then).order_by(LedgerEvent.id.desc())
        ).first()
        return read_raters(connection, subject, before=(newest or 0) + 1, then=then)


def gates(room: Room, seat: Seat, then: datetime | None = None) -> list[Gate]:
    """Return the raters' gates on a learner's record, now or at a moment."""
    with room.tool.runtime.database.reading() as session:
        connection, contents = session.connection(), room.tool.runtime.contents
        framework = contents.find_framework(connection, room.tool.organisation_id)
        assert framework
        about = (connection, contents, framework, subject_of(room, seat))
        if then is None:
            record = learner_record(*about, language="en", now=room.now).record
        else:
            record = learner_record_as_of(*about, language="en", then=then).record
    return [gate for gate in _gates(record) if gate.kind is GateKind.RATERS]


def _gates(record: Record) -> list[Gate]:
    units = [unit.roll_up for section in record.open for unit in section.units]
    rolled = [each for each in (*units, *(section.roll_up for section in record.open)) if each]
    levels = [level for each in rolled for level in (each.proposal, each.following) if level]
    return [gate for level in levels for gate in level.gates]


def test_two_persons_who_judged_meet_the_gate(room: Room, sam: Seat) -> None:
    for number in range(2, 10):
        judge_all(room, room.learner(number), SCORED_BY_MACHINE, times=5, score="0.5")
    judge_all(room, sam, ONE, times=8)
    assert {(gate.met, gate.have, gate.need) for gate in gates(room, sam)} == {(False, 1, 2)}
    before = room.now
    room.tool.clock.advance(days=1)
    judge(room, sam, OTHER)
    found = gates(room, sam)
    assert found
    assert {(gate.met, gate.have) for gate in found} == {(True, 2)}
    assert {gate.why["en"] for gate in found} == {"2 different persons have judged; 2 or more are needed."}
    assert {(gate.met, gate.have) for gate in gates(room, sam, before)} == {(False, 1)}


def test_only_persons_who_judge_somebody_else_are_raters(room: Room, sam: Seat) -> None:
    judge(room, sam, SCORED_BY_MACHINE)
    judge(room, sam, OTHER, occasion=PEER)
    judge(room, sam, sam.who.person_uuid)
    assert raters(room, subject_of(room, sam)) == {}
    judge(room, sam, ONE)
    assert raters(room, subject_of(room, sam)) == {"SEM-1.1": {ONE}}
    judge(room, sam, OTHER, part="evidence")
    assert raters(room, subject_of(room, sam)) == {"SEM-1.1": {ONE}, "SEM-1.2": {OTHER}}


def test_what_is_void_or_held_back_has_no_rater(room: Room, sam: Seat) -> None:
    event = judge(room, sam, ONE)
    judge(room, sam, OTHER, attempt="held")
    subject = subject_of(room, sam)
    assert raters(room, replace(subject, hidden=frozenset({"held"}))) == {"SEM-1.1": {ONE}}
    before = room.now
    room.tool.clock.advance(minutes=1)
    void = correct(room, event)
    assert raters(room, subject) == {"SEM-1.1": {OTHER}}, "at once, before levels are computed again"
    assert raters(room, subject, before) == {"SEM-1.1": {ONE, OTHER}}
    correct(room, void)
    assert raters(room, subject) == {"SEM-1.1": {ONE, OTHER}}


def test_a_second_marker_who_agrees_has_judged_too(room: Room, sam: Seat) -> None:
    """Evidence names the first marker alone, as it must weigh once; two persons have judged all the same."""
    room.setup(second_share=100)
    ann = room.enter("a-1", "Ann Assistant", roles=ASSISTANT)
    work = room.submit(sam)
    room.approve(room.teacher, work, 2, 1)
    room.approve(ann, work, 2, 1)
    assert raters(room, subject_of(room, sam)) == {}, "nothing before the release"
    before = room.now
    room.tool.clock.advance(minutes=1)
    room.release()
    both = {room.teacher.who.person_uuid, ann.who.person_uuid}
    assert raters(room, subject_of(room, sam)) == {"SEM-1.1": both, "SEM-1.2": both}
    assert raters(room, subject_of(room, sam), before) == {}


def test_a_single_marker_is_one_rater(room: Room, sam: Seat) -> None:
    work = room.submit(sam)
    room.approve(room.teacher, work, 2, 1)
    room.release()
    assert set(raters(room, subject_of(room, sam)).values()) == {frozenset({room.teacher.who.person_uuid})}


def test_another_organisation_reads_nobody(room: Room, sam: Seat) -> None:
    judge(room, sam, ONE)
    subject = subject_of(room, sam)
    assert raters(room, replace(subject, organisation_id=subject.organisation_id + 1)) == {}
    assert raters(room, subject, room.now - timedelta(days=1)) == {}
