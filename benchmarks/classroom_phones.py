"""Phones that come back to the network after a day without: how long until all that they kept is merged.

Three phones hold 200 observations of four rows: some corrected, some twice, in any order. They send them to the tool as
the app does, in batches of 50, over loopback; the clock runs from the first request to the last reply.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import select

from lti_tool.models import ObservationCapture
from qualoop.assessment.rubric import Rubric, content_hash, read_rubric
from tests.factories.class_sessions import open_classroom
from tests.factories.phones import Phone, PracticeCourse, install, join, link_in, moment
from tests.factories.served_tool import ServedTool, served
from tests.factories.tool import make_tool

OBSERVATIONS: Final = 200
PHONES: Final = 3
LEARNERS: Final = 40
BATCH: Final = 50
#: One in so many is sent once more, and corrects the one before.
TWICE, CORRECTS = 5, 10
PATIENCE_S: Final = 60.0
MUST_S: Final = 2.0
SEED: Final = 20261128
_POINTS: Final = ("SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.1")
_LEVELS: Final = ("Not yet", "Nearly", "Secure")


def run_phones() -> dict[str, float | None]:
    """Return the figure of phones: seconds until 200 observations are merged."""
    with tempfile.TemporaryDirectory() as folder:
        return {"phone_queue_s_200": measure(Path(folder)).seconds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """How long it took, how many rows stand in the ledger, and how many must: one for each row of each observation.

    ``lost`` are observations that were acknowledged and are not stored; ``acknowledged`` is how many there were.
    """

    seconds: float
    evidence: int
    wanted: int
    acknowledged: int
    lost: frozenset[str]


def measure(folder: Path, *, observations: int = OBSERVATIONS, kills: int = 0) -> Merged:
    """Return what became of so many observations, where the server is killed ``kills`` times while they are sent."""
    tool = make_tool(f"sqlite:///{folder / 'tool.db'}")
    tool.clock.now = datetime.now(UTC)
    install(tool, four_rows())
    room = open_classroom(tool, "field")
    course = PracticeCourse(tool, room.teacher, [room.learner(number) for number in range(LEARNERS)])
    queues = _queues(course, observations)
    with served(tool, folder / "server") as server:
        for queue in queues:
            queue.open(server)
        acts = [queue.send_all for queue in queues]
        seconds = _together(acts, lambda: _kill(server, queues, kills))
        for queue in queues:
            queue.close()
    evidence = len(course.events())
    told = frozenset(name for queue in queues for name in queue.told)
    with tool.runtime.database.reading() as session:
        stored = frozenset(session.scalars(select(ObservationCapture.capture)))
    tool.runtime.database.close()
    tool.runtime.http.close()
    corrections = sum(each.corrections for each in queues)
    return Merged(
        seconds=seconds,
        evidence=evidence,
        wanted=(observations - corrections) * len(_POINTS),
        acknowledged=len(told),
        lost=told - stored,
    )


def four_rows() -> Rubric:
    """Return a rubric of four rows with three levels each."""
    levels = "".join(
        f"\n      - {{title: {{en: {title}}}, descriptor: {{en: Seen so.}}, points: {number}}}"
        for number, title in enumerate(_LEVELS)
    )
    rows = "".join(
        f"\n  - key: row-{number}\n    title: {{en: Row {number}}}\n    knowledge_points: {{{point}: 1}}\n    levels:{levels}"
        for number, point in enumerate(_POINTS)
    )
    head = "format: qualoop-rubric\nformat_version: 1\nkey: field\nversion: 1.0.0\ntitle: {en: Field}\nlanguages: [en]"
    return read_rubric(f"{head}\nrows:{rows}\n", None)


@dataclass
class _Queue:
    """What one phone has kept: tokens in the order in which it sends them, and which were acknowledged."""

    phone: Phone
    tokens: Sequence[str]
    corrections: int
    acknowledged: int = field(default=0)
    told: set[str] = field(default_factory=set)
    connection: http.client.HTTPConnection | None = None

    def open(self, server: ServedTool) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()

    def send_all(self) -> None:
        for start in range(0, len(self.tokens), BATCH):
            batch = self.tokens[start : start + BATCH]
            self._insist(batch)
            self.acknowledged += len(batch)

    def _insist(self, batch: Sequence[str]) -> None:
        """Send a batch until it is answered; raise RuntimeError where one of it is refused."""
        body = json.dumps({"captures": batch, "device_now": moment(datetime.now(UTC) + self.phone.skew)})
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, answer = self._ask(body)
                if status != HTTPStatus.OK or any(each["state"] == "refused" for each in answer["results"]):
                    raise RuntimeError(f"a batch was answered with {status}: {answer}")
                self.told |= {each["id"] for each in answer["results"]}
                return
            time.sleep(0.05)
        raise RuntimeError("a batch was not answered")

    def _ask(self, body: str) -> tuple[int, Any]:
        headers = {"Cookie": self.phone.cookies, "Qualoop-Phone": "1", "Content-Type": "application/json"}
        connection = self.connection
        if connection is None:
            raise RuntimeError("the queue is not open")
        try:
            connection.request("POST", "/phone/api/captures", body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            raise


def _queues(course: PracticeCourse, observations: int) -> list[_Queue]:
    """Return what three phones, one of them of the teacher, hold of a day: each with a wrong clock of its own."""
    random, tool = np.random.default_rng(SEED), course.tool
    links = [course.own_link(), *(link_in(course.invite(name=f"Mentor {number}").text) for number in range(1, PHONES))]
    found = []
    for number, link in enumerate(links):
        phone = join(tool, link, skew=timedelta(minutes=int(random.integers(-120, 121))))
        count = observations // PHONES + (number < observations % PHONES)
        captures = _captures(phone, course, count, random)
        tokens = [phone.sign(each) for each in captures]
        again = random.choice(len(tokens), len(tokens) // TWICE, replace=False)
        sent = [*tokens, *(tokens[each] for each in again)]
        sent = [sent[each] for each in random.permutation(len(sent))]
        corrections = sum(each["replaces"] is not None for each in captures)
        found.append(_Queue(phone=phone, tokens=sent, corrections=corrections))
    return found


def _captures(phone: Phone, course: PracticeCourse, count: int, random: np.random.Generator) -> list[dict[str, Any]]:
    rubric = content_hash(four_rows())
    made: list[dict[str, Any]] = []
    for number in range(count):
        replaces = made[-1] if number % CORRECTS == CORRECTS - 1 else None
        learner = replaces["learner"] if replaces else course.learners[random.integers(LEARNERS)].who.person_uuid
        rows = {
            f"row-{row}": {"level": int(random.integers(len(_LEVELS))), "comment": "Seen on the shop floor."}
            for row in range(len(_POINTS))
        }
        made.append(
            phone.capture(
                learner,
                task="rubric:field",
                rubric=rubric,
                rows=rows,
                replaces=replaces["id"] if replaces else None,
            )
        )
    return made


def _kill(server: ServedTool, queues: Sequence[_Queue], times: int) -> None:
    """Kill the server, each time when something more was acknowledged, and start it again."""
    for _ in range(times):
        before = sum(each.acknowledged for each in queues)
        ends = time.monotonic() + PATIENCE_S
        while sum(each.acknowledged for each in queues) == before and time.monotonic() < ends:
            time.sleep(0.002)
        server.kill()
        server.start()


def _together(acts: Sequence[Callable[[], None]], beside: Callable[[], None]) -> float:
    """Do all at once, ``beside`` meanwhile; return the seconds until the last of ``acts`` is done, and raise what they raise."""
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=len(acts) + 1) as pool:
        waiting = [pool.submit(act) for act in acts]
        other = pool.submit(beside)
        for done in waiting:
            done.result()
        seconds = time.monotonic() - began
        other.result()
    return seconds
