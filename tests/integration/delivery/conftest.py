from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from benchmarks.ags_stub import LINE_ITEMS_PATH, Stub, running
from lti_tool.db import Database
from lti_tool.lti.platform_keys import KeyCache
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.services.content.contents import Contents
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.settings import Settings
from lti_tool.worker import Worker, make_dispatch
from tests.factories.schools import ALL_SCOPES, School, make_school, user_of

SECRET = "a secret for tests, long enough to be one"
TIMEOUT_S = 0.5
ITEM = "7"


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


class Delivery:
    """A worker, the platform that it delivers to, and a school with scores."""

    def __init__(self, database: Database, stub: Stub, clock: Clock) -> None:
        self.database = database
        self.stub = stub
        self.clock = clock
        self.line_item: str | None = f"{stub.base_url}{LINE_ITEMS_PATH}/{ITEM}/lineitem?type_id=1"
        self.people = 3
        self.scopes: tuple[str, ...] = ALL_SCOPES
        self._school: School | None = None

    @property
    def school(self) -> School:
        """A school, made when a test first needs it."""
        if self._school is None:
            self._school = make_school(
                self.database,
                self.stub.base_url,
                people=self.people,
                now=self.clock.now,
                line_item=self.line_item,
                scopes=self.scopes,
            )
        return self._school

    def worker(self, *, threads: int = 2) -> Worker:
        """A new worker process, so to speak: nothing in memory."""
        http = HttpClient(AddressPolicy(allow_loopback=True), timeout_s=TIMEOUT_S)
        runtime = Runtime(
            settings=Settings(secret_key=SECRET, data_folder=Path("var")),
            database=self.database,
            http=http,
            platform_keys=KeyCache(http.get_document),
            registrations=Registrations(self.database),
            contents=Contents(),
            clock=self.clock,
        )
        return Worker(runtime, make_dispatch(runtime, random=Random(1), threads=threads))

    def run_for(self, *, minutes: int) -> None:
        """Let a worker look every five seconds for some time."""
        worker = self.worker()
        for _ in range(minutes * 12):
            worker.run_once()
            self.clock.advance(seconds=5)

    def taken(self, number: int = 0, item: str = ITEM) -> list[tuple[str, float]]:
        """Return timestamp and score of everything that the platform took for a person."""
        return self.stub.scores.get((item, user_of(number)), [])


@pytest.fixture
def stub() -> Iterator[Stub]:
    with running(Stub()) as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def delivery(database: Database, stub: Stub, clock: Clock) -> Delivery:
    return Delivery(database, stub, clock)
