"""Group work of a session's teams: set by the teacher, rated by the mates until it is closed or its time is over.

A rating reads the task's row shared, closing reads it alone: what comes late finds it closed whatever a page showed.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    ClassGroupMark,
    ClassGroupProduct,
    ClassGroupTask,
    ClassPeerRating,
    ClassSession,
    Person,
)
from lti_tool.services.classes.groups_people import find_gone
from lti_tool.services.classes.seats import Comer
from lti_tool.services.classes.sessions import ClassMissingError, plain, touch
from lti_tool.services.classes.team_answers import UnconfirmedError, require_team
from lti_tool.services.classes.teams import Team, list_teams
from lti_tool.services.people.learner_keys import KeyOwner, LearnerErasedError, open_text, sealed_text
from qualoop.classroom.peer_factor import MAX_COMMENT, MAX_TITLE, FactorRules, RatingRefusedError, require_rating
from qualoop.classroom.session import ClassMovedError, ClassRefusedError
from qualoop.classroom.teams import TeamsRefusedError

MOST_TASKS: Final = 10
OPEN: Final = "open"
CLOSED: Final = "closed"
READ: Final = "read"
SHARED: Final = "shared"
ALONE: Final = "alone"


class TaskRefusedError(ClassRefusedError):
    """Group work needs a title, and its deadline lies ahead; a session takes ten."""

    code = "class-task"


class RatingClosedError(ClassRefusedError):
    """Ratings are closed: nothing was changed."""

    code = "class-rating-late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a member gives a mate, or oneself: 0 to 5 points, and a comment, empty where there is none."""

    points: int
    comment: str = ""


def plan_task(
    session: Session, row: ClassSession, title: str, rules: FactorRules, *, deadline: datetime | None, now: datetime
) -> ClassGroupTask:
    """Set group work; from now on the teams stay as they are. The session's row is the caller's to lock.

    Raises TaskRefusedError, TeamsRefusedError where nobody is in a team.
    """
    title = " ".join(plain(title).split())
    if not title or len(title) > MAX_TITLE or (deadline is not None and deadline <= now):
        raise TaskRefusedError
    if not any(team.people for team in list_teams(session, row)):
        raise TeamsRefusedError
    count, last = session.execute(
        select(func.count(), func.max(ClassGroupTask.number)).where(
            ClassGroupTask.organisation_id == row.organisation_id, ClassGroupTask.class_session_id == row.id
        )
    ).one()
    if count >= MOST_TASKS:
        raise TaskRefusedError
    task = ClassGroupTask(
        organisation_id=row.organisation_id,
        class_session_id=row.id,
        uuid=str(uuid.uuid4()),
        number=(last or 0) + 1,
        title=title,
        state=OPEN,
        low=format(rules.low, "f"),
        high=format(rules.high, "f"),
        penalty=rules.penalty,
        deadline_at=deadline,
        created_at=now,
    )
    session.add(task)
    session.flush()
    touch(row)
    return task


def list_tasks(session: Session, row: ClassSession) -> Sequence[ClassGroupTask]:
    """Return the group work of a session in its order."""
    query = select(ClassGroupTask).where(
        ClassGroupTask.organisation_id == row.organisation_id, ClassGroupTask.class_session_id == row.id
    )
    return session.scalars(query.order_by(ClassGroupTask.number)).all()


def get_task(session: Session, row: ClassSession, task_uuid: str, lock: str = READ) -> ClassGroupTask:
    """Return group work of a session: shared or alone until the transaction ends, or just read. Raises ClassMissingError."""
    query = select(ClassGroupTask).where(
        ClassGroupTask.organisation_id == row.organisation_id,
        ClassGroupTask.class_session_id == row.id,
        ClassGroupTask.uuid == plain(task_uuid),
    )
    if lock != READ:
        query = query.with_for_update(read=lock == SHARED).execution_options(populate_existing=True)
    task = session.scalar(query)
    if task is None:
        raise ClassMissingError
    return task


def rules_of(task: ClassGroupTask) -> FactorRules:
    """Return the rules that were set for group work."""
    return FactorRules(low=Decimal(task.low), high=Decimal(task.high), penalty=task.penalty)


def takes_ratings(task: ClassGroupTask, now: datetime) -> bool:
    """Say whether mates can be rated now, by the server's clock."""
    return task.state == OPEN and (task.deadline_at is None or now < task.deadline_at)


def close_task(session: Session, row: ClassSession, task_uuid: str, *, now: datetime) -> None:
    """Close the ratings; raise ClassMovedError where they are closed."""
    task = get_task(session, row, task_uuid, ALONE)
    if task.state != OPEN:
        raise ClassMovedError
    task.state, task.closed_at = CLOSED, now
    touch(row)
    session.flush()


def remove_task(session: Session, row: ClassSession, task_uuid: str) -> None:
    """Take out group work of which nobody was rated and nothing was marked; raise ClassMovedError for any other."""
    task = get_task(session, row, task_uuid, ALONE)
    rated = select(ClassPeerRating.id).where(
        ClassPeerRating.organisation_id == row.organisation_id, ClassPeerRating.task_id == task.id
    )
    marked = select(ClassGroupMark.id).where(
        ClassGroupMark.organisation_id == row.organisation_id, ClassGroupMark.task_id == task.id
    )
    if any(session.scalar(query.limit(1)) is not None for query in (rated, marked)):
        raise ClassMovedError
    session.execute(
        delete(ClassGroupProduct).where(
            ClassGroupProduct.organisation_id == row.organisation_id, ClassGroupProduct.task_id == task.id
        )
    )
    session.delete(task)
    touch(row)
    session.flush()


def rate(
    session: Session,
    row: ClassSession,
    comer: Comer | None,
    *,
    task_uuid: str,
    given: Mapping[str, Given],
    secret: str,
    now: datetime,
) -> None:
    """Take what a member gives the mates (by pseudonym), in the place of what was given before.

    Also after the class, until the ratings are closed. Raises RatingClosedError, RatingRefusedError where a mate is left
    out or somebody else is named, UnconfirmedError, TeamMissingError, ClassMissingError.
    """
    task = get_task(session, row, task_uuid, SHARED)
    if comer is None or (rater := comer.person_id) is None:
        raise UnconfirmedError
    if not takes_ratings(task, now):
        raise RatingClosedError
    # By the team's row, so that of two requests of one member the later one replaces all of the earlier one.
    team = require_team(session, row, rater)
    gone = find_gone(session, row, team.people)
    people = _checked(session, rater, team, given, gone=gone)
    mine = (ClassPeerRating.task_id == task.id, ClassPeerRating.rater_id == rater)
    session.execute(delete(ClassPeerRating).where(ClassPeerRating.organisation_id == row.organisation_id, *mine))
    for named, each in given.items():
        owner = KeyOwner(organisation_id=row.organisation_id, learner=named, secret=secret)
        session.add(
            ClassPeerRating(
                organisation_id=row.organisation_id,
                task_id=task.id,
                rater_id=rater,
                ratee_id=people[named],
                points=each.points,
                comment_sealed=_sealed(session, owner, each.comment, now),
                rated_at=now,
            )
        )
    session.flush()


def _checked(
    session: Session, rater: int, team: Team, given: Mapping[str, Given], *, gone: Collection[int]
) -> dict[str, int]:
    """Return the people of a team by pseudonym.

    Raises RatingRefusedError unless all mates who are still there are rated, and nobody outside the team.
    """
    query = select(Person.uuid, Person.id).where(
        Person.organisation_id == team.row.organisation_id, Person.id.in_(team.people)
    )
    people: dict[str, int] = dict(session.execute(query).all())
    if any(named not in people or len(each.comment) > MAX_COMMENT for named, each in given.items()):
        raise RatingRefusedError
    require_rating(rater, team.people, {people[named]: each.points for named, each in given.items()}, gone=gone)
    return people


def read_ratings(session: Session, task: ClassGroupTask) -> dict[int, dict[int, int]]:
    """Return who rated whom with how many points, by id of the person."""
    found: dict[int, dict[int, int]] = {}
    for rater, ratee, points in session.execute(
        select(ClassPeerRating.rater_id, ClassPeerRating.ratee_id, ClassPeerRating.points).where(
            ClassPeerRating.organisation_id == task.organisation_id, ClassPeerRating.task_id == task.id
        )
    ):
        found.setdefault(rater, {})[ratee] = points
    return found


def read_comments(
    session: Session, task: ClassGroupTask, *, secret: str, rater: int | None = None
) -> dict[int, list[tuple[int, str]]]:
    """Return what was written of each: (rater, words) by id of the person it is about; of one rater where it is named.

    For the teacher, and to the rater what the rater wrote. What is of an erased learner is gone.
    """
    query = (
        select(ClassPeerRating.ratee_id, ClassPeerRating.rater_id, ClassPeerRating.comment_sealed, Person.uuid)
        .join(Person, Person.id == ClassPeerRating.ratee_id)
        .where(
            ClassPeerRating.organisation_id == task.organisation_id,
            ClassPeerRating.task_id == task.id,
            ClassPeerRating.comment_sealed.is_not(None),
        )
        .order_by(ClassPeerRating.id)
    )
    if rater is not None:
        query = query.where(ClassPeerRating.rater_id == rater)
    found: dict[int, list[tuple[int, str]]] = {}
    for ratee, written_by, sealed, learner in session.execute(query):
        owner = KeyOwner(organisation_id=task.organisation_id, learner=learner, secret=secret)
        words = open_text(session.connection(), owner, sealed or "")
        if words:
            found.setdefault(ratee, []).append((written_by, words))
    return found


def _sealed(session: Session, owner: KeyOwner, words: str, now: datetime) -> str | None:
    cleaned = plain(words).strip()
    if not cleaned:
        return None
    try:
        return sealed_text(session.connection(), owner, cleaned, now)
    except LearnerErasedError:
        return None
