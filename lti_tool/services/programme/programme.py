"""The courses of an organisation side by side, as counts: nobody is named, and small courses show no shares.

A few statements, whatever the number of courses. Who sees which courses stands in the table of roles and in the views:
administrators all of theirs, staff those in which they are staff.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    ClassSeat,
    ClassSession,
    Context,
    EarlyWarning,
    Enrolment,
    FlippedUnit,
    Person,
)
from lti_tool.services.classes.taking_part import took_part
from lti_tool.services.courses.joining import joining
from lti_tool.services.people.roles import TEST_USER, Permission, Role, may
from lti_tool.services.warnings.early_warnings import DECIDED, OPEN
from qualoop.classroom.roll_call import Presence
from qualoop.classroom.session import SessionState

FEWEST: Final = 5
"""Of how many learners a share is shown at least: of fewer it would tell of single people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLine:
    """One course in counts.

    ``came`` of ``expected`` are presences over all class sessions whose roll was called: of those who learn there now,
    but for sessions from which somebody was excused, or that were held before. ``overdue`` are open warnings that
    somebody was to decide by now.
    """

    context_id: int
    title: str
    learners: int = 0
    units: int = 0
    sessions: int = 0
    came: int = 0
    expected: int = 0
    open: int = 0
    overdue: int = 0
    decided: int = 0

    @property
    def is_small(self) -> bool:
        """Say whether so few learn there that counts of them would tell of single people."""
        return self.learners < FEWEST

    @property
    def presence(self) -> float | None:
        """The share of presences, in [0, 1]; None where there are none, or too few learners for a share."""
        if not self.expected or self.is_small:
            return None
        return self.came / self.expected


def list_courses(
    session: Session, organisation_id: int, *, only: Collection[int] | None, now: datetime
) -> Sequence[CourseLine]:
    """Return the courses of the organisation with learners or units, by title; of ``only`` these rows, where given."""
    rows = session.execute(select(Context.id, Context.title).where(Context.organisation_id == organisation_id))
    lines = {
        context: CourseLine(context_id=context, title=title)
        for context, title in rows
        if only is None or context in only
    }
    learners, presences = _learners(session, organisation_id), _presences(session, organisation_id)
    units = _counted(session, organisation_id, FlippedUnit, FlippedUnit.activity_id.is_not(None))
    sessions = _counted(session, organisation_id, ClassSession, *_held())
    is_open = EarlyWarning.state == OPEN
    waiting = _counted(session, organisation_id, EarlyWarning, is_open)
    overdue = _counted(session, organisation_id, EarlyWarning, is_open, EarlyWarning.due_at < now)
    decided = _counted(session, organisation_id, EarlyWarning, EarlyWarning.state == DECIDED)
    found = [
        replace(
            line,
            learners=learners.get(context, 0),
            units=units.get(context, 0),
            sessions=sessions.get(context, 0),
            came=presences.get(context, (0, 0))[0],
            expected=presences.get(context, (0, 0))[1],
            open=waiting.get(context, 0),
            overdue=overdue.get(context, 0),
            decided=decided.get(context, 0),
        )
        for context, line in lines.items()
    ]
    alive = [line for line in found if line.learners or line.units or line.sessions]
    return sorted(alive, key=lambda line: (line.title.casefold(), line.context_id))


def courses_of(session: Session, organisation_id: int, person_id: int) -> Sequence[int]:
    """Return the courses in which somebody is staff now, by row."""
    rows = session.execute(
        select(Enrolment.context_id, Enrolment.roles).where(
            Enrolment.organisation_id == organisation_id,
            Enrolment.person_id == person_id,
            Enrolment.left_at.is_(None),
        )
    )
    return [context for context, roles in rows if may(roles.split(","), Permission.VIEW_CLASS)]


def _learners(session: Session, organisation_id: int) -> Mapping[int, int]:
    """Return how many learn in each course; a teacher's stand-in does not."""
    rows = session.execute(
        select(Enrolment.context_id, Enrolment.roles, func.count())
        .where(Enrolment.organisation_id == organisation_id, Enrolment.left_at.is_(None))
        .group_by(Enrolment.context_id, Enrolment.roles)
    )
    found: dict[int, int] = {}
    for context, text, count in rows:
        if _learns(text):
            found[context] = found.get(context, 0) + count
    return found


def _learns(text: str) -> bool:
    roles = text.split(",")
    return Role.LEARNER.value in roles and TEST_USER not in roles


def _held() -> tuple[ColumnElement[bool], ...]:
    return (ClassSession.state == SessionState.CLOSED.value, ClassSession.roll_opened_at.is_not(None))


def _counted(
    session: Session,
    organisation_id: int,
    table: type[FlippedUnit | ClassSession | EarlyWarning],
    *conditions: ColumnElement[bool],
) -> Mapping[int, int]:
    """Return how many rows of a table each course has."""
    query = select(table.context_id, func.count()).where(table.organisation_id == organisation_id, *conditions)
    return dict(session.execute(query.group_by(table.context_id)).all())


def _presences(session: Session, organisation_id: int) -> Mapping[int, tuple[int, int]]:
    """Return how many presences each course has, and how many it could have: as the page of its evidence counts them."""
    marked = ClassSeat.mark.in_((Presence.PRESENT.value, Presence.LATE.value))
    showed = and_(ClassSeat.mark == "", or_(ClassSeat.checked_at.is_not(None), took_part()))
    sat = and_(
        ClassSeat.class_session_id == ClassSession.id,
        ClassSeat.person_id == Enrolment.person_id,
        ClassSeat.organisation_id == organisation_id,
        ClassSeat.is_confirmed.is_(True),
    )
    query = (
        select(ClassSession.context_id, Enrolment.roles, func.sum(case((marked | showed, 1), else_=0)), func.count())
        .join(Enrolment, Enrolment.context_id == ClassSession.context_id)
        .join(Person, Person.id == Enrolment.person_id)
        .join(ClassSeat, sat, isouter=True)
        .where(
            ClassSession.organisation_id == organisation_id,
            Enrolment.organisation_id == organisation_id,
            Person.organisation_id == organisation_id,
            Enrolment.left_at.is_(None),
            or_(ClassSeat.id.is_not(None), joining() <= ClassSession.opened_at),
            or_(ClassSeat.id.is_(None), ClassSeat.mark != Presence.EXCUSED.value),
            *_held(),
        )
        .group_by(ClassSession.context_id, Enrolment.roles)
    )
    found: dict[int, tuple[int, int]] = {}
    for context, roles, came, expected in session.execute(query):
        if _learns(roles):
            before = found.get(context, (0, 0))
            found[context] = (before[0] + int(came or 0), before[1] + expected)
    return found
