"""What happened to a warning, with its notes opened; and what a teacher wrote to a learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import EarlyWarning, Person, WarningEvent
from lti_tool.services.courses.members import Link
from lti_tool.services.people.learner_keys import KeyOwner, open_text
from lti_tool.services.records.records import Subject
from lti_tool.services.warnings.early_warnings import DECIDED, Act, WarningLine
from qualoop.records.early_warning import Reason, reason_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened; ``by`` is the person's row, None for a look. Texts are None where there is none any more."""

    act: Act
    by: int | None
    details: Mapping[str, Any]
    note: str | None
    words: str | None
    at: datetime

    @property
    def reasons(self) -> Sequence[Reason]:
        """The reasons that there were from then on; none where they were not what happened."""
        return [reason_from(document) for document in self.details.get("reasons", ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachersWords:
    """What a teacher wrote to a learner; ``course`` is the row of the course."""

    course: int
    words: str
    at: datetime


def history(session: Session, link: Link, line: WarningLine, *, secret: str) -> Sequence[Happened]:
    """Return what happened to a warning of the link's course, newest first."""
    owner = KeyOwner(organisation_id=link.organisation_id, learner=line.learner, secret=secret)
    rows = session.scalars(
        select(WarningEvent)
        .where(
            WarningEvent.organisation_id == link.organisation_id,
            WarningEvent.early_warning_id == line.row.id,
        )
        .order_by(WarningEvent.number.desc())
    ).all()
    connection = session.connection()
    return [
        Happened(
            act=Act(row.act),
            by=row.by_person_id,
            details=row.details,
            note=open_text(connection, owner, row.note_sealed) if row.note_sealed else None,
            words=open_text(connection, owner, row.words_sealed) if row.words_sealed else None,
            at=row.at,
        )
        for row in rows
    ]


def words_to(session: Session, subject: Subject, *, secret: str) -> Sequence[TeachersWords]:
    """Return what teachers wrote to a learner and did not take back, newest first. Of warnings themselves it says nothing."""
    owner = KeyOwner(organisation_id=subject.organisation_id, learner=subject.uuid, secret=secret)
    newest: dict[int, tuple[int, str | None, datetime]] = {}
    for warning, course, sealed, at in session.execute(
        select(EarlyWarning.id, EarlyWarning.context_id, WarningEvent.words_sealed, WarningEvent.at)
        .join(WarningEvent, WarningEvent.early_warning_id == EarlyWarning.id)
        .join(Person, Person.id == EarlyWarning.person_id)
        .where(
            EarlyWarning.organisation_id == subject.organisation_id,
            WarningEvent.organisation_id == subject.organisation_id,
            EarlyWarning.person_id == subject.person_id,
            Person.uuid == subject.uuid,
            EarlyWarning.state == DECIDED,
            WarningEvent.act == Act.DECIDED.value,
        )
        .order_by(WarningEvent.number)
    ):
        newest[warning] = (course, sealed, at)
    found = []
    for course, sealed, at in newest.values():
        words = open_text(session.connection(), owner, sealed) if sealed else None
        if words:
            found.append(TeachersWords(course=course, words=words, at=at))
    return sorted(found, key=lambda each: each.at, reverse=True)
