"""How many pieces of evidence a second become durable: ledger, body hash, repeats, mastery, explanation.

Each goes through `services.evidence.evidence.record` (or `record_many`), which an answer in a lesson calls, in a transaction of
`Database.connection`. On SQLite the log is written ahead without waiting for the disk at every commit (NORMAL), on
PostgreSQL a commit waits for the disk (synchronous_commit=on). A run begins with a ledger that holds some evidence
already, so that most rows are there and are changed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.launch_servers import postgresql_database
from lti_tool.db import Database
from lti_tool.services.evidence import evidence
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.schema import migrate
from tests.factories.evidence import NOON, LedgerSchool, make_ledger_school

ROUNDS: Final = 5
WARM_UP: Final = 1_000
SINGLES: Final = 2_000
BATCHED: Final = 20_000
BATCH: Final = 500
DURABLE: Final = 400
CONNECTIONS: Final = 8

Figures = dict[str, float | None]
Notes = dict[str, str]


def run(say: Callable[[str], None] = lambda line: print(line, file=sys.stderr)) -> tuple[Figures, Notes]:
    """Return the figures of the bench `evidence`, and why one is missing."""
    figures: Figures = {}
    notes: Notes = {}
    with tempfile.TemporaryDirectory() as folder, _scene(f"sqlite:///{Path(folder) / 'single.db'}") as scene:
        figures["sqlite_single_per_s"] = scene.rate(SINGLES, scene.one_by_one)
        say(f"SQLite, one per transaction: {figures['sqlite_single_per_s']:.0f} a second")
    figures["sqlite_batch_per_s"] = median(_batch_rate() for _ in range(ROUNDS))
    say(f"SQLite, {BATCH} per transaction: {figures['sqlite_batch_per_s']:.0f} a second")
    with postgresql_database() as url:
        if url is None:
            for key in ("postgresql_single_per_s", "postgresql_8_per_s"):
                figures[key], notes[key] = None, "QUALOOP_TEST_POSTGRESQL_URL names no server that answers"
            return figures, notes
        with _scene(url) as scene:
            figures["postgresql_single_per_s"] = scene.rate(DURABLE, scene.one_by_one)
            say(f"PostgreSQL, one connection: {figures['postgresql_single_per_s']:.0f} a second")
            figures["postgresql_8_per_s"] = scene.rate(CONNECTIONS * DURABLE, scene.side_by_side)
            say(f"PostgreSQL, {CONNECTIONS} connections: {figures['postgresql_8_per_s']:.0f} a second")
    return figures, notes


@dataclass
class Scene:
    """A database with a school, whose learners never run out of answers."""

    database: Database
    school: LedgerSchool
    seeds: Iterator[int] = field(default_factory=count)

    def rate(self, number: int, write: Callable[[Sequence[Submission]], None], rounds: int = ROUNDS) -> float:
        """Return how many of ``number`` pieces of evidence a second ``write`` makes durable: the median of the rounds."""
        rates = []
        for _ in range(rounds):
            submissions = self.submissions(number)
            begun = time.perf_counter()
            write(submissions)
            rates.append(number / (time.perf_counter() - begun))
        return median(rates)

    def submissions(self, number: int) -> Sequence[Submission]:
        """Return evidence that the ledger does not hold yet."""
        return list(self.school.submissions(number, seed=next(self.seeds)))

    def one_by_one(self, submissions: Sequence[Submission]) -> None:
        """Record each in a transaction of its own, as an answer is."""
        for submission in submissions:
            with self.database.connection() as connection:
                evidence.record(connection, self.school.organisation_id, submission, now=NOON)

    def in_batches(self, submissions: Sequence[Submission]) -> None:
        """Record so many in a transaction, as an import does."""
        for start in range(0, len(submissions), BATCH):
            with self.database.connection() as connection:
                batch = submissions[start : start + BATCH]
                evidence.record_many(connection, self.school.organisation_id, batch, now=NOON)

    def side_by_side(self, submissions: Sequence[Submission]) -> None:
        """Record them one by one on several connections at once."""
        shares = [submissions[start::CONNECTIONS] for start in range(CONNECTIONS)]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(self.one_by_one, shares))


def _batch_rate() -> float:
    """Return how many pieces of evidence a second go into a ledger of its own, in batches."""
    with tempfile.TemporaryDirectory() as folder, _scene(f"sqlite:///{Path(folder) / 'batch.db'}") as scene:
        return scene.rate(BATCHED, scene.in_batches, rounds=1)


@contextmanager
def _scene(url: str) -> Iterator[Scene]:
    """Fill an empty database and write to it until it is warm."""
    database = Database(url)
    try:
        migrate(database)
        scene = Scene(database, make_ledger_school(database))
        scene.in_batches(scene.submissions(WARM_UP))
        yield scene
    finally:
        database.close()
