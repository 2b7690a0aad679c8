"""A lecture hall of 300: how long until all have joined, voted, checked in; and whether a vote is lost when the server dies.

The tool runs as `qualoop serve` runs it, one process with four threads on SQLite; each learner is a thread here with a
connection of its own, that asks for the stage every second or two as the page does. Learners' launches are done before.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.classroom_phones import MUST_S, OBSERVATIONS, run_phones
from benchmarks.classroom_sheets import SHEETS, run_sheets
from lti_tool.models import ClassSeat, ClassVote, Person
from lti_tool.services.classes.sessions import shown_token
from tests.factories.class_sessions import Classroom, cookies_of, open_classroom
from tests.factories.classrooms import Seat
from tests.factories.served_tool import ServedTool, served
from tests.factories.tool import make_tool

LEARNERS: Final = 300
ASK_S: Final = (1.2, 2.0)
VOTE_WITHIN_S: Final = 6.0
KILLS: Final = 2
PATIENCE_S: Final = 120.0
CHOICES: Final = "012"
MUST: Final[Mapping[str, float]] = {
    "join_s_300": 10.0,
    "vote_p95_ms": 1000.0,
    "votes_lost": 0.0,
    "checkin_s_300": 60.0,
    "phone_queue_s_200": MUST_S,
    "sheets_s_200": 60.0,
    "sheets_misassigned": 0.0,
}
Say = Callable[[str], None]
Figures = dict[str, float | None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--learners", type=int, default=LEARNERS, help="how many (default: %(default)s)")


def run(say: Say, arguments: argparse.Namespace) -> tuple[Figures, dict[str, str]]:
    """Return the figures of the bench `classroom`: seconds, milliseconds at the 95th percentile, votes lost."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments.learners, say=say)
    say(f"{OBSERVATIONS} observations that phones kept")
    figures |= run_phones()
    say(f"{SHEETS} sheets of paper")
    return {**figures, **run_sheets()}, {}


def missed(figures: Mapping[str, float | None]) -> Sequence[str]:
    """Return a line for each figure that is worse than it must be."""
    return [
        f"{key} is {figure}, must be at most {MUST[key]}"
        for key in MUST
        if (figure := figures.get(key)) is not None and figure > MUST[key]
    ]


def measure(folder: Path, learners: int, *, say: Say) -> Figures:
    """Return the figures of a class of so many learners, in a new folder."""
    tool = make_tool(f"sqlite:///{folder / 'tool.db'}")
    tool.clock.now = datetime.now(UTC)
    room = open_classroom(tool, "hall")
    say(f"{learners} launches")
    seats = [room.learner(number) for number in range(learners)]
    room.plan()
    first, second = room.ask(), room.ask(prompt="And which now?")
    room.do("open")
    room.do("roll")
    with served(tool, folder / "server") as server:
        hall = _Hall(room, server, [_Learner(seat, room.row().uuid, server.port) for seat in seats])
        say("all join")
        figures: Figures = {"join_s_300": hall.join()}
        room.move(first, "first")
        say("all vote")
        figures["vote_p95_ms"] = hall.vote(first)
        room.move(first, "first-closed")
        room.move(second, "first")
        say("all vote, and the server is killed meanwhile")
        hall.vote(second, kills=KILLS)
        figures["votes_lost"] = hall.lost(first) + hall.lost(second)
        say("all check in")
        figures["checkin_s_300"] = hall.check_in()
        for learner in hall.learners:
            learner.close()
    tool.runtime.database.close()
    tool.runtime.http.close()
    return figures


@dataclass
class _Learner:
    """A learner's browser: cookie, page, and which vote of which poll was acknowledged."""

    seat: Seat
    class_uuid: str
    port: int
    csrf: str = ""
    acknowledged: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None
    etag: str = ""

    def ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Send one request; raise OSError or HTTPException where it comes to nothing."""
        connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.connection = connection
        headers = {"Cookie": cookies_of(self.seat), "X-Qualoop-Fragment": "1"}
        if self.etag and path.startswith("/class/live/"):
            headers["If-None-Match"] = self.etag
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(form) if form is not None else None, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException):
            # The next request opens it anew.
            connection.close()
            raise
        if path.startswith("/class/live/"):
            self.etag = response.headers.get("ETag") or ""
        return response.status, text

    def insist(self, method: str, path: str, form: Mapping[str, str] | None = None) -> str:
        """Send a request until it is answered, as a page does that says `trying again`; raise RuntimeError."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, text = self.ask(method, path, form)
                if status == HTTPStatus.OK:
                    return text
                raise RuntimeError(f"{path} was answered with {status}")
            time.sleep(0.05)
        raise RuntimeError(f"{path} was not answered in {PATIENCE_S} s")

    def close(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()

    def join(self) -> None:
        """Open the class."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.insist("GET", self._page))
        self.csrf = found[1] if found else ""
        self.look()

    def look(self) -> None:
        """Ask whether anything has changed."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.ask("GET", f"/class/live/{self.class_uuid}")

    def vote(self, poll: str, choice: str) -> float:
        """Vote until that is acknowledged; return the seconds it took."""
        form = {"csrf": self.csrf, "poll": poll, "round": "1", "choice": choice}
        began = time.monotonic()
        self.insist("POST", f"{self._page}vote", form)
        self.acknowledged[poll] = choice
        return time.monotonic() - began

    @property
    def _page(self) -> str:
        return f"{self.seat.page}in-class/{self.class_uuid}/"


@dataclass
class _Hall:
    """The class, the server, and everybody in it."""

    room: Classroom
    server: ServedTool
    learners: Sequence[_Learner]

    def join(self) -> float:
        """Return how long it takes until everybody has the page."""
        return _together([learner.join for learner in self.learners])

    def vote(self, poll: str, *, kills: int = 0) -> float:
        """Let everybody vote within a few seconds while everybody asks; return the 95th percentile in milliseconds."""
        times, count = list[float](), len(self.learners)

        def voting(place: int) -> Callable[[], None]:
            learner, ends = self.learners[place], time.monotonic() + VOTE_WITHIN_S * place / count
            pause = ASK_S[0] + (ASK_S[1] - ASK_S[0]) * (place % 10) / 10

            def act() -> None:
                while (left := ends - time.monotonic()) > 0:
                    time.sleep(min(left, pause))
                    learner.look()
                times.append(learner.vote(poll, CHOICES[place % len(CHOICES)]))

            return act

        acts = [voting(place) for place in range(count)]
        killer = threading.Thread(target=self._kill, args=(kills,))
        killer.start()
        _together(acts)
        killer.join()
        return statistics.quantiles(times, n=20)[-1] * 1000 if len(times) > 1 else times[0] * 1000

    def lost(self, poll: str) -> int:
        """Return how many acknowledged votes of a poll are not there as they were cast."""
        with self.room.tool.runtime.database.reading() as session:
            polls = {each.uuid: each.id for each in self.room.polls()}
            rows = session.execute(
                select(Person.uuid, ClassVote.response)
                .join(ClassSeat, ClassSeat.person_id == Person.id)
                .join(ClassVote, ClassVote.class_seat_id == ClassSeat.id)
                .where(ClassVote.class_poll_id == polls[poll])
            )
            stored = {row[0]: row[1] for row in rows}
        cast = {
            each.seat.who.person_uuid: each.acknowledged[poll] for each in self.learners if poll in each.acknowledged
        }
        return sum(stored.get(learner) != [f"option-{int(choice) + 1}"] for learner, choice in cast.items())

    def check_in(self) -> float:
        """Return how long it takes until as many phones have scanned, each with the token that is shown then."""
        row = self.room.row()

        def scanning() -> None:
            token, _, _ = shown_token(row, datetime.now(UTC))
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
            with contextlib.closing(connection):
                connection.request("GET", f"/class/here/{row.uuid}/{token}")
                with connection.getresponse() as response:
                    taken = "Set-Cookie" in response.headers
            if not taken:
                raise RuntimeError("a scan was not taken")

        return _together([scanning for _ in self.learners])

    def _kill(self, times: int) -> None:
        for _ in range(times):
            time.sleep(VOTE_WITHIN_S / (times + 1))
            self.server.kill()
            self.server.start()


def _together(acts: Sequence[Callable[[], None]]) -> float:
    """Do all at once, each in a thread; return the seconds until the last is done. Raises what any of them raised."""
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=len(acts)) as pool:
        for done in [pool.submit(act) for act in acts]:
            done.result()
    return time.monotonic() - began
