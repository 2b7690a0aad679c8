"""What a learner finds of teams in the sessions of a course, also after they are over: mates to rate, marks, appeals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    ClassAppeal,
    ClassGroupMark,
    ClassGroupTask,
    ClassSession,
    ClassTeamCheck,
    ClassTeamMember,
)
from lti_tool.services.classes.groups_work import takes_ratings
from qualoop.classroom.session import ClassTitle

RATE: Final = "rate"
MARK: Final = "mark"
APPEAL: Final = "appeal"
MOST: Final = 20
"""So many are listed, the latest: mates to rate and marks together, and appeals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A session in which there is something for a learner: its uuid, what (`rate`, `mark`, `appeal`), of what title."""

    class_uuid: str
    what: str
    title: ClassTitle


def list_places(
    session: Session, course: tuple[int, int], person_id: int, now: datetime, *, but: str = ""
) -> list[Place]:
    """Return where somebody can rate mates, has an approved mark, or is of a team that wrote an appeal, the latest first.

    ``course`` is (organisation, context); of the session ``but`` nothing is said.
    """
    found = [
        Place(class_uuid=class_uuid, what=RATE if marked is None else MARK, title=ClassTitle(task.title))
        for task, class_uuid, marked in session.execute(_tasks(course, person_id, but))
        if marked is not None or takes_ratings(task, now)
    ]
    appeals = session.scalars(_appeals(course, person_id, but))
    found += [Place(class_uuid=row.uuid, what=APPEAL, title=row.titles) for row in appeals]
    return sorted(found, key=_order)


def _order(place: Place) -> int:
    """What is to be done comes before what is to be read."""
    return (RATE, MARK, APPEAL).index(place.what)


def _tasks(course: tuple[int, int], person_id: int, but: str) -> Select[*tuple[Any, ...]]:
    own = and_(ClassGroupMark.task_id == ClassGroupTask.id, ClassGroupMark.person_id == person_id)
    return (
        select(ClassGroupTask, ClassSession.uuid, ClassGroupMark.id)
        .join(ClassSession, ClassSession.id == ClassGroupTask.class_session_id)
        .join(ClassTeamMember, ClassTeamMember.class_session_id == ClassSession.id)
        .outerjoin(ClassGroupMark, own)
        .where(*_of_course(course, but), ClassTeamMember.person_id == person_id)
        .order_by(ClassGroupTask.id.desc())
        .limit(MOST)
    )


def _appeals(course: tuple[int, int], person_id: int, but: str) -> Select[ClassSession]:
    wrote = (
        select(ClassTeamCheck.class_session_id)
        .join(ClassAppeal, ClassAppeal.check_id == ClassTeamCheck.id)
        .join(ClassTeamMember, ClassTeamMember.team_id == ClassAppeal.team_id)
        .where(ClassTeamCheck.organisation_id == course[0], ClassTeamMember.person_id == person_id)
    )
    return (
        select(ClassSession)
        .where(*_of_course(course, but), ClassSession.id.in_(wrote))
        .order_by(ClassSession.id.desc())
        .limit(MOST)
    )


def _of_course(course: tuple[int, int], but: str) -> Sequence[Any]:
    organisation_id, context_id = course
    return (
        ClassSession.organisation_id == organisation_id,
        ClassSession.context_id == context_id,
        ClassSession.uuid != but,
    )
