"""How fast scores leave the outbox, and whether any is lost or stale after faults and crashes.

Worker, database and HTTP client are the product's own; the platform is a stub on loopback, in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

from sqlalchemy import func, select, text

from benchmarks.ags_stub import LINE_ITEMS_PATH
from lti_tool.db import Database
from lti_tool.models import OutboxRow
from lti_tool.services.schema import migrate
from tests.factories.schools import School, make_school, user_of

SCORES: Final = 10_000
THREADS: Final = 8
ITEM: Final = "1"
ROUNDS: Final = 3
FAULTY: Final = 0.15
KILLS: Final = 6
KILL_EVERY_S: Final = 2.0
PATIENCE_S: Final = 300.0
POLL_S: Final = 0.1
SECRET: Final = "a secret for the bench, as long as it must be"

Figures = dict[str, float | None]
Notes = dict[str, str]


def run(say: Callable[[str], None] = lambda line: print(line, file=sys.stderr)) -> tuple[Figures, Notes]:
    """Return the figures of the bench `delivery`, and why one is missing."""
    rates = sorted(_rate(say) for _ in range(ROUNDS))
    lost, stale, ahead = _faults(say)
    return {
        "scores_per_s": rates[len(rates) // 2],
        "lost": lost,
        "stale": stale,
        "ahead_of_clock_s": ahead,
    }, {}


@dataclass(frozen=True)
class Scene:
    """A school with its database, and the stub that it reports to."""

    school: School
    stub_url: str
    environment: dict[str, str]

    @contextmanager
    def worker(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Start a worker that has begun its work; killed (SIGKILL) at the end."""
        command = [sys.executable, "-m", "benchmarks.delivery_worker", "--threads", str(THREADS), *options]
        with subprocess.Popen(
            command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                _read_line(process)
                if process.stdin:
                    process.stdin.write("\n")
                    process.stdin.flush()
                yield process
            finally:
                process.kill()

    def due(self) -> int:
        """Return how many rows the worker has still to deliver."""
        return self._count("state = 'due'")

    def given_up(self) -> int:
        """Return how many rows wait for a person."""
        return self._count("state NOT IN ('due', 'done')")

    def _count(self, condition: str) -> int:
        with self.school.database.reading() as session:
            query = select(func.count()).select_from(OutboxRow).where(text(condition))
            return session.scalar(query) or 0

    def wait(self) -> None:
        """Wait until the worker has nothing more to deliver."""
        deadline = time.monotonic() + PATIENCE_S
        while self.due():
            if time.monotonic() > deadline:
                raise TimeoutError("not everything was delivered")
            time.sleep(POLL_S)

    def report(self) -> dict[str, Any]:
        """Return what the stub has seen."""
        with urllib.request.urlopen(f"{self.stub_url}/report") as answer:
            report: dict[str, Any] = json.load(answer)
        return report


@contextmanager
def _scene(faults: float) -> Iterator[Scene]:
    """Make a database with a school of SCORES people, and a stub."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        environment = {
            **os.environ,
            "QUALOOP_DATABASE_URL": url,
            "QUALOOP_SECRET_KEY": SECRET,
            "QUALOOP_ALLOW_LOOPBACK": "1",
            "QUALOOP_OUTGOING_TIMEOUT_S": "1",
        }
        command = [sys.executable, "-m", "benchmarks.ags_stub", "--faults", str(faults)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stub:
            try:
                stub_url = _read_line(stub)
                database = Database(url)
                migrate(database)
                line_item = f"{stub_url}{LINE_ITEMS_PATH}/{ITEM}/lineitem?type_id=1"
                school = make_school(database, stub_url, people=SCORES, now=_now(), line_item=line_item)
                yield Scene(school, stub_url, environment)
                database.close()
            finally:
                stub.terminate()


def _rate(say: Callable[[str], None]) -> float:
    """Return how many scores a second one worker delivers, out of a full outbox, without faults."""
    with _scene(faults=0) as scene:
        scene.school.score_all(dict.fromkeys(scene.school.people, "0.5"), _now())
        with scene.worker():
            begun = time.perf_counter()
            scene.wait()
            rate = SCORES / (time.perf_counter() - begun)
        if len(scene.report()["scores"]) != SCORES:
            raise RuntimeError("the stub has not seen every score")
    say(f"{rate:.0f} scores a second")
    return rate


def _faults(say: Callable[[str], None]) -> tuple[int, int, float]:
    """Return how many lines have no score and how many not the latest, after faults and kill -9, and the clock's lead."""
    random = SystemRandom()
    with _scene(faults=FAULTY) as scene:
        people = scene.school.people
        latest = {person: f"{random.randrange(1, 500) / 1000}" for person in people}
        scene.school.score_all(latest, _now())
        for _ in range(KILLS):
            with scene.worker("--quick"):
                end = time.monotonic() + KILL_EVERY_S
                while time.monotonic() < end:
                    _change_some(scene.school, latest, random)
                    time.sleep(0.2)
            say(f"killed the worker; {scene.due()} of {SCORES} rows are due")
        with scene.worker("--quick"):
            scene.wait()
        report = scene.report()
        given_up = scene.given_up()
    say(f"answers: {report['answers']}; {given_up} rows given up")
    lost, stale = _compared(latest, people, report)
    return lost, stale, report["ahead_s"]


def _change_some(school: School, latest: dict[int, str], random: SystemRandom) -> None:
    """Let some scores rise while the worker works."""
    changed = {person: f"{random.randrange(500, 1000) / 1000}" for person in random.sample(school.people, 40)}
    latest |= changed
    school.score_all(changed, _now())


def _compared(latest: dict[int, str], people: tuple[int, ...], report: dict[str, Any]) -> tuple[int, int]:
    """Compare what the platform has with what it should have."""
    lost = stale = 0
    for number, person in enumerate(people):
        found = report["scores"].get(f"{ITEM} {user_of(number)}")
        lost += found is None
        stale += found is not None and Decimal(str(found[2])) != Decimal(latest[person]) * 100
    return lost, stale


def _read_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that a process prints."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args!r} ended before it was ready")
    return line.strip()


def _now() -> datetime:
    return datetime.now(UTC)
