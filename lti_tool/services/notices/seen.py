"""Up to when a person has seen the notices: marked all at once, and taken back once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update

from lti_tool.models import NoticeSeen, Person
from lti_tool.services.records.records import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Up to when all was seen, None for nothing yet; and whether that can be taken back."""

    to: datetime | None = None
    can_undo: bool = False

    def is_new(self, at: datetime) -> bool:
        """Say whether what came at a moment is news."""
        return self.to is None or at > self.to


def read_seen(connection: Connection, subject: Subject) -> Seen:
    """Return what a person has seen."""
    row = connection.execute(select(NoticeSeen.seen_to, NoticeSeen.seen_before).where(*_of(subject))).first()
    if row is None:
        return Seen()
    return Seen(to=row.seen_to, can_undo=row.seen_to != row.seen_before)


def mark_seen(connection: Connection, subject: Subject, to: datetime) -> None:
    """Let all that came up to a moment be seen; an earlier moment than the one that stands changes nothing."""
    # Two clicks at once wait for each other here, so that one row is made and not two.
    connection.execute(
        select(Person.id)
        .where(Person.id == subject.person_id, Person.organisation_id == subject.organisation_id)
        .with_for_update(key_share=True)
    )
    row = connection.execute(select(NoticeSeen.seen_to).where(*_of(subject))).first()
    if row is None:
        connection.execute(
            insert(NoticeSeen).values(
                organisation_id=subject.organisation_id, person_id=subject.person_id, seen_to=to, seen_before=None
            )
        )
    elif row.seen_to is None or row.seen_to < to:
        connection.execute(update(NoticeSeen).where(*_of(subject)).values(seen_to=to, seen_before=row.seen_to))


def undo(connection: Connection, subject: Subject) -> None:
    """Take the last marking back; where there is none, nothing happens."""
    connection.execute(update(NoticeSeen).where(*_of(subject)).values(seen_to=NoticeSeen.seen_before))


def _of(subject: Subject) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return NoticeSeen.organisation_id == subject.organisation_id, NoticeSeen.person_id == subject.person_id
