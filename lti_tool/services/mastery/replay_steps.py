"""The steps of a replay: segments, states, tables, and at the end what has come in the meantime.

The states are computed in memory, fast; what takes long is writing them down. So a replay that goes on after a stop
computes again what it had computed, which gives the same bits, and goes on writing where it stopped. Evidence that
comes while it runs is applied at the end as online, the last of it under the same lock under which events are written:
an event is either in the replay, or applied to the new generation when it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Job, MasteryGeneration, Organisation
from lti_tool.services.mastery import cache, replay, replay_catch_up, replay_log, replay_tables
from lti_tool.services.mastery.cache import Place
from lti_tool.services.mastery.replay import Choice
from lti_tool.services.mastery.replay_log import Stretch
from lti_tool.services.mechanisms import jobs
from lti_tool.services.mechanisms.jobs import JobState, Progress
from lti_tool.services.platforms.runtime import utc_now
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.joining import Joined
from qualoop.mastery.replay_plan import Plan, plan
from qualoop.mastery.replaying import Replaying
from qualoop.policies import competence_numbers, status_policy, weight_table

#: Sizes of steps: each is one transaction, during which SQLite lets nobody else write.
TRACED_AT_ONCE: Final = 10_000
WRITTEN_AT_ONCE: Final = 20_000
CLEARED_AT_ONCE: Final = 100

PHASES: Final[Mapping[str, str]] = {
    "clear": "clearing away what was dropped",
    "begin": "fixing what counts",
    "segments": "writing columnar segments",
    "apply": "computing",
    "write": "writing the states",
    "catch-up": "catching up",
}
_LOADED: Final = ("apply", "write")


@dataclass(slots=True)
class _Work:
    """What a replay holds in memory."""

    cursor: Mapping[str, Any]
    joined: Joined
    plan: Plan
    run: Replaying
    writing: replay_tables.Writing | None = field(default=None)

    def fits(self, cursor: Mapping[str, Any]) -> bool:
        """Say whether this is the work of a job that is so far: never ahead of what the database holds."""
        same = all(self.cursor[key] == cursor[key] for key in ("generation", "through", "basis"))
        return same and self.run.done <= cursor["done"]


class Replay:
    """The steps of one organisation's replay (see services.jobs).

    ``folder`` is where segments lie, None for none; new ones hold ``segment_rows`` (see `replay_log.Log`).
    """

    def __init__(
        self,
        organisation: Organisation,
        folder: Path | None = None,
        *,
        clock: Callable[[], datetime] = utc_now,
        segment_rows: int | None = None,
    ) -> None:
        self._organisation_id = organisation.id
        self._clock = clock
        self._log = replay_log.Log(organisation.id, folder / organisation.uuid if folder else None, segment_rows)
        self._work: _Work | None = None
        self._is_cut = False
        self._phases: Mapping[str, Callable[[Session, Progress], Progress]] = {
            "clear": self._clear,
            "begin": self._begin,
            "segments": self._write_segment,
            "apply": self._apply,
            "write": self._write,
            "catch-up": self._catch_up,
        }

    def step(self, session: Session, progress: Progress) -> Progress:
        """Do the next part; one that an earlier version began, for what holds no more, begins again."""
        if Choice(**progress.cursor["choice"]).is_outdated:
            return replay_catch_up.begin_again(session, self._organisation_id, progress, now=self._clock())
        return self._phases[progress.cursor["phase"]](session, progress)

    def load(self, database: Database, cursor: Mapping[str, Any]) -> None:
        """Read what the next step needs, and write segments: between two steps nobody waits for it."""
        phase = cursor["phase"]
        if phase == "segments":
            with database.reading() as session:
                self._is_cut = not self._log.write_next_segment(session.connection(), cursor["through"])
        elif phase in _LOADED and (self._work is None or not self._work.fits(cursor)):
            with database.reading() as session:
                self._work = self._read(session, cursor)

    def _clear(self, session: Session, progress: Progress) -> Progress:
        """Clear away a part of the generations that were dropped."""
        dropped = session.scalar(
            select(MasteryGeneration)
            .where(
                MasteryGeneration.organisation_id == self._organisation_id, MasteryGeneration.state == replay.DROPPED
            )
            .order_by(MasteryGeneration.id)
            .limit(1)
        )
        if dropped is None:
            return replace(progress, cursor={**progress.cursor, "phase": "begin"})
        if replay_tables.clear_some(session.connection(), dropped.id, CLEARED_AT_ONCE):
            dropped.state = replay.CLEARED
        return progress

    def _begin(self, session: Session, progress: Progress) -> Progress:
        """Fix which events and which versions count: up to this number nothing is being written any more."""
        replay_catch_up.stop_writers(session)
        choice = Choice(**progress.cursor["choice"])
        through, tags = self._bounds(session, choice)
        generation = session.get_one(MasteryGeneration, progress.cursor["generation"])
        generation.tags = str(
            replay.newest_bearing(
                session, self._organisation_id, replay.TAGS, through=through if tags is None else tags
            )
        )
        generation.platform = cache.this_platform()
        fixed = {"through": through, "basis": through, "tags": tags, "done": 0}
        kept = {key: progress.cursor[key] for key in ("choice", "generation")}
        return Progress({**kept, **fixed, "phase": "segments"}, 0, 0)

    def _bounds(self, session: Session, choice: Choice) -> tuple[int, int | None]:
        """Return up to which event a choice counts, and as of which event tags hold; None for those that hold now."""
        if choice.recorded_by is None:
            through = replay_catch_up.newest(session, self._organisation_id)
            kept = replay_catch_up.adopted_tags(session, self._organisation_id) if choice.keep_tags else None
            return through, kept if choice.keep_tags else choice.tags_as_of
        through = replay_log.newest_by(session.connection(), self._organisation_id, choice.recorded_by)
        return through, through if choice.tags_as_of is None else choice.tags_as_of

    def _write_segment(self, session: Session, progress: Progress) -> Progress:
        """Write one columnar segment that is not there yet."""
        through = progress.cursor["through"]
        stretch = Stretch(self._organisation_id, 0, through)
        total = progress.total or replay_log.count_rows(session.connection(), stretch)
        is_last = self._is_cut or not self._log.write_next_segment(session.connection(), through)
        self._is_cut = False
        return Progress({**progress.cursor, "phase": "apply" if is_last else "segments"}, 0, total)

    def _apply(self, session: Session, progress: Progress) -> Progress:
        """Compute the next events, and write down why they moved mastery."""
        cursor = progress.cursor
        work = self._loaded(session, cursor)
        if work.run.done < cursor["done"]:
            work.run.advance(cursor["done"] - work.run.done)
        if work.run.done == len(work.run):
            written = {"table": 0, "row": 0}
            return Progress({**cursor, "phase": "write", **written}, progress.done, progress.total)
        trace = work.run.trace(TRACED_AT_ONCE)
        replay_tables.write_updates(session.connection(), self._place(cursor), work.joined, trace)
        return Progress({**cursor, "done": work.run.done}, work.run.done, progress.total)

    def _write(self, session: Session, progress: Progress) -> Progress:
        """Write some rows of the states."""
        cursor = progress.cursor
        work = self._loaded(session, cursor)
        if work.writing is None:
            work.run.advance(len(work.run))
            work.writing = replay_tables.Writing(work.joined, work.plan, work.run.tables())
        span = slice(cursor["row"], cursor["row"] + WRITTEN_AT_ONCE)
        written = work.writing.write(session.connection(), self._place(cursor), cursor["table"], span)
        if written is None:
            self._work = None
            return replace(progress, cursor={**cursor, "phase": "catch-up"})
        if written < WRITTEN_AT_ONCE:
            return replace(progress, cursor={**cursor, "table": cursor["table"] + 1, "row": 0})
        return replace(progress, cursor={**cursor, "row": cursor["row"] + written})

    def _catch_up(self, session: Session, progress: Progress) -> Progress:
        """Apply what has come since; the last of it while nobody can write."""
        return replay_catch_up.step(session, self._organisation_id, progress, now=self._clock())

    def _loaded(self, session: Session, cursor: Mapping[str, Any]) -> _Work:
        """Return the work that the next step goes on with."""
        if self._work is None or not self._work.fits(cursor):
            self._work = self._read(session, cursor)
        return self._work

    def _read(self, session: Session, cursor: Mapping[str, Any]) -> _Work:
        """Read the log, join it with what the job fixed at its beginning, and make ready to compute."""
        connection = session.connection()
        stretch = Stretch(self._organisation_id, 0, cursor["basis"], cursor["choice"].get("recorded_by"))
        tags = replay_log.Tags.of(connection, self._organisation_id, cursor)
        table = weight_table(cursor["choice"]["weights"])
        facts = self._log.read(connection, cursor["through"])
        joined = replay_log.joined(connection, facts, tags, stretch=stretch, table=table)
        made = plan(joined.log)
        competence = competence_numbers(status_policy())
        return _Work(cursor, joined, made, Replaying(joined.log, made, DEFAULT_CONSTANTS, competence=competence))

    def _place(self, cursor: Mapping[str, Any]) -> Place:
        return Place(self._organisation_id, cursor["generation"])


def run(
    database: Database,
    job: Job,
    organisation: Organisation,
    *,
    folder: Path | None,
    clock: Callable[[], datetime],
    report: Callable[[Progress], None] = lambda _: None,
    segment_rows: int | None = None,
) -> JobState:
    """Run a replay to its end, or until somebody stops it; as `jobs.run`, and the log is read between two steps."""
    steps = Replay(organisation, folder, clock=clock, segment_rows=segment_rows)

    def between(progress: Progress) -> None:
        report(progress)
        steps.load(database, progress.cursor)

    return jobs.run(database, job.id, steps.step, clock=clock, report=between)
