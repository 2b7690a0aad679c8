"""The records of an organisation's teachers as its administrators see them: who has one, what waits to be confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import Identity, InboxItem, Person, TeacherEntryRow
from lti_tool.services import assessor_qualifications, inbox, teacher_records
from lti_tool.services.administration import Action, AdminMissingError, Desk
from lti_tool.services.assessor_qualifications import (
    QualificationMissingError,
    QualificationRefusedError,
)
from lti_tool.services.roles import Role
from lti_tool.services.teacher_records import (
    Document,
    EntryLine,
    Holder,
    TeacherEntryMissingError,
    decide,
    find_holder,
    list_entries,
)
from qualoop.classroom.assessors import Qualification
from qualoop.records.teacher_record import EntryState

EXPIRING: Final = "qualification-expires"
EXPIRES_WITHIN: Final = timedelta(days=60)
DISMISS: Final = "dismiss"


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
    holder = _holder(session, organisation_id, person_uuid, secret)
    known = [line for line in list_records(session, organisation_id) if line.uuid == person_uuid]
    if not known:
        raise AdminMissingError
    qualifications = assessor_qualifications.list_of(session.connection(), organisation_id, holder.person_id)
    return TeacherFile(line=known[0], entries=list_entries(session, holder), qualifications=qualifications)


def get_document(
    session: Session, organisation_id: int, person_uuid: str, key: str, *, secret: str
) -> tuple[Document, bytes]:
    """Return the document beside an entry; raise AdminMissingError where there is none."""
    holder = _holder(session, organisation_id, person_uuid, secret)
    try:
        return teacher_records.get_file(session, holder, key)
    except TeacherEntryMissingError as error:
        raise AdminMissingError from error


def decide_entry(
    desk: Desk, person_uuid: str, key: str, *, confirmed: bool, reason: str, seen: int, secret: str
) -> None:
    """Confirm an entry or refuse it for a reason; written down among the changes. Raises the errors of `decide`."""
    holder = _holder(desk.session, desk.scope, person_uuid, secret)
    by = desk.actor.name or Role.ADMINISTRATOR.value
    try:
        decide(desk.session, holder, key, confirmed=confirmed, reason=reason, by=by, seen=seen, now=desk.now)
    except TeacherEntryMissingError as error:
        raise AdminMissingError from error
    desk.note(Action.TEACHER_ENTRY_DECIDED, key, confirmed=confirmed)


def confirm_qualification(desk: Desk, qualification: str, *, by: str) -> None:
    """Confirm a qualification of somebody; ``by`` is the administrator's session. Raises AdminMissingError."""
    try:
        assessor_qualifications.confirm(desk.session, desk.scope, qualification, by=by, now=desk.now)
    except (QualificationMissingError, QualificationRefusedError) as error:
        raise AdminMissingError from error
    desk.note(Action.QUALIFICATION_CONFIRMED, qualification)


def withdraw_qualification(desk: Desk, qualification: str, *, by: str) -> None:
    """Withdraw a qualification: from now on it qualifies for nothing. Raises AdminMissingError."""
    try:
        assessor_qualifications.withdraw(desk.session, desk.scope, qualification, by=by, now=desk.now)
    except QualificationMissingError as error:
        raise AdminMissingError from error
    desk.note(Action.QUALIFICATION_WITHDRAWN, qualification)


def warn_of_expiry(session: Session, organisation_id: int, *, now: datetime) -> int:
    """Put the qualifications that end within 60 days into the inbox, each once; return how many are new.

    One that somebody put aside does not come again. Nothing happens by itself when a qualification ends but what its own
    dates say.
    """
    today = now.date()
    known = set(
        session.scalars(
            select(InboxItem.subject).where(InboxItem.organisation_id == organisation_id, InboxItem.reason == EXPIRING)
        )
    )
    due = [
        each
        for each in assessor_qualifications.list_all(session.connection(), organisation_id)
        if _ends_soon(each, today) and each.uuid not in known
    ]
    for each in due:
        inbox.put(
            session,
            organisation_id=organisation_id,
            reason=EXPIRING,
            subject=each.uuid,
            details={"until": str(each.holds_until), "kind": each.kind.value},
            owner_role=Role.ADMINISTRATOR.value,
            actions=[DISMISS],
            now=now,
        )
    return len(due)


def _ends_soon(qualification: Qualification, today: date) -> bool:
    until = qualification.holds_until
    return qualification.holds_on(today) and until is not None and until - today <= EXPIRES_WITHIN


def _holder(session: Session, organisation_id: int, person_uuid: str, secret: str) -> Holder:
    holder = find_holder(session, organisation_id, person_uuid, secret)
    if holder is None:
        raise AdminMissingError
    return holder


def _named(session: Session, organisation_id: int, waiting: dict[int, int]) -> list[RecordLine]:
    """Return a line for each of some people, with the name that a platform told last."""
    rows = session.execute(
        select(Person.id, Person.uuid, Identity.name)
        .join(Identity, Identity.person_id == Person.id)
        .where(
            Person.organisation_id == organisation_id,
            Identity.organisation_id == organisation_id,
            Person.id.in_(waiting),
        )
        .order_by(Identity.updated_at)
    ).all()
    names = {row.id: row.name for row in rows if row.name}
    uuids = {row.id: row.uuid for row in rows}
    return [
        RecordLine(uuid=person_uuid, person_id=person, name=names.get(person), waiting=waiting[person])
        for person, person_uuid in uuids.items()
    ]
