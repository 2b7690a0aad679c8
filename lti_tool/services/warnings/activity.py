"""When the learners of a course last did something in it, whichever way; what they do in other courses says nothing here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    Attempt,
    ClassSeat,
    ClassSession,
    Context,
    LedgerEvent,
    MarkFile,
    ObservationCapture,
    ObservationMember,
    Person,
    ResourceLink,
    SheetPage,
    SheetUpload,
    SourceCourse,
)
from lti_tool.services.classes.seats import came_to
from lti_tool.services.courses.members import Link, Member
from lti_tool.services.learners.evidence_process import Process
from lti_tool.services.mastery.class_cells import ClassCells
from lti_tool.services.sheets.marks_import import SOURCE
from qualoop.classroom.roll_call import CAME

APPLIED = "applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was read of the members of a course already: ``processes`` by person, ``cells`` by place in ``members``."""

    members: Sequence[Member]
    processes: Mapping[int, Process]
    cells: ClassCells


def last_done(session: Session, link: Link, known: Known) -> dict[int, datetime]:
    """Return when each learner last did anything in the link's course, by person; who never did is not in it."""
    found: dict[int, datetime] = {}
    for person, at in _moments(session, link, known):
        if person in known.processes:
            found[person] = max(at, found.get(person, at))
    return found


def _moments(session: Session, link: Link, known: Known) -> Iterator[tuple[int, datetime]]:
    for query in _queries(link):
        yield from ((person, at) for person, at in session.execute(query) if at is not None)
    yield from _marked(session, link)
    for person, process in known.processes.items():
        yield from ((person, each.at) for each in process.sessions if each.presence in CAME)
        yield from ((person, each.at) for each in process.works)
        yield from ((person, at) for at in process.reviewed)
    # A site that sends evidence does not tell the course with each answer.
    at_site = _at_sites(session, link)
    for row, member in enumerate(known.members):
        answered = known.cells.at[row][~np.isnan(known.cells.at[row])]
        if member.subject.person_id in at_site and answered.size:
            yield member.subject.person_id, datetime.fromtimestamp(float(answered.max()), UTC)


def _queries(link: Link) -> tuple[Select[*tuple[Any, ...]], ...]:
    """Return the queries for person and last moment: work at links, seats in class, paper that was read, observations.

    Handing in by the clock is no work.
    """
    of, course = link.organisation_id, link.context_id
    return (
        select(Attempt.person_id, func.max(func.coalesce(Attempt.submitted_at, Attempt.updated_at)))
        .join(ResourceLink, ResourceLink.id == Attempt.resource_link_id)
        .where(Attempt.organisation_id == of, ResourceLink.organisation_id == of, ResourceLink.context_id == course)
        .group_by(Attempt.person_id),
        select(ClassSeat.person_id, func.max(ClassSeat.joined_at))
        .join(ClassSession, ClassSession.id == ClassSeat.class_session_id)
        .where(ClassSeat.organisation_id == of, ClassSession.organisation_id == of, ClassSession.context_id == course)
        .where(ClassSeat.is_confirmed.is_(True), came_to())
        .group_by(ClassSeat.person_id),
        select(SheetPage.person_id, func.max(SheetUpload.created_at))
        .join(SheetUpload, SheetUpload.id == SheetPage.sheet_upload_id)
        .where(SheetPage.organisation_id == of, SheetUpload.organisation_id == of, SheetUpload.context_id == course)
        .where(SheetUpload.state == APPLIED)
        .group_by(SheetPage.person_id),
        select(ObservationMember.person_id, func.max(ObservationCapture.occurred_at))
        .join(ObservationCapture, ObservationCapture.id == ObservationMember.capture_id)
        .where(ObservationMember.organisation_id == of, ObservationCapture.organisation_id == of)
        .where(ObservationCapture.context_id == course)
        .group_by(ObservationMember.person_id),
    )


def _marked(session: Session, link: Link) -> Iterator[tuple[int, datetime]]:
    """Give who stands in tables of marks that were brought into the course, and when what they tell was held."""
    files = session.scalars(
        select(MarkFile.uuid).where(
            MarkFile.organisation_id == link.organisation_id,
            MarkFile.context_id == link.context_id,
            MarkFile.state == APPLIED,
        )
    ).all()
    if files:
        query = (
            select(Person.id, func.max(LedgerEvent.occurred_at))
            .join(LedgerEvent, LedgerEvent.learner == Person.uuid)
            .where(
                Person.organisation_id == link.organisation_id,
                LedgerEvent.organisation_id == link.organisation_id,
                LedgerEvent.source == SOURCE,
                or_(*(LedgerEvent.source_id.startswith(f"{file}:") for file in files)),
            )
            .group_by(Person.id)
        )
        yield from ((person, at) for person, at in session.execute(query))


def _at_sites(session: Session, link: Link) -> frozenset[int]:
    """Return of whom a site that sends evidence has told this course."""
    query = (
        select(SourceCourse.person_id)
        .join(Context, Context.platform_key == SourceCourse.course)
        .where(
            SourceCourse.organisation_id == link.organisation_id,
            Context.organisation_id == link.organisation_id,
            Context.id == link.context_id,
        )
    )
    return frozenset(session.scalars(query))
