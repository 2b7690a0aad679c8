"""The marks of group work: the team's product, each member's factor and penalty; approved marks alone become evidence.

A mark is process evidence of a part without knowledge points: what mates say of somebody moves nobody's level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassGroupMark, ClassGroupProduct, ClassGroupTask, ClassSession, Organisation, Person
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.classes.groups_people import find_erased, find_gone
from lti_tool.services.classes.groups_work import ALONE, get_task, read_ratings, rules_of, takes_ratings
from lti_tool.services.classes.sessions import touch
from lti_tool.services.classes.team_parts import GROUP_PART, register_plain
from lti_tool.services.classes.teams import Team, get_team, list_teams
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from qualoop.classroom.peer_factor import MOST_PER_CENT, MarkMissingError, MemberMark, marks
from qualoop.classroom.session import ClassMovedError, ClassRefusedError
from qualoop.framework import Framework
from qualoop.ledger import Evidence, EvidenceForm

SOURCE: Final = "class-group-work"


class ProductRefusedError(ClassRefusedError):
    """A product is worth 0 to 100 per cent."""

    code = "class-product"


class RatingOpenError(ClassRefusedError):
    """Mates are still being rated: close the ratings first."""

    code = "class-rating-open"


class ApprovedError(ClassRefusedError):
    """The marks of this team are approved: take that back first."""

    code = "class-approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMarks:
    """What comes out for a team: its product in per cent, each member's mark by id of the person, when it was approved."""

    team: Team
    product: int | None
    approved_at: datetime | None
    marks: Mapping[int, MemberMark]

    @property
    def silent(self) -> Sequence[int]:
        """Return who has not rated."""
        return [person for person, mark in self.marks.items() if mark.is_silent]


def read_marks(session: Session, row: ClassSession, task: ClassGroupTask) -> Sequence[TeamMarks]:
    """Return what comes out for each team as it stands now; nothing for who was erased."""
    ratings, rules = read_ratings(session, task), rules_of(task)
    products = {
        each.team_id: each
        for each in session.scalars(
            select(ClassGroupProduct).where(
                ClassGroupProduct.organisation_id == task.organisation_id, ClassGroupProduct.task_id == task.id
            )
        )
    }
    found, teams = [], list_teams(session, row)
    everybody = [person for team in teams for person in team.people]
    gone = find_gone(session, row, everybody)
    erased = find_erased(session, row.organisation_id, gone)
    for team in teams:
        held = products.get(team.row.id)
        product = held.product if held else None
        outcome = marks(team.people, ratings, product, rules, gone=gone)
        found.append(
            TeamMarks(
                team=team,
                product=product,
                approved_at=held.approved_at if held else None,
                marks={person: mark for person, mark in outcome.items() if person not in erased},
            )
        )
    return found


def set_product(session: Session, row: ClassSession, task_uuid: str, team_uuid: str, *, product: int | None) -> None:
    """Keep what a team's product is worth in per cent, None for nothing yet.

    Raises ProductRefusedError, ApprovedError, ClassMissingError.
    """
    task = get_task(session, row, task_uuid, ALONE)
    if product is not None and not 0 <= product <= MOST_PER_CENT:
        raise ProductRefusedError
    held = _product(session, row, task, team_uuid)
    if held.approved_at is not None:
        raise ApprovedError
    held.product = product
    session.flush()


def approve(
    session: Session,
    row: ClassSession,
    framework: Framework | None,
    *,
    task_uuid: str,
    team_uuid: str,
    by: Corrector,
    now: datetime,
) -> None:
    """Let the marks of a team count, and record them. The session's row is the caller's to lock.

    Raises MarkMissingError without a product, RatingOpenError, ApprovedError, ClassMissingError.
    """
    # Before anything else: what is registered on the way is waited for by whoever records a whole class.
    evidence.hold_all(session.connection(), row.organisation_id)
    task = get_task(session, row, task_uuid, ALONE)
    if takes_ratings(task, now):
        raise RatingOpenError
    held = _product(session, row, task, team_uuid)
    if held.approved_at is not None:
        raise ApprovedError
    found = next(each for each in read_marks(session, row, task) if each.team.row.id == held.team_id)
    if found.product is None or not found.marks:
        raise MarkMissingError
    held.approved_at = now
    _record(session, (row, task), found, framework, by=by, now=now)
    touch(row)
    session.flush()


def withdraw(
    session: Session, row: ClassSession, *, task_uuid: str, team_uuid: str, by: Corrector, now: datetime
) -> None:
    """Take an approval back: what it recorded is voided, and the product can be changed.

    Raises ClassMovedError where nothing is approved, ClassMissingError.
    """
    evidence.hold_all(session.connection(), row.organisation_id)
    task = get_task(session, row, task_uuid, ALONE)
    held = _product(session, row, task, team_uuid)
    if held.approved_at is None:
        raise ClassMovedError
    organisation = session.get_one(Organisation, row.organisation_id)
    of_team = (
        ClassGroupMark.organisation_id == row.organisation_id,
        ClassGroupMark.task_id == task.id,
        ClassGroupMark.team_id == held.team_id,
    )
    events = [event for event in session.scalars(select(ClassGroupMark.event).where(*of_team)) if event]
    corrections.void_many(session, organisation, events, actor=by.actor, now=now)
    session.execute(delete(ClassGroupMark).where(*of_team))
    held.approved_at = None
    touch(row)
    session.flush()


def approved_marks(session: Session, task: ClassGroupTask) -> Mapping[int, ClassGroupMark]:
    """Return the marks that count, by id of the person, as they were approved."""
    rows = session.scalars(
        select(ClassGroupMark).where(
            ClassGroupMark.organisation_id == task.organisation_id, ClassGroupMark.task_id == task.id
        )
    )
    return {row.person_id: row for row in rows}


def _product(session: Session, row: ClassSession, task: ClassGroupTask, team_uuid: str) -> ClassGroupProduct:
    """Return the row of a team's product, made now where there is none; the task's row is locked."""
    team = get_team(session, row, team_uuid)
    held = session.scalar(
        select(ClassGroupProduct).where(
            ClassGroupProduct.organisation_id == row.organisation_id,
            ClassGroupProduct.task_id == task.id,
            ClassGroupProduct.team_id == team.id,
        )
    )
    if held is None:
        held = ClassGroupProduct(organisation_id=row.organisation_id, task_id=task.id, team_id=team.id)
        session.add(held)
        session.flush()
    return held


def _record(
    session: Session,
    of: tuple[ClassSession, ClassGroupTask],
    found: TeamMarks,
    framework: Framework | None,
    *,
    by: Corrector,
    now: datetime,
) -> None:
    row, task = of
    named = register_plain(session, row.organisation_id, GROUP_PART, framework, now=now)
    learners = dict(
        session.execute(
            select(Person.id, Person.uuid).where(
                Person.organisation_id == row.organisation_id, Person.id.in_(found.marks)
            )
        ).all()
    )
    people = sorted(found.marks)
    submissions = [_submission(task, learners[person], found.marks[person], named, by=by, now=now) for person in people]
    done = evidence.record_many(session.connection(), row.organisation_id, submissions, now=now)
    session.add_all(
        ClassGroupMark(
            organisation_id=row.organisation_id,
            task_id=task.id,
            team_id=found.team.row.id,
            person_id=person,
            factor=format(found.marks[person].factor, "f"),
            penalty=found.marks[person].penalty,
            mark=format(found.marks[person].mark or 0, "f"),
            event=recorded.uuid,
        )
        for person, recorded in zip(people, done, strict=True)
    )


def _submission(
    task: ClassGroupTask, learner: str, mark: MemberMark, named: tuple[str, str, str], *, by: Corrector, now: datetime
) -> Submission:
    activity, content, part = named
    return Submission(
        learner=learner,
        evidence=Evidence(
            activity=activity,
            content=content,
            part=part,
            score=mark.score,
            form=EvidenceForm.PROCESS,
            rater=by.actor,
            attempt=task.uuid,
            tries=1,
            hints=0,
        ),
        # One that was taken back and approved again is another event, by the moment of its recording.
        source=(SOURCE, f"{task.uuid}:{learner}", f"{now:%Y%m%dT%H%M%S%f}"),
        occurred_at=now,
    )
