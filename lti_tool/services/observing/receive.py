"""Captures of a phone are taken: verified, held against scope and rubric, stored, and settled with what is there.

One transaction for a batch. What is stored is never changed by what comes later: the same capture again is told what
became of it, and another one under the same id waits for a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import ObservationCapture, ObservationDevice, ObservationMember, Organisation, Person
from lti_tool.services.content.contents import Contents
from lti_tool.services.content.rubrics import StoredRubric
from lti_tool.services.courses.members import Link, list_members
from lti_tool.services.observing import tasks as observing_tasks
from lti_tool.services.observing.devices import Phone, has_ended
from lti_tool.services.observing.errors import AboutErasedError, KeyMissingError, OtherCourseError, PhoneFullError
from lti_tool.services.observing.faults import keep_faulty
from lti_tool.services.observing.inbox import note_waiting
from lti_tool.services.observing.invitations import link_of_invitation, scope_of
from lti_tool.services.observing.ledger import ID_TAKEN, Course, hold_course, settle
from lti_tool.services.observing.outcomes import Outcome, State, outcome_of
from lti_tool.services.observing.signatures import claimed_id, imported, verified_payload
from lti_tool.services.observing.tasks import Place, Task
from lti_tool.services.people.assessor_qualifications import list_of, rule_of
from lti_tool.services.people.learner_keys import KeyOwner, LearnerErasedError, list_erased, sealed_bytes
from lti_tool.services.rosters import groups
from qualoop.assessment.marking import MarkSheet, row_scores
from qualoop.classroom.assessors import Hindrance, Qualification, QualificationRule, Scope, is_beyond, level_cap
from qualoop.classroom.observation import (
    Capture,
    CaptureRefusedError,
    clock_skew,
    corrected_time,
    fitted_sheet,
    payload_digest,
    photo_digests,
    read_capture,
)
from qualoop.framework import Framework
from qualoop.ledger import Reason

MOST_CAPTURES: Final = 50
MOST_OF_PHONE: Final = 5000
"""Captures that one phone may have stored: years of work; more is no assessor."""
TASK_UNKNOWN: Final = "observation-task-unknown"
RUBRIC_UNKNOWN: Final = "observation-rubric-unknown"
LEARNER_UNKNOWN: Final = "observation-learner-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """What captures of a phone are held against: read once for a batch."""

    phone: Phone
    course: Course
    course_uuid: str
    link: Link
    tasks: Mapping[str, Task]
    framework: Framework | None
    members: Mapping[str, int]
    scope: Scope
    rule: QualificationRule
    qualifications: Sequence[Qualification]
    skew: timedelta
    now: datetime

    def cap_on(self, moment: datetime) -> int | None:
        """Return the highest level that the assessor may judge at a moment."""
        invited_to = self.phone.invitation.level_cap
        return level_cap(self.rule, self.qualifications, moment.date(), invited_to=invited_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a capture was found to say: by which rubric, of what, and why it does not count by itself."""

    stored: StoredRubric | None
    sheet: MarkSheet | None
    place: Place | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A capture as it was signed, and read."""

    token: str
    capture: Capture
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stock:
    """What is stored under the ids of a batch, how many more this phone may have, and what the batch has brought."""

    known: dict[str, list[ObservationCapture]]
    room: int
    erased: frozenset[str]
    new: list[tuple[ObservationCapture, Sequence[str]]] = field(default_factory=list)
    registered: set[str] = field(default_factory=set)


def course_uuid(organisation: str, context_id: int) -> str:
    """Return by what phones know a course: made of the organisation's uuid, the same for ever, and secret to nobody."""
    return str(uuid.uuid5(uuid.UUID(organisation), f"course:{context_id}"))


def receive(
    session: Session,
    phone: Phone,
    tokens: Sequence[str],
    *,
    contents: Contents,
    device_now: datetime | None,
    secret: str,
    now: datetime,
) -> Sequence[Outcome]:
    """Take captures; return what became of each, in their order. Raises KeyMissingError.

    ``device_now`` is what the phone's clock showed when it sent them.
    """
    if phone.row.public_jwk is None:
        raise KeyMissingError
    receiver = open_receiver(session, phone, contents=contents, device_now=device_now, secret=secret, now=now)
    read = _read(phone, tokens)
    stock = _open_stock(session, receiver, [each.capture for each in read if isinstance(each, _Sent)])
    answers: list[Outcome | ObservationCapture] = []
    for sent in read:
        try:
            answers.append(sent if isinstance(sent, Outcome) else _take(session, receiver, stock, sent))
        except CaptureRefusedError as error:
            answers.append(_refused(sent.token, error) if isinstance(sent, _Sent) else sent)
    keep_faulty(session, [row for row, _ in stock.new], now=now)
    _keep_members(session, receiver, stock)
    around = {each.id for each in answers if isinstance(each, ObservationCapture)}
    standing = settle(session, receiver.course, around=around, reason=Reason.SUPERSEDED, now=now)
    note_waiting(session, receiver.course, standing, now=now)
    found = {each.row.id: outcome_of(each, standing) for each in standing.seen if each.row.id in around}
    return [each if isinstance(each, Outcome) else found[each.id] for each in answers]


def _read(phone: Phone, tokens: Sequence[str]) -> Sequence[_Sent | Outcome]:
    """Return what a phone has signed; in its place why it is refused."""
    key = imported(phone.row.public_jwk or {})
    found: list[_Sent | Outcome] = []
    for token in tokens:
        try:
            payload = verified_payload(token, key, phone.row.uuid)
            found.append(_Sent(token=token, capture=read_capture(payload), digest=payload_digest(payload)))
        except CaptureRefusedError as error:
            found.append(_refused(token, error))
    return found


def _refused(token: str, error: CaptureRefusedError) -> Outcome:
    return Outcome(capture=claimed_id(token), state=State.REFUSED, code=error.code, detail=str(error))


def _open_stock(session: Session, receiver: Receiver, captures: Sequence[Capture]) -> _Stock:
    names, learners = [each.id for each in captures], {learner for each in captures for learner in each.learners}
    organisation_id, device_id = receiver.course.organisation_id, receiver.phone.row.id
    rows = session.scalars(
        select(ObservationCapture)
        .where(ObservationCapture.organisation_id == organisation_id, ObservationCapture.capture.in_(names))
        .order_by(ObservationCapture.id)
    )
    known: dict[str, list[ObservationCapture]] = {}
    for row in rows:
        known.setdefault(row.capture, []).append(row)
    count = session.scalar(
        select(func.count(ObservationCapture.id)).where(
            ObservationCapture.organisation_id == organisation_id, ObservationCapture.device_id == device_id
        )
    )
    erased = list_erased(session.connection(), organisation_id, learners)
    return _Stock(known=known, room=MOST_OF_PHONE - (count or 0), erased=erased)


def open_receiver(
    session: Session, phone: Phone, *, contents: Contents, device_now: datetime | None, secret: str, now: datetime
) -> Receiver:
    """Return what captures of a phone are held against; its course is locked until the transaction ends."""
    invitation, organisation_id = phone.invitation, phone.organisation_id
    connection = session.connection()
    hold_course(session, organisation_id, invitation.context_id)
    link = link_of_invitation(invitation)
    members = {each.subject.uuid: each.subject.person_id for each in list_members(connection, link)}
    inside = None if invitation.group_id is None else groups.people_in(connection, link, invitation.group_id)
    # Where a file is brought nobody knows what the phone's clock shows: it is taken to be as wrong as it was.
    skew = clock_skew(now, device_now) if device_now else timedelta(milliseconds=phone.row.skew_ms)
    device = session.scalars(
        select(ObservationDevice).where(
            ObservationDevice.organisation_id == organisation_id, ObservationDevice.id == phone.row.id
        )
    ).one()
    device.skew_ms, device.seen_at = round(skew / timedelta(milliseconds=1)), now
    organisation = session.get_one(Organisation, organisation_id)
    return Receiver(
        phone=phone,
        course=Course(organisation_id=organisation_id, context_id=invitation.context_id, secret=secret),
        course_uuid=course_uuid(organisation.uuid, invitation.context_id),
        link=link,
        tasks={task.key: task for task in observing_tasks.list_tasks(connection, contents, link)},
        framework=contents.find_framework(connection, organisation_id),
        members=members,
        scope=replace(
            scope_of(invitation, phone.row, None if inside is None else _of(members, inside)),
            is_revoked=has_ended(session, phone, now),
        ),
        rule=rule_of(connection, organisation_id),
        qualifications=list_of(connection, organisation_id, invitation.person_id),
        skew=skew,
        now=now,
    )


def _of(members: Mapping[str, int], people: Collection[int]) -> Collection[str]:
    return {learner for learner, person in members.items() if person in people}


def _take(session: Session, receiver: Receiver, stock: _Stock, sent: _Sent) -> ObservationCapture:
    """Store a capture where it is new; return its row, whose members are still to be kept. Raises CaptureRefusedError."""
    capture = sent.capture
    known = stock.known.setdefault(capture.id, [])
    for row in known:
        if (row.digest, row.context_id) == (sent.digest, receiver.course.context_id):
            return row
    if capture.device != receiver.phone.row.uuid or capture.course != receiver.course_uuid:
        raise OtherCourseError
    if not stock.erased.isdisjoint(capture.learners):
        raise AboutErasedError
    if stock.room <= len(stock.new):
        raise PhoneFullError
    found = hold_against(session, receiver, capture, made=_occurred(receiver, capture), come=receiver.now)
    if known:
        found = _Found(stored=found.stored, sheet=found.sheet, place=found.place, problem=ID_TAKEN)
    if found.place is not None and found.place.registers and found.stored is not None:
        _register(session, receiver, stock, found.stored)
    row = _made_row(session, receiver, sent, found)
    session.add(row)
    known.append(row)
    stock.new.append((row, capture.learners))
    return row


def _register(session: Session, receiver: Receiver, stock: _Stock, stored: StoredRubric) -> None:
    """Register a rubric that no package carries, once in a batch."""
    if stored.hash not in stock.registered:
        observing_tasks.register(session, receiver.course.organisation_id, stored, receiver.framework, now=receiver.now)
        stock.registered.add(stored.hash)


def _keep_members(session: Session, receiver: Receiver, stock: _Stock) -> None:
    """Keep whom new captures are about."""
    session.flush()
    session.add_all(_member(receiver, row, learner) for row, learners in stock.new for learner in learners)
    session.flush()


def _occurred(receiver: Receiver, capture: Capture) -> datetime:
    return corrected_time(capture.made_at, receiver.skew, receiver.now)


def hold_against(session: Session, receiver: Receiver, capture: Capture, *, made: datetime, come: datetime) -> _Found:
    """Return what a capture says by its rubric and why it does not count by itself; raise CaptureUnfitError.

    ``made`` and ``come`` are when it happened and came, by the server's clock.
    """
    connection = session.connection()
    stored = observing_tasks.find_rubric(connection, receiver.course.organisation_id, capture.rubric)
    if stored is None:
        return _Found(stored=None, sheet=None, place=None, problem=RUBRIC_UNKNOWN)
    sheet = fitted_sheet(capture, stored.rubric)
    place = observing_tasks.find_place(
        connection,
        receiver.course.organisation_id,
        receiver.tasks,
        capture.task,
        rubric=stored,
        framework=receiver.framework,
    )
    if place is None:
        other = Hindrance.TASK.value if capture.task in receiver.tasks else TASK_UNKNOWN
        return _Found(stored=stored, sheet=sheet, place=None, problem=other)
    hindrance = receiver.scope.hindrance(capture.task, made=made, come=come)
    if hindrance is None and is_beyond(place.level, receiver.cap_on(made)):
        hindrance = Hindrance.LEVEL
    return _Found(stored=stored, sheet=sheet, place=place, problem=hindrance.value if hindrance else "")


def judged_of(stored: StoredRubric, sheet: MarkSheet) -> dict[str, Any]:
    """Return level, points and score of each judged row as plain JSON, without a word of free text."""
    scores = row_scores(stored.rubric, sheet)
    return {
        key: {
            "level": mark.level,
            "points": None if mark.points is None else format(mark.points, "f"),
            "score": scores[key].as_text(),
        }
        for key, mark in sheet.rows.items()
        if mark.level is not None
    }


def _sealed(session: Session, receiver: Receiver, key_of: str, token: str) -> bytes:
    """Return a signed capture under a key; raise AboutErasedError where the key is destroyed."""
    owner = KeyOwner(organisation_id=receiver.course.organisation_id, learner=key_of, secret=receiver.course.secret)
    try:
        return sealed_bytes(session.connection(), owner, token.encode(), receiver.now)
    except LearnerErasedError as error:
        raise AboutErasedError from error


def _made_row(session: Session, receiver: Receiver, sent: _Sent, found: _Found) -> ObservationCapture:
    """Return a new capture as it is stored, its words sealed; raise AboutErasedError."""
    capture, phone, now = sent.capture, receiver.phone, receiver.now
    identity = str(uuid.uuid4())
    key_of = _key_of(session, receiver, capture, identity)
    sealed = _sealed(session, receiver, key_of, sent.token)
    judged = judged_of(found.stored, found.sheet) if found.stored is not None and found.sheet is not None else {}
    return ObservationCapture(
        organisation_id=receiver.course.organisation_id,
        uuid=identity,
        context_id=receiver.course.context_id,
        device_id=phone.row.id,
        person_id=phone.invitation.person_id,
        capture=capture.id,
        digest=sent.digest,
        seq=capture.seq,
        replaces=capture.replaces,
        task=capture.task,
        rubric=capture.rubric,
        activity=found.place.activity if found.place else "",
        content=found.place.content if found.place else "",
        criteria=len(found.stored.rubric.rows) if found.stored else len(capture.rows),
        judged=judged,
        is_older=bool(found.place and found.place.is_older),
        enterprise=phone.invitation.enterprise or capture.enterprise.strip(),
        photos=photo_digests(capture),
        problem=found.problem,
        decision="",
        decided_by="",
        decided_at=None,
        reason="",
        key_of=key_of,
        signed_sealed=sealed,
        made_at=capture.made_at,
        skew_ms=round(receiver.skew / timedelta(milliseconds=1)),
        occurred_at=_occurred(receiver, capture),
        received_at=now,
    )


def _member(receiver: Receiver, row: ObservationCapture, learner: str) -> ObservationMember:
    person = receiver.members.get(learner)
    if person is None:
        problem = LEARNER_UNKNOWN
    else:
        problem = "" if receiver.scope.takes_learner(learner) else Hindrance.LEARNER.value
    return ObservationMember(
        organisation_id=row.organisation_id, capture_id=row.id, learner=learner, person_id=person, problem=problem
    )


def _key_of(session: Session, receiver: Receiver, capture: Capture, identity: str) -> str:
    """Return whose key seals a capture: its learner's, also where that is nobody of this course any more.

    That of the capture itself where it is about a team, or about nobody who is known.
    """
    if len(capture.learners) > 1:
        return identity
    learner = capture.learners[0]
    known = learner in receiver.members or session.scalar(
        select(Person.id).where(Person.organisation_id == receiver.course.organisation_id, Person.uuid == learner)
    )
    return learner if known else identity
