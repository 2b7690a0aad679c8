"""The records of an organisation's teachers as its administrators see them: who has one, what waits to be confirmed.

Administrators sign in with a link and are persons of no course, so the tool cannot know that one of them is the holder of
a record. Whoever confirms says that it is not the own one, which is written down, and nobody of the holder's name confirms.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Identity, InboxItem, Person, TeacherEntryRow
from lti_tool.services.administration.administration import Action, AdminMissingError, Desk
from lti_tool.services.mechanisms import inbox
from lti_tool.services.people import assessor_qualifications
from lti_tool.services.people.assessor_qualifications import (
    QualificationMissingError,
    QualificationRefusedError,
)
from lti_tool.services.people.roles import Role
from lti_tool.services.programme import teacher_records
from lti_tool.services.programme.teacher_records import (
    Document,
    EntryLine,
    Holder,
    TeacherEntryMissingError,
    decide,
    find_holder,
    list_entries,
)
from qualoop.classroom.assessors import Qualification
from qualoop.errors import QualoopError
from qualoop.records.teacher_record import EntryState

EXPIRING: Final = "qualification-expires"
EXPIRES_WITHIN: Final = timedelta(days=60)
DISMISS: Final = "dismiss"
ONE_DAY: Final = timedelta(days=1)


class OwnRecordError(QualoopError):
    """Whoever confirms has not said that the record is somebody else's, or is called as its holder is."""

    code = "teacher-record-own"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """A teacher with a record, by pseudonym; the name is None where no platform tells one. ``waiting`` counts what is to be confirmed."""

    uuid: str
    person_id: int
    name: str | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherFile:
    """A teacher's record as an administrator sees it."""

    line: RecordLine
    entries: Sequence[EntryLine]
    qualifications: Sequence[Qualification]


def names_of(session: Session, organisation_id: int, person_uuids: Collection[str]) -> Mapping[str, str]:
    """Return what a platform told last as the name of each of some people, by pseudonym; nobody without a name."""
    rows = session.execute(
        select(Person.uuid, Identity.name)
        .join(Identity, Identity.person_id == Person.id)
        .where(
            Person.organisation_id == organisation_id,
            Identity.organisation_id == organisation_id,
            Person.uuid.in_(person_uuids),
        )
        .order_by(Identity.updated_at)
    )
    return {row.uuid: row.name for row in rows if row.name}


def list_records(session: Session, organisation_id: int) -> Sequence[RecordLine]:
    """Return the teachers who entered anything, those of whom something waits first, then by name."""
    waiting: dict[int, int] = {}
    for person, state, count in session.execute(
        select(TeacherEntryRow.person_id, TeacherEntryRow.state, func.count())
        .where(TeacherEntryRow.organisation_id == organisation_id)
        .group_by(TeacherEntryRow.person_id, TeacherEntryRow.state)
    ):
        waiting[person] = waiting.get(person, 0) + (count if state == EntryState.CLAIMED else 0)
    for qualification in assessor_qualifications.list_all(session.connection(), organisation_id):
        is_waiting = not qualification.confirmed_by and not qualification.withdrawn_by
        waiting[qualification.person_id] = waiting.get(qualification.person_id, 0) + is_waiting
    lines = _named(session, organisation_id, waiting)
    return sorted(
        lines, key=lambda each: (not each.waiting, each.name is None, (each.name or "").casefold(), each.uuid)
    )


def get_file(session: Session, organisation_id: int, person_uuid: str, *, secret: str) -> TeacherFile:
    """Return the record of a teacher of the organisation; raise AdminMissingError for anybody without one."""
    holder = get_holder(session, organisation_id, person_uuid, secret=secret)
    known = [line for line in list_records(session, organisation_id) if line.uuid == person_uuid]
    if not known:
        raise AdminMissingError
    qualifications = assessor_qualifications.list_of(session.connection(), organisation_id, holder.person_id)
    return TeacherFile(line=known[0], entries=list_entries(session, holder), qualifications=qualifications)


def get_document(
    session: Session, organisation_id: int, person_uuid: str, key: str, *, secret: str
) -> tuple[Document, bytes]:
    """Return the document beside an entry; raise AdminMissingError where there is none, or the entry was taken back."""
    holder = get_holder(session, organisation_id, person_uuid, secret=secret)
    try:
        if teacher_records.is_taken_back(session, holder, key):
            raise AdminMissingError
        return teacher_records.get_file(session, holder, key)
    except TeacherEntryMissingError as error:
        raise AdminMissingError from error


def decide_entry(
    desk: Desk, person_uuid: str, key: str, *, confirmed: bool, declared: bool, reason: str, seen: int, secret: str
) -> None:
    """Confirm an entry or refuse it for a reason; written down among the changes.

    ``declared`` says that whoever decides said not to be the holder; needed to confirm. Raises the errors of `decide`,
    OwnRecordError.
    """
    holder = get_holder(desk.session, desk.scope, person_uuid, secret=secret)
    if confirmed:
        _check_other(desk, holder, declared=declared)
    by = desk.actor.name or Role.ADMINISTRATOR.value
    try:
        decide(desk.session, holder, key, confirmed=confirmed, reason=reason, by=by, seen=seen, now=desk.now)
    except TeacherEntryMissingError as error:
        raise AdminMissingError from error
    desk.note(Action.TEACHER_ENTRY_DECIDED, key, confirmed=confirmed, declared=declared)


def confirm_qualification(desk: Desk, holder: Holder, qualification: str, *, declared: bool, by: str) -> None:
    """Confirm a qualification of a teacher; ``by`` is the administrator's session, ``declared`` as with an entry.

    Raises AdminMissingError, OwnRecordError.
    """
    own = assessor_qualifications.list_of(desk.session.connection(), desk.scope, holder.person_id)
    if qualification not in {each.uuid for each in own}:
        raise AdminMissingError
    _check_other(desk, holder, declared=declared)
    try:
        assessor_qualifications.confirm(desk.session, desk.scope, qualification, by=by, now=desk.now)
    except (QualificationMissingError, QualificationRefusedError) as error:
        raise AdminMissingError from error
    desk.note(Action.QUALIFICATION_CONFIRMED, qualification, declared=declared)


def withdraw_qualification(desk: Desk, qualification: str, *, by: str) -> None:
    """Withdraw a qualification: from now on it qualifies for nothing. Raises AdminMissingError."""
    try:
        assessor_qualifications.withdraw(desk.session, desk.scope, qualification, by=by, now=desk.now)
    except QualificationMissingError as error:
        raise AdminMissingError from error
    desk.note(Action.QUALIFICATION_WITHDRAWN, qualification)


def warn_of_expiry(session: Session, organisation_id: int, *, now: datetime) -> int:
    """Put the qualifications that end within 60 days into the inbox, each once; return how many are new.

    One that somebody put aside does not come again, and one does not come after which another of the same kind holds,
    without a gap. The item tells its kind and, by pseudonym, of whom it is: the name stands in the record. Nothing happens
    by itself when a qualification ends but what its own dates say.
    """
    today = now.date()
    known = set(
        session.scalars(
            select(InboxItem.subject).where(InboxItem.organisation_id == organisation_id, InboxItem.reason == EXPIRING)
        )
    )
    every = assessor_qualifications.list_all(session.connection(), organisation_id)
    due = [
        each
        for each in every
        if _ends_soon(each, today) and each.uuid not in known and not any(_renews(other, each) for other in every)
    ]
    people = _uuids(session, organisation_id, (each.person_id for each in due))
    for each in due:
        inbox.put(
            session,
            organisation_id=organisation_id,
            reason=EXPIRING,
            subject=each.uuid,
            details={"until": str(each.holds_until), "kind": each.kind.value, "person": people[each.person_id]},
            owner_role=Role.ADMINISTRATOR.value,
            actions=[DISMISS],
            now=now,
        )
    return len(due)


def _ends_soon(qualification: Qualification, today: date) -> bool:
    until = qualification.holds_until
    return qualification.holds_on(today) and until is not None and until - today <= EXPIRES_WITHIN


def _renews(later: Qualification, ending: Qualification) -> bool:
    """Say whether a confirmed qualification of the same person and kind holds on the day after another one ends."""
    until = ending.holds_until
    is_same = (later.person_id, later.kind) == (ending.person_id, ending.kind)
    return until is not None and is_same and later.holds_on(until + ONE_DAY)


def _check_other(desk: Desk, holder: Holder, *, declared: bool) -> None:
    """Raise OwnRecordError where whoever confirms has not said to be somebody else, or is called as the holder is."""
    names = select(Identity.name).where(
        Identity.organisation_id == holder.organisation_id, Identity.person_id == holder.person_id
    )
    known = {_same(name) for name in desk.session.scalars(names) if name}
    if not declared or _same(desk.actor.name) in known:
        raise OwnRecordError


def _same(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _uuids(session: Session, organisation_id: int, people: Iterable[int]) -> Mapping[int, str]:
    query = select(Person.id, Person.uuid).where(Person.organisation_id == organisation_id, Person.id.in_(list(people)))
    return {row.id: row.uuid for row in session.execute(query)}


def get_holder(session: Session, organisation_id: int, person_uuid: str, *, secret: str) -> Holder:
    """Return whose record a pseudonym leads to; raise AdminMissingError for nobody of the organisation."""
    holder = find_holder(session, organisation_id, person_uuid, secret)
    if holder is None:
        raise AdminMissingError
    return holder


def _named(session: Session, organisation_id: int, waiting: dict[int, int]) -> list[RecordLine]:
    """Return a line for each of some people, with the name that a platform told last."""
    uuids = _uuids(session, organisation_id, waiting)
    names = names_of(session, organisation_id, list(uuids.values()))
    return [
        RecordLine(uuid=person_uuid, person_id=person, name=names.get(person_uuid), waiting=waiting[person])
        for person, person_uuid in uuids.items()
    ]
