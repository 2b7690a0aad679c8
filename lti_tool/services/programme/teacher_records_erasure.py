"""Forgets the record of an erased teacher, and deletes entries that were taken back long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.models import InboxItem, Person, TeacherEntryEvent, TeacherEntryRow
from lti_tool.services.programme.teacher_records_review import EXPIRING
from qualoop.records.teacher_record import EntryState

KEPT: Final = timedelta(days=31)
"""How long an entry that was taken back can be restored."""


def forget_teacher(session: Session, organisation_id: int, person_id: int) -> None:
    """Delete the entries of a person, with documents and all that they said before, and what asks for their renewal."""
    own = select(TeacherEntryRow.id).where(
        TeacherEntryRow.organisation_id == organisation_id, TeacherEntryRow.person_id == person_id
    )
    events = delete(TeacherEntryEvent).where(
        TeacherEntryEvent.organisation_id == organisation_id, TeacherEntryEvent.teacher_entry_id.in_(own)
    )
    rows = delete(TeacherEntryRow).where(
        TeacherEntryRow.organisation_id == organisation_id, TeacherEntryRow.person_id == person_id
    )
    for statement in (events, rows):
        session.execute(statement.execution_options(synchronize_session=False))
    person_uuid = session.scalar(
        select(Person.uuid).where(Person.organisation_id == organisation_id, Person.id == person_id)
    )
    for item in session.scalars(
        select(InboxItem).where(InboxItem.organisation_id == organisation_id, InboxItem.reason == EXPIRING)
    ):
        if item.details.get("person") == person_uuid:
            session.delete(item)
    session.flush()


def purge_teacher_entries(session: Session, now: datetime) -> None:
    """Delete the entries of every organisation that were taken back more than a month ago."""
    old = select(TeacherEntryRow.id).where(
        TeacherEntryRow.state == EntryState.TAKEN_BACK.value, TeacherEntryRow.updated_at < now - KEPT
    )
    ids = session.scalars(old.limit(1000)).all()
    for statement in (
        delete(TeacherEntryEvent).where(TeacherEntryEvent.teacher_entry_id.in_(ids)),
        delete(TeacherEntryRow).where(TeacherEntryRow.id.in_(ids)),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
