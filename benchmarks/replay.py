"""How long a replay takes from the columnar cache, and whether it gives what the answers gave when they came.

Read: the segments, whose bytes are checked, joined with tags and weights. Computed: every event through the kernel, in
the order of the ledger, to the tables of all learners, memories, items and knowledge points. Compiling, once a process,
is done before. Writing the states into a database is a figure of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import select

from benchmarks.replay_log import tagged_parts, write_log
from lti_tool.db import Database
from lti_tool.models import MasteryGeneration, MasteryUpdate, Organisation
from lti_tool.services.evidence import evidence
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.mastery import cache, replay, replay_steps, replay_tables
from lti_tool.services.schema import migrate
from qualoop.ledger import EvidenceForm
from qualoop.mastery import segments
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.joining import Joined, Part, join
from qualoop.mastery.replay_plan import Plan, plan
from qualoop.mastery.replaying import Replaying
from qualoop.policies import competence_numbers, status_policy, weight_table
from tests.factories.evidence import NOON, LedgerSchool, make_ledger_school

DEFAULT_EVENTS: Final = 1_000_000
FULL: Final = 10_000_000
WARM_UP: Final = 2_000
CHECKED: Final = 3_000
MOST_CPU_S: Final = 12.0
WRITTEN_AT_ONCE: Final = 20_000
FORMS: Final = (EvidenceForm.LIVE, EvidenceForm.PROJECT, EvidenceForm.POLL, EvidenceForm.ATTENDANCE)
RATERS: Final = ("rater-1", "rater-2", "auto")
PLAIN: Final = 0.7
"""Share of the checked answers that are plain quiz answers."""

Figures = dict[str, float | None]
Notes = dict[str, str]
Say = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the length of the log."""
    parser.add_argument(
        "--events",
        type=int,
        default=DEFAULT_EVENTS,
        help=f"how long the log is (default: %(default)s; {FULL} for cpu_s_10m)",
    )


def missed(figures: Figures) -> Sequence[str]:
    """Return what is not as it must be."""
    found = [] if figures["identical"] == 1 else ["identical: the replayed state is not the online state"]
    cpu = figures["cpu_s_10m"]
    return (
        found if cpu is None or cpu <= MOST_CPU_S else [*found, f"cpu_s_10m: {cpu:.1f}, not {MOST_CPU_S:.0f} at most"]
    )


def run(say: Say, arguments: argparse.Namespace | None = None) -> tuple[Figures, Notes]:
    """Return the figures of the bench `replay`, and why one is missing."""
    events: int = DEFAULT_EVENTS if arguments is None else arguments.events
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_log(folder / "warm", WARM_UP)
        begun = time.perf_counter()
        _replay(folder / "warm", tagged_parts())
        say(f"compiled in {time.perf_counter() - begun:.1f} s")
        write_log(folder / "log", events)
        say(f"wrote a log of {events} events")
        figures = _measure(folder, events, say)
    figures["identical"] = int(_is_identical(say))
    full = events == FULL
    figures["cpu_s_10m"] = figures["cpu_s"] if full else None
    return figures, {} if full else {"cpu_s_10m": f"measured with --events {FULL}"}


def _measure(folder: Path, events: int, say: Say) -> Figures:
    """Measure a replay of the log, and the writing of its states."""
    parts = tagged_parts()
    size = sum(path.stat().st_size for path in (folder / "log").iterdir())
    begun, cpu = time.perf_counter(), time.process_time()
    joined, made, done = _replay(folder / "log", parts)
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - begun
    say(f"replayed in {cpu_s:.2f} s of CPU, {wall_s:.2f} s by the clock")
    begun = time.process_time()
    rows = _write(folder / "states.db", replay_tables.Writing(joined, made, done.tables()))
    write_cpu_s = time.process_time() - begun
    say(f"wrote {rows} rows of states in {write_cpu_s:.2f} s of CPU")
    return {
        "cpu_s": cpu_s,
        "wall_s": wall_s,
        "events_per_s": events / cpu_s,
        "bytes_per_event": size / events,
        "state_rows": rows,
        "write_cpu_s": write_cpu_s,
    }


def _replay(folder: Path, parts: dict[str, Part]) -> tuple[Joined, Plan, Replaying]:
    """Replay the segments of a folder, as services.replay_steps does."""
    found = segments.find(folder)
    facts = segments.join(map(segments.read, found), sum(segment.rows for segment in found))
    joined = join(facts, parts, weight_table())
    made = plan(joined.log, compile_it=True)
    competence = competence_numbers(status_policy())
    done = Replaying(joined.log, made, DEFAULT_CONSTANTS, competence=competence, compile_it=True)
    done.advance(len(done))
    return joined, made, done


def _write(path: Path, writing: replay_tables.Writing) -> int:
    """Write states into an empty SQLite database, in the transactions of a replay; return how many rows."""
    database = Database(f"sqlite:///{path}")
    migrate(database)
    place, rows, table, row = cache.Place(1, 1), 0, 0, 0
    while True:
        with database.connection() as connection:
            written = writing.write(connection, place, table, slice(row, row + WRITTEN_AT_ONCE))
        if written is None:
            break
        rows += written
        table, row = (table, row + written) if written == WRITTEN_AT_ONCE else (table + 1, 0)
    database.close()
    return rows


def _is_identical(say: Say) -> bool:
    """Say whether a replay of a real ledger gives every bit that the answers gave when they came."""
    with tempfile.TemporaryDirectory() as name:
        database = Database(f"sqlite:///{Path(name) / 'ledger.db'}")
        migrate(database)
        school = make_ledger_school(database, learners=40)
        random, at = np.random.default_rng(3), NOON
        for submission in school.submissions(CHECKED, seed=1):
            at += timedelta(microseconds=int(random.integers(1, 20_000_000_000)))
            with database.connection() as connection:
                one = _varied(submission, random)
                evidence.record(connection, school.organisation_id, replace(one, occurred_at=at), now=at)
        online = _everything(database, school)
        with database.transaction() as session:
            organisation = session.get_one(Organisation, school.organisation_id)
            job = replay.start(session, organisation, at)
        folder, rows = Path(name) / "segments", CHECKED // 3
        replay_steps.run(database, job, organisation, folder=folder, clock=lambda: at, segment_rows=rows)
        replayed = _everything(database, school)
        database.close()
    say(f"compared {sum(map(len, online.values()))} rows of an online state with the replayed ones")
    return online == replayed


def _varied(submission: Submission, random: np.random.Generator) -> Submission:
    """Return a submission in one of several forms, now and then rated by a person."""
    if random.random() < PLAIN:
        return submission
    form, rater = FORMS[random.integers(len(FORMS))], RATERS[random.integers(len(RATERS))]
    return replace(submission, evidence=replace(submission.evidence, form=form, rater=rater))


def _everything(database: Database, school: LedgerSchool) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the adopted generation, updates included."""
    with database.reading() as session:
        generation = session.scalars(select(MasteryGeneration.id).where(MasteryGeneration.state == cache.ADOPTED)).one()
        place = cache.Place(school.organisation_id, generation)
        states = cache.dump_states(session.connection(), place)
        updates = session.execute(
            select(MasteryUpdate.event_seq, MasteryUpdate.codes, MasteryUpdate.numbers)
            .where(MasteryUpdate.generation_id == generation)
            .order_by(MasteryUpdate.event_seq)
        )
        return {**states, "updates": [tuple(row) for row in updates]}
