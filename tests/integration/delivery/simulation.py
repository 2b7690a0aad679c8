"""Deliveries in simulated time: the real outbox, dispatch and channel, a platform of some product, workers that die.

What happens is a list of happenings; what must hold whatever happens is `Simulation.check`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from benchmarks.ags_faults import Fault
from benchmarks.ags_stub import LINE_ITEMS_PATH, Stub
from lti_tool.db import Database
from lti_tool.lti.platform_keys import KeyCache
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.services.content.contents import Contents
from lti_tool.services.grades.delivery_status import resend
from lti_tool.services.mechanisms.dispatch import Dispatch
from lti_tool.services.mechanisms.outbox import State
from lti_tool.services.platforms.registrations import Registrations
from lti_tool.services.platforms.runtime import Runtime
from lti_tool.settings import Settings
from lti_tool.worker import make_dispatch
from tests.factories.schools import make_school, user_of
from tests.integration.delivery.conftest import ITEM, SECRET, TIMEOUT_S, Clock

PEOPLE = 90
THREADS = 3
HOURS = 120


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, and nobody hears of it."""


class End(StrEnum):
    """When a worker dies."""

    NEVER = "never"
    BEFORE_SENDING = "before-sending"
    """What it claimed is committed, and nothing of it is sent."""
    BEFORE_MARKING = "before-marking"
    """What it claimed is sent, and no answer is noted."""


class DyingDatabase(Database):
    """The database as a worker sees it that is killed around its second transaction; the first one claims.

    Only the thread of the dispatch dies: the senders end what they have begun, and nobody notes it.
    """

    def __init__(self, real: Database, end: End) -> None:
        self.engine = real.engine
        self._real = real
        self._end = end
        self._dies = threading.current_thread()
        self._opened = 0

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        dies = threading.current_thread() is self._dies
        self._opened += dies
        if dies and self._opened > 1:
            raise Killed
        with self._real.connection() as connection:
            yield connection
        if dies and self._end is End.BEFORE_SENDING:
            raise Killed


@dataclass(frozen=True)
class Happening:
    """After ``after_s`` seconds some people get new scores (thousandths), or (None) a worker looks, and dies or not."""

    after_s: float
    scores: tuple[tuple[int, int], ...] | None = None
    end: End = End.NEVER


class Simulation:
    """A school that reports to a platform. Use `begin` for each run: people and time go on, nothing is thrown away."""

    def __init__(self, database: Database, stub: Stub) -> None:
        self.database = database
        self.stub = stub
        self.clock = Clock()
        self.school = make_school(
            database,
            stub.base_url,
            people=PEOPLE,
            now=self.clock.now,
            line_item=f"{stub.base_url}{LINE_ITEMS_PATH}/{ITEM}/lineitem?type_id=1",
            product=stub.behaviour.product.value,
        )
        self._http = HttpClient(AddressPolicy(allow_loopback=True), timeout_s=TIMEOUT_S)
        self._people: Iterator[int] = itertools.cycle(range(PEOPLE))
        self._latest: dict[int, int] = {}

    def begin(self, people: int, faults: Sequence[Fault | None], meanwhile: Sequence[int | None] = ()) -> list[int]:
        """Return the numbers of some people whose requests, in their order, meet these faults; then none.

        ``meanwhile`` are the new scores that their people get while the requests are on their way, None for no new one.
        """
        numbers = [next(self._people) for _ in range(people)]
        script = itertools.zip_longest(faults, meanwhile)

        def plan(user: str, request: int) -> Fault | None:
            fault, value = next(script, (None, None))
            if value is not None:
                self.score([(number, value) for number in numbers if user_of(number) == user])
            return fault

        self.stub.plan = plan
        self._latest = {}
        self.score([(number, 1) for number in numbers])
        return numbers

    def happen(self, numbers: Sequence[int], happening: Happening) -> None:
        """Let one thing happen."""
        self.clock.advance(seconds=happening.after_s, milliseconds=137)
        if happening.scores is None:
            self.work(happening.end)
        else:
            self.score([(numbers[index % len(numbers)], value) for index, value in happening.scores])

    def score(self, values: Sequence[tuple[int, int]]) -> None:
        """Give people, by their numbers, scores in thousandths."""
        self._latest |= dict(values)
        people = self.school.people
        self.school.score_all({people[number]: f"{value / 1000}" for number, value in values}, self.clock.now)

    def work(self, end: End = End.NEVER) -> None:
        """Let a new worker deliver what is due, or die over it."""
        dispatch = self._dispatch(self.database if end is End.NEVER else DyingDatabase(self.database, end))
        try:
            dispatch.drain()
        except Killed:
            return

    def run_out(self, numbers: Sequence[int]) -> None:
        """Let hours pass until everything is delivered; a person helps where one is needed."""
        for _ in range(HOURS):
            rows = [self.school.outbox_row(self.school.people[number]) for number in numbers]
            if all(row.state == State.DONE for row in rows):
                return
            self.clock.advance(hours=1)
            for row in rows:
                if row.state in {State.NEEDS_PERSON, State.DEAD}:
                    self._send_again(row.subject)
            self.work()
        raise AssertionError("it is never delivered")

    def check(self, numbers: Sequence[int]) -> None:
        """What must hold: the latest score is there, and the platform never had to see two at once or time go back."""
        self.stub.release()
        for number in numbers:
            taken = self.stub.scores[ITEM, user_of(number)]
            assert Decimal(str(taken[-1][1])) == Decimal(self._latest[number]) / 10, "the latest score is there"
            times = [timestamp for timestamp, _ in taken]
            assert times == sorted(times), "never a lower timestamp is taken"
            assert datetime.fromisoformat(times[-1]).astimezone(UTC) <= self.clock.now
            assert self.stub.attempts[ITEM, user_of(number)] <= 1, "one attempt never counts as two"
        assert (self.stub.lowered, self.stub.repeated, self.stub.overlapping) == (0, 0, 0)

    def close(self) -> None:
        """Close what is open."""
        self._http.close()

    def _send_again(self, person: int) -> None:
        """Let a teacher press "send again"."""
        school = self.school
        with self.database.transaction() as session:
            resend(session, school.organisation_id, school.link, person=person, now=self.clock.now)

    def _dispatch(self, database: Database) -> Dispatch:
        """Return the dispatch of a new worker."""
        runtime = Runtime(
            settings=Settings(secret_key=SECRET, data_folder=Path("var")),
            database=database,
            http=self._http,
            platform_keys=KeyCache(self._http.get_document),
            registrations=Registrations(self.database),
            contents=Contents(),
            clock=self.clock,
        )
        return make_dispatch(runtime, random=Random(1), threads=THREADS)
