"""How far somebody is with a flipped unit, and the grade of it: the share of its steps that are done.

The class itself is no step of the grade: who was there says the roll call. What a lesson or project was worth is
evidence at its own link, as if it had been opened from the course.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import Attempt, ClassSession, FlippedStep, FlippedText, FlippedUnit
from lti_tool.services import scores
from lti_tool.services.attempts import Who
from lti_tool.services.flipped_texts import REFLECTION
from lti_tool.services.flipped_units import plan_of
from qualoop.assessment import AttemptState
from qualoop.classroom.flipped_unit import StepKind, UnitPlan, UnitStep
from qualoop.classroom.session import SessionState
from qualoop.values import Score


class Doing(StrEnum):
    """How far somebody is with a step."""

    OPEN = "open"
    BEGUN = "begun"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far somebody is with the steps of a unit, by key; those that are not there are not begun."""

    plan: UnitPlan
    doing: Mapping[str, Doing]

    @property
    def counted(self) -> tuple[UnitStep, ...]:
        """Return the steps that are in the grade."""
        return tuple(step for step in self.plan.steps if step.kind is not StepKind.CLASS)

    @property
    def done(self) -> int:
        """Return how many of the counted steps are done."""
        return sum(self.of(step.key) is Doing.DONE for step in self.counted)

    @property
    def score(self) -> Score:
        """Return the share of the counted steps that are done."""
        return Score.of(self.done, len(self.counted))

    @property
    def next_key(self) -> str | None:
        """Return the first step that is not done; None where all are."""
        return next((step.key for step in self.counted if self.of(step.key) is not Doing.DONE), None)

    def of(self, key: str) -> Doing:
        """Return how far somebody is with a step."""
        return self.doing.get(key, Doing.OPEN)


def step_links(connection: Connection, unit: FlippedUnit) -> dict[str, int]:
    """Return the links at which the steps of a unit are worked at, by the key of the step."""
    query = select(FlippedStep.key, FlippedStep.resource_link_id).where(
        FlippedStep.organisation_id == unit.organisation_id, FlippedStep.flipped_unit_id == unit.id
    )
    return dict(connection.execute(query).all())


def progress_of(connection: Connection, unit: FlippedUnit, person_id: int) -> Progress:
    """Return how far one person is."""
    return progresses(connection, unit, {person_id})[person_id]


def progresses(connection: Connection, unit: FlippedUnit, people: Collection[int]) -> dict[int, Progress]:
    """Return how far each of some people is, in two statements whoever they are."""
    links = {link: key for key, link in step_links(connection, unit).items()}
    found: dict[int, dict[str, Doing]] = defaultdict(dict)
    for link, person, status in connection.execute(
        select(Attempt.resource_link_id, Attempt.person_id, Attempt.status).where(
            Attempt.organisation_id == unit.organisation_id,
            Attempt.resource_link_id.in_(links),
            Attempt.person_id.in_(people),
        )
    ):
        is_done = status != AttemptState.ACTIVE or found[person].get(links[link]) is Doing.DONE
        found[person][links[link]] = Doing.DONE if is_done else Doing.BEGUN
    for person in connection.scalars(
        select(FlippedText.person_id).where(
            FlippedText.organisation_id == unit.organisation_id,
            FlippedText.flipped_unit_id == unit.id,
            FlippedText.kind == REFLECTION,
            FlippedText.person_id.in_(people),
        )
    ):
        found[person][StepKind.REFLECTION.value] = Doing.DONE
    plan = plan_of(unit)
    return {person: Progress(plan=plan, doing=found.get(person, {})) for person in people}


def settle(session: Session, unit: FlippedUnit, who: Who, *, now: datetime) -> Progress:
    """Bring somebody's attempt at the unit, and the grade, up to what is done. What was done is never taken back.

    ``who`` is at the unit's own link.
    """
    progress = progress_of(session.connection(), unit, who.person_id)
    attempt = session.scalar(
        select(Attempt)
        .where(
            Attempt.organisation_id == who.organisation_id,
            Attempt.resource_link_id == who.resource_link_id,
            Attempt.person_id == who.person_id,
        )
        .order_by(Attempt.number.desc())
        .limit(1)
        .with_for_update()
    )
    if attempt is None:
        return progress
    score, total = progress.score, len(progress.counted)
    if (attempt.score, attempt.done, attempt.total) == (score.as_text(), progress.done, total):
        return progress
    if score > Score(attempt.score):
        attempt.earned += scores.earned_mark(score, now)
        attempt.score = score.as_text()
    attempt.done, attempt.total, attempt.updated_at = progress.done, total, now
    if attempt.status == AttemptState.ACTIVE and progress.done == total:
        attempt.status, attempt.submitted_at, attempt.closes_at = AttemptState.EVALUATED.value, now, None
    session.flush()
    if who.counts:
        scores.update(session.connection(), who.organisation_id, who.resource_link_id, who.person_id, now=now)
    return progress


def find_class(session: Session, unit: FlippedUnit) -> ClassSession | None:
    """Return the class session of a unit: the one that is open, else the one that was planned last."""
    rows = session.scalars(
        select(ClassSession)
        .where(
            ClassSession.organisation_id == unit.organisation_id,
            ClassSession.context_id == unit.context_id,
            ClassSession.flipped_unit_id == unit.id,
        )
        .order_by(ClassSession.id.desc())
    ).all()
    return next((row for row in rows if row.state == SessionState.OPEN), next(iter(rows), None))
