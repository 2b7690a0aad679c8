"""Replays are asked for here: mastery computed anew from the ledger, in a generation of its own.

Nothing that people see changes until a generation is adopted, which moves one pointer. A replay that is asked for as a
*what-if* ends with a computed generation that nobody sees; `start_adoption` adopts it after somebody has read the
difference. How it is computed stands in services.replay_steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.db import micros
from lti_tool.models import RARE, Job, LedgerEvent, MasteryGeneration, Organisation
from lti_tool.services.mastery import cache
from lti_tool.services.mechanisms import jobs
from qualoop.errors import QualoopError
from qualoop.ledger import EventType
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.explanation import MODEL
from qualoop.policies import DEFAULT_STATUS_POLICY, DEFAULT_TABLE, weight_table

KIND: Final = "replay"
FILLING, COMPUTED, DROPPED, CLEARED = "filling", "computed", "dropped", "cleared"
TAGS: Final = (EventType.TAGS_ADOPTED.value,)
CORRECTIONS: Final = (EventType.ASSERTION_VOIDED.value, EventType.ASSERTION_REVISED.value)


class NothingComputedError(QualoopError):
    """There is no computed generation to adopt: run `qualoop replay --what-if` first."""

    code = "replay-nothing-computed"


class ReplayOutdatedError(QualoopError):
    """Since the difference was shown, tags were adopted or evidence was corrected: run `qualoop replay --what-if` again."""

    code = "replay-outdated"


class FutureCutError(QualoopError):
    """A replay as of a moment that is still to come would differ each time that it is run."""

    code = "replay-future"


class NotAdoptableError(QualoopError):
    """It was computed with tags or weights other than those that hold now, or with what was known earlier."""

    code = "replay-not-adoptable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a replay is computed with, and for what.

    ``adopt``: adopted at its end. ``tags_as_of``: with the tags that held after the event of this sequence number; None
    for the newest. ``weights``: the id of the table of evidence weights. ``recorded_by``: only with the evidence, tags and
    corrections that were recorded by this moment, in microseconds since 1970; None for all. Tags as of an event that
    was named hold whenever it was recorded. ``keep_tags``: with the tags that the adopted generation counts by, since nobody
    has looked at what newer ones would change.
    """

    adopt: bool = True
    tags_as_of: int | None = None
    weights: str = DEFAULT_TABLE
    recorded_by: int | None = None
    keep_tags: bool = False

    @property
    def is_adoptable(self) -> bool:
        """Whether answers that come later would be taken in the same way; else it can only be looked at."""
        return self.tags_as_of is None and self.weights == DEFAULT_TABLE and self.recorded_by is None

    @property
    def is_outdated(self) -> bool:
        """Whether it was to be adopted, as an earlier version wrote it down, and answers would now be taken in otherwise."""
        return self.adopt and not self.is_adoptable


ADOPTING: Final = Choice()
KEEPING_TAGS: Final = Choice(keep_tags=True)
"""What follows by itself: after a correction, after an upgrade."""


def start(session: Session, organisation: Organisation, now: datetime, choice: Choice = ADOPTING) -> Job:
    """Return the organisation's replay with this choice: one that was not finished, else a new one.

    A new what-if takes the place of the one before it, and a replay with the newest tags that of one that keeps tags.
    Raises NotAdoptableError for a choice that shall be adopted and cannot be, FutureCutError, WeightTableNotFoundError.
    """
    weight_table(choice.weights)
    if choice.recorded_by is not None and choice.recorded_by > micros(now):
        raise FutureCutError
    if choice.adopt and not choice.is_adoptable:
        raise NotAdoptableError
    for job in _unfinished(session, organisation.id):
        # As a choice, since one that an earlier version wrote down lacks what came later.
        asked = Choice(**job.cursor["choice"]) if "choice" in job.cursor else None
        if asked in {choice, replace(choice, keep_tags=False)}:
            return job
        if asked and asked.adopt == choice.adopt and not (choice.adopt and _is_running(job, now)):
            _give_up(session, job, now)
    if not choice.adopt:
        drop(session, organisation.id, COMPUTED)
    generation = new_generation(session, organisation.id, choice, now)
    cursor = {"choice": asdict(choice), "generation": generation.id, "phase": "clear"}
    return jobs.create(session, organisation.id, KIND, cursor=cursor, now=now)


def start_adoption(session: Session, organisation: Organisation, now: datetime) -> Job:
    """Return a job that brings the computed generation up to date and adopts it.

    Raises NothingComputedError, NotAdoptableError, and ReplayOutdatedError where its difference is no longer the one
    that was shown.
    """
    generation = find_computed(session, organisation.id)
    if generation is None:
        raise NothingComputedError
    made = session.scalars(
        select(Job).where(Job.organisation_id == organisation.id, Job.kind == KIND).order_by(Job.id.desc())
    )
    of_generation = [job for job in made if job.cursor.get("generation") == generation.id]
    cursor = {**of_generation[0].cursor, "phase": "catch-up", "seen": True}
    choice = Choice(**cursor["choice"])
    if not choice.is_adoptable:
        raise NotAdoptableError
    if newest_bearing(session, organisation.id) > cursor["basis"]:
        raise ReplayOutdatedError
    if of_generation[0].state != jobs.JobState.DONE:
        return of_generation[0]
    cursor["choice"] = {**cursor["choice"], "adopt": True}
    return jobs.create(session, organisation.id, KIND, cursor=cursor, now=now)


def find_computed(session: Session, organisation_id: int) -> MasteryGeneration | None:
    """Return the generation that was computed as a what-if and not yet adopted."""
    return session.scalar(
        select(MasteryGeneration)
        .where(MasteryGeneration.organisation_id == organisation_id, MasteryGeneration.state == COMPUTED)
        .order_by(MasteryGeneration.id.desc())
        .limit(1)
    )


def new_generation(session: Session, organisation_id: int, choice: Choice, now: datetime) -> MasteryGeneration:
    """Make an empty generation."""
    of_organisation = MasteryGeneration.organisation_id == organisation_id
    newest = session.scalar(select(func.max(MasteryGeneration.number)).where(of_organisation))
    generation = MasteryGeneration(
        organisation_id=organisation_id,
        number=1 + (newest or 0),
        state=FILLING,
        model=MODEL,
        constants=DEFAULT_CONSTANTS.id,
        weights=choice.weights,
        platform=cache.this_platform(),
        tags="0",
        policy=DEFAULT_STATUS_POLICY,
        regime=cache.LIVE,
        through_seq=0,
        created_at=now,
    )
    session.add(generation)
    session.flush()
    return generation


def drop(session: Session, organisation_id: int, state: str) -> None:
    """Let go of the generations in this state; the next replay clears their rows away."""
    for generation in session.scalars(
        select(MasteryGeneration).where(
            MasteryGeneration.organisation_id == organisation_id, MasteryGeneration.state == state
        )
    ):
        generation.state = DROPPED
    session.flush()


def newest_bearing(
    session: Session,
    organisation_id: int,
    types: tuple[str, ...] = (*TAGS, *CORRECTIONS),
    *,
    through: int | None = None,
) -> int:
    """Return the sequence number of the newest event that bears on how earlier evidence counts; 0 for none."""
    query = select(func.max(LedgerEvent.id)).where(
        LedgerEvent.organisation_id == organisation_id, RARE, LedgerEvent.type.in_(types)
    )
    if through is not None:
        query = query.where(LedgerEvent.id <= through)
    newest: int | None = session.scalar(query)
    return newest or 0


def _unfinished(session: Session, organisation_id: int) -> Iterator[Job]:
    """Return the replays that are not done, the newest first."""
    yield from session.scalars(
        select(Job)
        .where(Job.organisation_id == organisation_id, Job.kind == KIND, Job.state != jobs.JobState.DONE)
        .order_by(Job.id.desc())
    ).all()


def _is_running(job: Job, now: datetime) -> bool:
    return job.state == jobs.JobState.RUNNING and job.leased_until is not None and job.leased_until > now


def _give_up(session: Session, job: Job, now: datetime) -> None:
    """End a replay that nobody waits for any more; raise JobRunningError where it is just being computed."""
    if _is_running(job, now):
        raise jobs.JobRunningError
    generation: Any = session.get(MasteryGeneration, job.cursor.get("generation", 0))
    if generation is not None and generation.state == FILLING:
        generation.state = DROPPED
    job.state, job.message, job.updated_at = jobs.JobState.DONE, "given up for another replay", now
    session.flush()
