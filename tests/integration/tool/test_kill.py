"""Nothing acknowledged is ever lost: the web process is killed again and again while a learner answers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

import pytest

from benchmarks.launch_servers import ACTIVITY, Connection, Server, key_server, tool_server
from qualoop.assessment import Item, reveal
from qualoop.content_packages import open_lesson
from tests.factories.launches import LTI, LaunchingPlatform
from tests.factories.tool import shipped
from tests.unit.assessment.examples import form_of

ITEMS = list(open_lesson(next(p for p in shipped().packages if p.key == ACTIVITY).document).items.values())
# Killed a few milliseconds later each time: before, within and after the transaction of an answer.
KILLED = range(2, 8, 2)


@dataclass
class Learner:
    """A browser that keeps its cookie and comes back after every broken connection."""

    server: Server
    cookie: str = ""
    page: str = ""
    acknowledged: set[str] = field(default_factory=set)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, Message, str]:
        connection = http.client.HTTPConnection("localhost", self.server.port, timeout=20)
        with contextlib.closing(connection):
            return self._ask(connection, method, path, form)

    def _ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, form: dict[str, str] | None
    ) -> tuple[int, Message, str]:
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        headers |= {"X-Qualoop-Fragment": "1"} if form else {}
        connection.request(method, path, urlencode(form, doseq=True) if form else None, headers)
        with connection.getresponse() as response:
            return response.status, response.headers, response.read().decode()

    def launch(self, platform: LaunchingPlatform) -> None:
        connection = Connection("localhost", self.server.port, self.server.paths)
        state, nonce, self.cookie = connection.login(platform)
        claims = platform.claims("learner", nonce=nonce, now=int(time.time()))
        claims[LTI + "target_link_uri"] = connection.target
        connection.close()
        _, headers, html = self.ask("POST", "/lti/launch", {"id_token": platform.sign(claims), "state": state})
        cookies = [value.partition(";")[0] for value in headers.get_all("Set-Cookie") or []]
        self.cookie = next(cookie for cookie in cookies if not cookie.endswith("="))
        found = re.search(r'data-canonical-url="([^"]+)"', html)
        assert found
        self.page = found[1]

    def answer(self, item: Item, seed: int) -> None:
        """Answer until it is acknowledged; what was cut off is simply sent again."""
        end = time.monotonic() + 60
        while item.key not in self.acknowledged and time.monotonic() < end:
            with contextlib.suppress(OSError, http.client.HTTPException):
                _, _, html = self.ask("GET", self.page)
                hidden = dict(re.findall(r'name="(csrf|attempt)" value="([0-9a-f-]+)"', html))
                fields = form_of(item, reveal(item).response, seed)
                form = {**hidden, "item": item.key, "try": "1", **fields}
                status, _, _ = self.ask("POST", f"{self.page}do/answer", form)
                if status == http.HTTPStatus.OK:
                    self.acknowledged.add(item.key)


def worker_of(database: Path) -> int:
    """Return gunicorn's worker: the only child of the process that has the tool's folder in its environment.

    Raises AssertionError while there is none.
    """
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(database).encode() in (process / "environ").read_bytes():
                children = (process / "task" / process.name / "children").read_text(encoding="ascii").split()
                if children:
                    return int(children[0])
    raise AssertionError("no worker runs")


class Blow(threading.Thread):
    """Kills the worker of now ``after_s`` from its start; where that one has ended by itself since, the next one."""

    def __init__(self, database: Path, after_s: float) -> None:
        super().__init__()
        self._database, self._after_s = database, after_s
        self._worker = worker_of(database)
        self.has_hit = False

    def run(self) -> None:
        time.sleep(self._after_s)
        end = time.monotonic() + 30
        while not self.has_hit and time.monotonic() < end:
            try:
                os.kill(self._worker, signal.SIGKILL)
                self.has_hit = True
            except ProcessLookupError:
                with contextlib.suppress(AssertionError):
                    self._worker = worker_of(self._database)


# On 3.11 http.client leaves its reader open where the killed server cut a connection off.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_acknowledged_answer_is_in_the_ledger(tmp_path: Path) -> None:
    with key_server() as platform, tool_server(tmp_path, platform, "sqlite") as server:
        (path,) = tmp_path.glob("*/tool.db")
        learner = Learner(server)
        learner.launch(platform)
        with contextlib.closing(sqlite3.connect(path)) as database:
            seed = json.loads(database.execute("SELECT state FROM attempt").fetchone()[0])["seed"]
        for number, item in enumerate(ITEMS):
            blow = Blow(path.parent, 0.004 * number) if number in KILLED else None
            if blow:
                blow.start()
            learner.answer(item, seed)
            if blow:
                blow.join()
                assert blow.has_hit
        assert learner.acknowledged == {item.key for item in ITEMS}
        with contextlib.closing(sqlite3.connect(path)) as database:
            events = database.execute("SELECT body FROM ledger_event WHERE type = 'evidence.recorded'").fetchall()
            assert sorted(json.loads(body)["part"] for (body,) in events) == sorted(learner.acknowledged)
            assert database.execute("SELECT value FROM link_score").fetchall() == [("1",)]
