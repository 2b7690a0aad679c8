"""How far somebody is with a flipped unit, and the grade of it: the share of its steps that are done.

The class itself is no step of the grade: who was there says the roll call. What a lesson or project was worth is
evidence at its own link, as if it had been opened from the course.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Select, exists, func, select
from sqlalchemy.orm import Session

from lti_tool.models import Attempt, ClassSession, FlippedStep, FlippedText, FlippedUnit, ResourceLink
from lti_tool.services.attempts import attempts
from lti_tool.services.attempts.attempts import Who
from lti_tool.services.flipped.texts import REFLECTION
from lti_tool.services.flipped.units import plan_of
from lti_tool.services.grades import scores
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
    """How far somebody is with the steps of a unit, by key; those that are not there are not begun.

    ``moments`` says of every step that is done when it was.
    """

    plan: UnitPlan
    doing: Mapping[str, Doing]
    moments: Mapping[str, datetime] = field(default_factory=dict)

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

    @property
    def last(self) -> datetime | None:
        """Return when the last of the counted steps that are done was; None where none is."""
        return max((self.moments[step.key] for step in self.counted if step.key in self.moments), default=None)

    def until(self, end: datetime) -> Progress:
        """Return how far somebody was at a moment: what was done after it is no more than begun."""
        late = {key for key, at in self.moments.items() if at > end}
        return replace(
            self,
            doing={key: Doing.BEGUN if key in late else doing for key, doing in self.doing.items()},
            moments={key: at for key, at in self.moments.items() if key not in late},
        )

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
    moments: dict[int, dict[str, datetime]] = defaultdict(dict)
    for link, person, status, at in connection.execute(
        select(
            Attempt.resource_link_id,
            Attempt.person_id,
            Attempt.status,
            func.coalesce(Attempt.submitted_at, Attempt.updated_at),
        ).where(
            Attempt.organisation_id == unit.organisation_id,
            Attempt.resource_link_id.in_(links),
            Attempt.person_id.in_(people),
        )
    ):
        key = links[link]
        if status != AttemptState.ACTIVE:
            moments[person][key] = min(at, moments[person].get(key, at))
        found[person][key] = Doing.DONE if key in moments[person] else Doing.BEGUN
    for person, at in connection.execute(
        select(FlippedText.person_id, FlippedText.written_at).where(
            FlippedText.organisation_id == unit.organisation_id,
            FlippedText.flipped_unit_id == unit.id,
            FlippedText.kind == REFLECTION,
            FlippedText.person_id.in_(people),
        )
    ):
        found[person][StepKind.REFLECTION.value], moments[person][StepKind.REFLECTION.value] = Doing.DONE, at
    plan = plan_of(unit)
    return {
        person: Progress(plan=plan, doing=found.get(person, {}), moments=moments.get(person, {})) for person in people
    }


def settle(session: Session, unit: FlippedUnit, who: Who, *, now: datetime) -> Progress:
    """Bring somebody's attempt at the unit, and the grade, up to what is done. What was done is never taken back.

    ``who`` is at the unit's own link. What was done after it closed does not count, and what was done earlier than
    somebody notices counts from when it was done.
    """
    progress = _in_time(session, unit, who)
    attempt = session.scalar(_newest_attempt(who).with_for_update())
    if attempt is None or _says(attempt, progress):
        return progress
    score, at = progress.score, min(now, progress.last or now)
    if score > Score(attempt.score):
        attempt.earned += scores.earned_mark(score, at)
        attempt.score = score.as_text()
    attempt.done, attempt.total, attempt.updated_at = progress.done, len(progress.counted), now
    if attempt.status == AttemptState.ACTIVE and progress.done == attempt.total:
        attempt.status, attempt.submitted_at, attempt.closes_at = AttemptState.EVALUATED.value, at, None
    session.flush()
    if who.counts:
        scores.update(session.connection(), who.organisation_id, who.resource_link_id, who.person_id, now=now)
    return progress


def find_settled(session: Session, unit: FlippedUnit, who: Who) -> Progress | None:
    """Return how far somebody is where the attempt says that already; None where `settle` has something to do.

    Reads only: most looks at a unit find nothing new, and need not wait for a writer.
    """
    progress = _in_time(session, unit, who)
    attempt = session.scalar(_newest_attempt(who))
    return progress if attempt is not None and _says(attempt, progress) else None


def _in_time(session: Session, unit: FlippedUnit, who: Who) -> Progress:
    """Return how far somebody is, of what was done after the unit closed nothing."""
    progress = progress_of(session.connection(), unit, who.person_id)
    closes = attempts.find(session.connection(), who).plan.closes
    return progress.until(closes.at) if closes is not None and who.is_bound else progress


def _newest_attempt(who: Who) -> Select[Attempt]:
    return (
        select(Attempt)
        .where(
            Attempt.organisation_id == who.organisation_id,
            Attempt.resource_link_id == who.resource_link_id,
            Attempt.person_id == who.person_id,
        )
        .order_by(Attempt.number.desc())
        .limit(1)
    )


def _says(attempt: Attempt, progress: Progress) -> bool:
    standing = (progress.score.as_text(), progress.done, len(progress.counted))
    return (attempt.score, attempt.done, attempt.total) == standing


def settle_around(session: Session, who: Who, *, now: datetime) -> None:
    """Bring the grade of the unit that a link is a step of, or shows, up to what was done there; else do nothing.

    For whoever moves a learner's attempt while the learner is not there: the clock, and marks that are released.
    ``who`` is at the link, and counts.
    """
    for unit, link in _units_around(session, who):
        settle(session, unit, replace(who, resource_link_id=link, activity_id=unit.activity_id), now=now)


def _units_around(session: Session, who: Who) -> list[tuple[FlippedUnit, int]]:
    """Return the unit of a link with each link of its course at which it is shown and somebody has begun it."""
    of_step = (
        select(FlippedStep.flipped_unit_id)
        .where(FlippedStep.organisation_id == who.organisation_id, FlippedStep.resource_link_id == who.resource_link_id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(FlippedUnit, ResourceLink.id)
        .join(
            ResourceLink,
            (ResourceLink.context_id == FlippedUnit.context_id) & (ResourceLink.activity_id == FlippedUnit.activity_id),
        )
        .where(
            FlippedUnit.organisation_id == who.organisation_id,
            ResourceLink.organisation_id == who.organisation_id,
            (FlippedUnit.id == of_step) | (ResourceLink.id == who.resource_link_id),
            exists().where(
                Attempt.organisation_id == who.organisation_id,
                Attempt.resource_link_id == ResourceLink.id,
                Attempt.person_id == who.person_id,
            ),
        )
        .order_by(ResourceLink.id)
    )
    return [(unit, link) for unit, link in rows]


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
