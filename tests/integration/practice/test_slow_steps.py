"""While an engine works, nobody waits: not for the database on SQLite, not for the attempt on PostgreSQL."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lti_tool.db import Database
from lti_tool.models import ResourceLink
from lti_tool.services.attempts.closing import close_due
from qualoop.player.project import PracticeProjectKind
from qualoop.player.project_state import GRADED, PRACTICE, Mode
from qualoop.simulators.errors import EngineUnavailableError
from qualoop.simulators.sql.running import Installation, use
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.sql_ladder import data_folder, installation
from tests.factories.tool import Tool, make_tool, shipped
from tests.integration.practice.conftest import PROJECT
from tests.integration.practice.test_attempts import act, evidence_in, fields_of, key_of, project_of

#: Longer than a writer waits for another on SQLite.
LONG_S = 12.0
#: What an answer takes here at most, on a machine that does much else.
QUICK_S = 5.0
ROUND = "run"
LADDER = "da-sql-ladder"
SLOW = "select count(*) from sales a, sales b, sales c where a.quantity < b.quantity + NUMBER"


class SlowEngine:
    """Lets nobody through who plays a round, until it is told to; ``entered`` counts who came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, parties: int = 1) -> None:
        self._step = PracticeProjectKind.step
        self.at_work = threading.Barrier(parties + 1)
        self.goes_on = threading.Event()
        monkeypatch.setattr(PracticeProjectKind, "step", self._slow())

    def _slow(self) -> Callable[..., Any]:
        def step(kind: PracticeProjectKind, content: Any, state: Any, action: Any, **more: Any) -> Any:
            if action.name == ROUND and not self.goes_on.is_set():
                self.at_work.wait(LONG_S)
                self.goes_on.wait(LONG_S)
            return self._step(kind, content, state, action, **more)

        return step


def played(seat: Seat, mode: Mode = PRACTICE) -> int:
    run = project_of(seat)[1].run(mode)
    assert run is not None
    return run.played


def round_form(seat: Seat, mode: Mode = PRACTICE) -> dict[str, str]:
    """Return the form of the next round, as its page has it."""
    project, state, uuid = project_of(seat)
    run = state.run(mode)
    assert run is not None
    world = project.engine.world(project.spec, key_of(seat, mode))
    fields = fields_of(project, world, project.engine.reference(world)[0])
    return {"attempt": uuid, "mode": mode, "world": str(run.number), "round": str(run.played), **fields}


def assert_nothing_is_held(database: Database) -> None:
    """Fail where any other connection could not write now: on SQLite at all, on PostgreSQL to attempts."""
    if database.is_sqlite:
        path = database.engine.url.database
        assert path
        with sqlite3.connect(Path(path), timeout=0.0, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        other.close()
        return
    with database.engine.connect() as connection:
        connection.execute(text("SELECT id FROM attempt FOR UPDATE NOWAIT"))
        connection.rollback()


def test_ten_learners_save_while_one_waits_for_an_engine(
    tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(seat, "open", PRACTICE, to=PRACTICE)
    form = round_form(seat)
    others = [enter(tool, f"o-{number}") for number in range(10)]
    slow = SlowEngine(monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(seat.post, "do/run", **form)
        slow.at_work.wait(LONG_S)
        took = []
        for other in others:
            start = time.monotonic()
            other.answer(right=[True])
            took.append(time.monotonic() - start)
        assert not waiting.done()
        slow.goes_on.set()
        assert waiting.result().status_code == 303
    assert max(took) < QUICK_S
    assert played(seat) == 1
    assert len({each.attempt for each in evidence_in(tool)}) == len(others) + 1


@pytest.fixture
def queries() -> Iterator[Installation]:
    made = installation(data_folder())
    made.check()
    use(made)
    yield made
    made.close()


def test_ten_learners_save_while_a_sheet_of_slow_queries_runs(database_url: str, queries: Installation) -> None:
    tool = make_tool(database_url, content=shipped(LADDER))
    seat = enter(tool, "s-1", lesson=LADDER, title="The SQL ladder")
    others = [enter(tool, f"o-{number}") for number in range(10)]
    act(seat, "open", PRACTICE, to=PRACTICE)
    project, state, uuid = project_of(seat)
    run = state.run(PRACTICE)
    assert run is not None
    world = project.engine.world(project.spec, key_of(seat, PRACTICE))
    slow = {task.row: SLOW.replace("NUMBER", str(task.row)) for task in world.tasks}
    sheet = {topic: [slow[task.row] for task in world.of_topic(topic)] for topic in world.spec.packs}
    form = {"mode": PRACTICE, "world": str(run.number), "round": "0", **fields_of(project, world, sheet)}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(seat.post, "do/run", attempt=uuid, **form)
        (sandbox,) = queries._sandboxes.values()
        while not sandbox._pending and not waiting.done():
            time.sleep(0.01)
        took = []
        for other in others:
            start = time.monotonic()
            other.answer(right=[True])
            took.append(time.monotonic() - start)
        assert not waiting.done()
        # On a machine that is too busy nothing is marked, and the learner is told.
        assert waiting.result().status_code in {303, 422}
    assert max(took) < QUICK_S
    tool.runtime.database.close()
    tool.runtime.http.close()


def test_a_double_click_on_a_slow_round_is_one_round(tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    act(seat, "open", PRACTICE, to=PRACTICE)
    form = round_form(seat)
    slow = SlowEngine(monkeypatch, parties=2)
    with ThreadPoolExecutor(2) as pool:
        clicks: list[Future[Any]] = [pool.submit(seat.post, "do/run", **form) for _ in range(2)]
        slow.at_work.wait(LONG_S)
        slow.goes_on.set()
        answers = [click.result().status_code for click in clicks]
    assert played(seat) == 1
    assert set(answers) <= {303, 409}
    assert 303 in answers


@pytest.mark.parametrize("way", ["step", "hand_in", "render"])
def test_nothing_is_held_while_a_kind_works(tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    act(seat, "open", GRADED, to=GRADED)
    form = round_form(seat, GRADED)
    database, asked = tool.runtime.database, []
    inner = getattr(PracticeProjectKind, way)

    def watched(*given: Any, **more: Any) -> Any:
        assert_nothing_is_held(database)
        asked.append(way)
        return inner(*given, **more)

    monkeypatch.setattr(PracticeProjectKind, way, watched)
    headers = {"X-Qualoop-Fragment": "1"}
    csrf = csrf_in(seat)
    sent = seat.browser.client.post(
        f"{seat.page}do/run", data={"csrf": csrf, **form}, headers=headers, base_url=TOOL_ORIGIN
    )
    assert sent.status_code == 200, sent.text
    enter(tool, "s-1", name="Sam Student", lesson=PROJECT, title="The A/B referee").get()
    close_link(tool, seat)
    seat.get()
    assert project_of(seat)[1].handed_in
    assert asked


def csrf_in(seat: Seat) -> str:
    return seat.get().text.partition('name="csrf" value="')[2].partition('"')[0]


def close_link(tool: Tool, seat: Seat) -> None:
    """Let the link close, and let half an hour go by."""
    closes = tool.clock.now + timedelta(hours=1)
    with tool.runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, seat.who.resource_link_id)
        link.settings = {**link.settings, "closes_at": f"{closes:%Y-%m-%dT%H:%MZ}"}
    tool.clock.advance(minutes=90)


def test_what_was_sent_in_time_counts_however_long_the_engine_takes(
    tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(seat, "open", GRADED, to=GRADED)
    form = round_form(seat, GRADED)
    closes = tool.clock.now + timedelta(hours=1)
    with tool.runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, seat.who.resource_link_id)
        link.settings = {**link.settings, "closes_at": f"{closes:%Y-%m-%dT%H:%MZ}"}
    # The attempt learns of its closing.
    assert seat.post("do/save", **form).status_code == 303
    tool.clock.now = closes - timedelta(seconds=1)
    slow = SlowEngine(monkeypatch)
    runtime = tool.runtime
    secret = runtime.settings.secret_key

    def clock_comes() -> int:
        return close_due(runtime.database, runtime.contents, secret=secret, clock=tool.clock, is_ending=lambda: False)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(seat.post, "do/run", **form)
        slow.at_work.wait(LONG_S)
        tool.clock.advance(seconds=15)
        assert clock_comes() == 0, "it comes after what is still on its way"
        slow.goes_on.set()
        assert waiting.result().status_code == 303
    tool.clock.advance(minutes=1)
    assert clock_comes() == 1
    assert project_of(seat)[1].handed_in
    assert {each.occasion for each in evidence_in(tool)} == {"graded-run:4:0.95"}


@pytest.mark.parametrize("error", [EngineUnavailableError("busy"), IndexError("a bug")], ids=["busy", "broken"])
def test_what_cannot_be_handed_in_just_now_is_handed_in_later(
    tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    act(seat, "open", GRADED, to=GRADED)
    form, runtime = round_form(seat, GRADED), tool.runtime
    with runtime.database.transaction() as session:
        link = session.get_one(ResourceLink, seat.who.resource_link_id)
        link.settings = {**link.settings, "closes_at": f"{tool.clock.now + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"}
    assert seat.post("do/save", **form).status_code == 303
    tool.clock.advance(hours=2)
    secret = runtime.settings.secret_key

    def clock_comes() -> int:
        return close_due(runtime.database, runtime.contents, secret=secret, clock=tool.clock, is_ending=lambda: False)

    with monkeypatch.context() as busy:
        busy.setattr(PracticeProjectKind, "hand_in", raising(error))
        assert clock_comes() == 0
    assert clock_comes() == 1
    assert project_of(seat)[1].handed_in


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def test_dates_that_a_teacher_changes_meanwhile_hold(tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    act(seat, "open", GRADED, to=GRADED)
    form = round_form(seat, GRADED)
    slow = SlowEngine(monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(seat.post, "do/run", **form)
        slow.at_work.wait(LONG_S)
        closed = tool.clock.now - timedelta(hours=1)
        with tool.runtime.database.transaction() as session:
            link = session.get_one(ResourceLink, seat.who.resource_link_id)
            link.settings = {**link.settings, "closes_at": f"{closed:%Y-%m-%dT%H:%MZ}"}
        slow.goes_on.set()
        waiting.result()
    state = project_of(seat)[1]
    assert state.handed_in
    assert state.graded is not None
    assert state.graded.played == 0, "it was handed in as it stood"


def test_an_engine_that_crashes_leaves_the_attempt_as_it_was(
    tool: Tool, seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(seat, "open", PRACTICE, to=PRACTICE)
    form, before = round_form(seat), project_of(seat)[1]
    with monkeypatch.context() as broken:
        broken.setattr(PracticeProjectKind, "step", lambda *_, **__: 1 / 0)
        assert seat.post("do/run", **form).status_code == 500
    assert project_of(seat)[1] == before
    assert seat.post("do/run", **form).status_code == 303
    assert played(seat) == 1


def test_a_process_that_is_killed_at_it_leaves_the_attempt_as_it_was(tool: Tool, seat: Seat) -> None:
    act(seat, "open", PRACTICE, to=PRACTICE)
    form, before = round_form(seat), project_of(seat)[1]
    url = tool.runtime.database.engine.url.render_as_string(hide_password=False)
    who = json.dumps(dataclasses.asdict(seat.who))
    command = [sys.executable, "-m", "tests.integration.practice.stepper", url, who, form["attempt"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "working\n"
        assert_nothing_is_held(tool.runtime.database)
        os.kill(process.pid, signal.SIGKILL)
    assert project_of(seat)[1] == before
    start = time.monotonic()
    assert seat.post("do/run", **form).status_code == 303
    assert time.monotonic() - start < QUICK_S
    assert played(seat) == 1
