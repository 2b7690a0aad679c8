"""Every acknowledged scratch is there, although the server is killed while teams scratch, on each kind of database."""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import select

from lti_tool.models import ClassScratch
from lti_tool.services.classes import team_checks
from tests.factories.class_sessions import cookies_of, open_classroom
from tests.factories.classrooms import Seat
from tests.factories.served_tool import served
from tests.factories.team_classes import ITEMS, TeamClass, team_class
from tests.factories.tool import Tool

PEOPLE = 6
KILL_AFTER = (3, 10, 18)
"""So many acknowledged scratches, and the server dies."""
PATIENCE_S = 60.0
Scratch = tuple[int, int, str]
"""Team, number of the question, option."""


class Scratching:
    """The phones of a class that scratch every wrong option, each until that is acknowledged."""

    def __init__(self, found: TeamClass, port: int) -> None:
        self._found, self._port = found, port
        self._check = found.check()
        self.said: set[Scratch] = set()
        self.more = threading.Condition()

    def work(self, seat: Seat) -> None:
        """Scratch as one member; raise AssertionError for any other answer than that it is done."""
        team = self._found.team_of(seat).id
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', seat.get().text)
        assert csrf
        path = f"{seat.page}in-class/{self._found.room.row().uuid}/team"
        for number, place, option in self._wrong():
            form = {"do": "scratch", "poll": self._check.uuid, "number": str(number), "choice": str(place)}
            self._insist(path, {**form, "csrf": csrf[1]}, cookies_of(seat))
            with self.more:
                self.said.add((team, number, option))
                self.more.notify_all()

    def wait_for(self, count: int) -> None:
        """Wait until so many scratches are acknowledged."""
        with self.more:
            assert self.more.wait_for(lambda: len(self.said) >= count, PATIENCE_S)

    def kept(self) -> dict[tuple[int, int], list[tuple[int, str]]]:
        """Return what stands, by team and question: place in order, option."""
        kept: dict[tuple[int, int], list[tuple[int, str]]] = {}
        with self._found.room.tool.runtime.database.reading() as session:
            query = select(ClassScratch).where(ClassScratch.check_id == self._check.id).order_by(ClassScratch.place)
            for each in session.scalars(query):
                kept.setdefault((each.team_id, each.number), []).append((each.place, each.option))
        return kept

    def _wrong(self) -> Iterator[Scratch]:
        seed = team_checks.seed_of(self._check)
        for number, item in enumerate(team_checks.read_items(self._check), 1):
            for place, option in enumerate(item.options(seed)):
                if not option.correct:
                    yield number, place, option.key

    def _insist(self, path: str, form: dict[str, str], cookies: str) -> None:
        headers = {
            "Cookie": cookies,
            "X-Qualoop-Fragment": "1",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("POST", path, urlencode(form), headers)
                with connection.getresponse() as response:
                    text = response.read().decode()
                    assert response.status == HTTPStatus.OK, (response.status, text)
                    return
            time.sleep(0.05)
        raise AssertionError("nobody answered")


def test_no_acknowledged_scratch_is_lost(tool: Tool, tmp_path: Path) -> None:
    tool.clock.now = datetime.now(UTC)
    found = team_class(open_classroom(tool, "killed"), PEOPLE)
    found.plan_check(ITEMS)
    found.until("team")
    with served(tool, tmp_path / "server") as server, ThreadPoolExecutor(PEOPLE) as phones:
        hall = Scratching(found, server.port)
        working = [phones.submit(hall.work, seat) for seat in found.learners]
        for count in KILL_AFTER:
            hall.wait_for(count)
            server.kill()
            # Nobody can mend it now: what was acknowledged stands.
            kept = {(*where, option) for where, options in hall.kept().items() for _, option in options}
            assert hall.said <= kept
            server.start()
        for each in working:
            each.result(PATIENCE_S)
    kept_in_order = hall.kept()
    assert hall.said == {(*where, option) for where, options in kept_in_order.items() for _, option in options}
    # Whatever was cut off left no gap and no double.
    for options in kept_in_order.values():
        assert [place for place, _ in options] == list(range(1, len(options) + 1))
        assert len({option for _, option in options}) == len(options)
