"""Schools that report to loopback platforms of several products, and worker processes that deliver and are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from numpy.random import Generator
from sqlalchemy import func, select, text

from benchmarks.ags_stub import LINE_ITEMS_PATH
from lti_tool.db import Database
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import OutboxRow
from lti_tool.services.grades.delivery_status import resend
from lti_tool.services.schema import migrate
from tests.factories.schools import School, make_school, user_of

THREADS: Final = 8
ITEM: Final = "1"
PATIENCE_S: Final = 300.0
POLL_S: Final = 0.1
SECRET: Final = "a secret for the bench, as long as it must be"
TOP: Final = 1000
"""Scores are thousandths of the whole, and only rise: so a lower one after a higher one shows."""


class Class:
    """The learners of one school, what each has scored by now, and the platform that is to hear of it."""

    def __init__(self, school: School, platform_url: str) -> None:
        self.school = school
        self.platform_url = platform_url
        self.latest = dict.fromkeys(school.people, 0)

    def score(self, values: Mapping[int, int]) -> None:
        """Give people scores, in thousandths."""
        self.latest.update(values)
        self.school.score_all({person: f"{value / TOP}" for person, value in values.items()}, now())

    def score_some(self, count: int, random: Generator) -> None:
        """Let the scores of some people rise."""
        people = self.school.people
        some = [people[index] for index in random.integers(len(people), size=count)]
        self.score({person: min(self.latest[person] + int(random.integers(1, TOP // 10)), TOP) for person in some})

    def send_again(self) -> int:
        """Do what a teacher can do about scores that were given up: send all again; return how many."""
        with self.school.database.transaction() as session:
            return resend(session, self.school.organisation_id, self.school.link, person=None, now=now())

    def report(self) -> dict[str, Any]:
        """Return what the platform has seen."""
        with urllib.request.urlopen(f"{self.platform_url}/report") as answer:
            report: dict[str, Any] = json.load(answer)
        return report


@dataclass(frozen=True)
class Scene:
    """A database with a class for each platform."""

    database: Database
    classes: Sequence[Class]
    environment: Mapping[str, str]

    @contextmanager
    def worker(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Start a worker that has begun its work; killed (SIGKILL) at the end."""
        command = [sys.executable, "-m", "benchmarks.delivery_worker", "--threads", str(THREADS), *options]
        with subprocess.Popen(
            command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                read_line(process)
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
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(OutboxRow).where(text(condition))) or 0

    def wait(self, seconds: float = PATIENCE_S) -> bool:
        """Wait until the worker has nothing more to deliver; say no where it still has after so many seconds."""
        deadline = time.monotonic() + seconds
        while self.due():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True


@contextmanager
def staged(
    url: str, products: Sequence[Product], *, people: int, faults: float = 0.0, seed: int = 1
) -> Iterator[Scene]:
    """Fill an empty database at ``url`` with a class of ``people`` for each product; run the platforms in a process."""
    command = [sys.executable, "-m", "benchmarks.ags_stub", "--products", ",".join(products)]
    command += ["--faults", str(faults), "--seed", str(seed)]
    with ExitStack() as stack:
        platforms = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(platforms.terminate)
        urls: dict[str, str] = json.loads(read_line(platforms))
        database = Database(url)
        stack.callback(database.close)
        migrate(database)
        classes = [_class(database, Product(product), address, people) for product, address in urls.items()]
        environment = {
            **os.environ,
            "QUALOOP_DATABASE_URL": url,
            "QUALOOP_SECRET_KEY": SECRET,
            "QUALOOP_ALLOW_LOOPBACK": "1",
            "QUALOOP_OUTGOING_TIMEOUT_S": "1",
        }
        yield Scene(database, classes, environment)


@contextmanager
def sqlite_url() -> Iterator[str]:
    """Give the address of a database file that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the platforms have in the end, over all learners: see `compare`."""

    lost: int
    stale: int
    lowered: int
    repeated: int
    doubled: int
    ahead_s: float


def compare(scene: Scene) -> Outcome:
    """Compare what the platforms have with what they should have.

    Lost: no score of a learner. Stale: not the latest. Lowered, repeated: scores that came with a timestamp lower than,
    or the same as, one that the platform may have. Doubled: attempts that were counted more than once.
    """
    lost = stale = doubled = 0
    reports = [each.report() for each in scene.classes]
    for each, report in zip(scene.classes, reports, strict=True):
        for number, person in enumerate(each.school.people):
            key = f"{ITEM} {user_of(number)}"
            found = report["scores"].get(key)
            lost += found is None
            stale += found is not None and Decimal(str(found[2])) * (TOP // 100) != each.latest[person]
            doubled += max(report["attempts"].get(key, 0) - 1, 0)
    return Outcome(
        lost=lost,
        stale=stale,
        lowered=sum(report["lowered"] for report in reports),
        repeated=sum(report["repeated"] for report in reports),
        doubled=doubled,
        ahead_s=max(report["ahead_s"] for report in reports),
    )


def read_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that a process prints."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args!r} ended before it was ready")
    return line.strip()


def now() -> datetime:
    """Return the time: these processes have no other clock."""
    return datetime.now(UTC)


def _class(database: Database, product: Product, platform_url: str, people: int) -> Class:
    school = make_school(
        database,
        platform_url,
        people=people,
        now=now(),
        line_item=f"{platform_url}{LINE_ITEMS_PATH}/{ITEM}/lineitem?type_id=1",
        key=product.value,
        product=product.value,
    )
    return Class(school, platform_url)
