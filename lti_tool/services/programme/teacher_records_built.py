"""What the database itself shows of a teacher's work: flipped units built, rubrics set for work, classes held. Reads only.

Nothing of it is entered by hand, so nobody need confirm it. A class counts for every teacher of its course: who stood in
front of it is not stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    ClassSession,
    Context,
    Enrolment,
    FlippedUnit,
    MarkingSetup,
    Person,
    ResourceLink,
    RubricRow,
    RubricVersion,
)
from lti_tool.services.courses.joining import joining
from lti_tool.services.flipped.units import plan_of
from lti_tool.services.people.roles import Role
from lti_tool.services.programme.teacher_records import Holder
from qualoop.classroom.session import SessionState
from qualoop.records.teacher_record import Built
from qualoop.values import Text


class BuiltKind(StrEnum):
    """What was built."""

    UNIT = "unit"
    RUBRIC = "rubric"
    CLASS = "class"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLine:
    """One thing, with the course that it is in. ``link`` and ``key`` lead to it from a launch of that course.

    ``context_id`` is the course's row, ``key`` the uuid of a unit or class session, the key of a rubric.
    """

    kind: BuiltKind
    title: Text
    course: str
    context_id: int
    key: str
    at: datetime


def list_built(session: Session, holder: Holder) -> Sequence[BuiltLine]:
    """Return what a teacher has built and held, newest first."""
    found = [*_units(session, holder), *_rubrics(session, holder), *_classes(session, holder)]
    return sorted(found, key=lambda line: (line.at, line.key), reverse=True)


def count_built(lines: Sequence[BuiltLine]) -> Built:
    """Return how many there are of each kind."""
    kinds = [line.kind for line in lines]
    return Built(
        units=kinds.count(BuiltKind.UNIT),
        rubrics=kinds.count(BuiltKind.RUBRIC),
        classes=kinds.count(BuiltKind.CLASS),
    )


def _units(session: Session, holder: Holder) -> list[BuiltLine]:
    """Return the units that the teacher built and placed into a course."""
    rows = session.execute(
        select(FlippedUnit, Context.title)
        .join(Context, Context.id == FlippedUnit.context_id)
        .where(
            FlippedUnit.organisation_id == holder.organisation_id,
            Context.organisation_id == holder.organisation_id,
            FlippedUnit.created_by == holder.person_id,
            FlippedUnit.activity_id.is_not(None),
        )
    )
    return [
        BuiltLine(
            kind=BuiltKind.UNIT,
            title=plan_of(row).title,
            course=course,
            context_id=row.context_id,
            key=row.uuid,
            at=row.created_at,
        )
        for row, course in rows
    ]


def _rubrics(session: Session, holder: Holder) -> list[BuiltLine]:
    """Return the links at which the teacher said by which rubric work is judged."""
    rows = session.execute(
        select(RubricRow.key, RubricVersion.document, Context.title, Context.id, MarkingSetup.rubric_at)
        .join(RubricVersion, RubricVersion.rubric_id == RubricRow.id)
        .join(MarkingSetup, MarkingSetup.rubric_version_id == RubricVersion.id)
        .join(ResourceLink, ResourceLink.id == MarkingSetup.resource_link_id)
        .join(Context, Context.id == ResourceLink.context_id)
        .where(
            MarkingSetup.organisation_id == holder.organisation_id,
            RubricRow.organisation_id == holder.organisation_id,
            Context.organisation_id == holder.organisation_id,
            MarkingSetup.rubric_by == holder.person_id,
        )
    )
    return [
        BuiltLine(
            kind=BuiltKind.RUBRIC,
            title=Text(document.get("title") or {"en": key}),
            course=course,
            context_id=context,
            key=key,
            at=at,
        )
        for key, document, course, context, at in rows
    ]


def _classes(session: Session, holder: Holder) -> list[BuiltLine]:
    """Return the class sessions that were held in courses whose teacher this is, or was until leaving.

    When somebody became a teacher is not stored: no session counts from before the person joined the course.
    """
    rows = session.execute(
        select(ClassSession, Context.title, Enrolment.roles)
        .join(Context, Context.id == ClassSession.context_id)
        .join(Enrolment, Enrolment.context_id == Context.id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(
            ClassSession.organisation_id == holder.organisation_id,
            Enrolment.organisation_id == holder.organisation_id,
            Enrolment.person_id == holder.person_id,
            ClassSession.state == SessionState.CLOSED.value,
            ClassSession.opened_at >= joining(),
            or_(Enrolment.left_at.is_(None), ClassSession.opened_at <= Enrolment.left_at),
        )
    )
    return [
        BuiltLine(
            kind=BuiltKind.CLASS,
            title=Text({"en": row.title}),
            course=course,
            context_id=row.context_id,
            key=row.uuid,
            at=row.opened_at or row.created_at,
        )
        for row, course, roles in rows
        if Role.TEACHER.value in roles.split(",")
    ]
