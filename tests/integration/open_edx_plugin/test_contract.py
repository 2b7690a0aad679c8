"""The plug-in and the tool's own API, over HTTP on loopback: what one sends the other takes, and the way back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from lti_tool.models import LedgerEvent
from tests.factories.sources import Site, make_site, seal
from tests.factories.tool import Tool, make_tool

ROOT = Path(__file__).parents[3]
Run = Callable[..., Sequence[Mapping[str, Any]]]


@pytest.fixture
def tool(sqlite_url: str) -> Iterator[Tool]:
    made = make_tool(sqlite_url)
    # Signatures of another process are of its own clock.
    made.clock.now = datetime.now(UTC)
    yield made
    made.runtime.database.close()


@pytest.fixture
def run(tool: Tool, tmp_path: Path) -> Iterator[Run]:
    site: Site = make_site(tool)
    server = make_server("127.0.0.1", 0, tool.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    environment = {
        "QUALOOP_TOOL_URL": f"http://127.0.0.1:{server.server_port}",
        "QUALOOP_SOURCE_KEY": site.key.kid,
        "QUALOOP_SOURCE_SECRET": site.key.secret,
        "QUALOOP_PLUGIN_SQLITE": str(tmp_path / "site.sqlite"),
    }

    def run_verbs(*verbs: str) -> list[Mapping[str, Any]]:
        tool.clock.now = datetime.now(UTC)
        command = [sys.executable, "-m", "tests.fakes.plugin_run", *verbs]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    yield run_verbs
    server.shutdown()
    server.server_close()
    thread.join()


def test_evidence_of_blocks_reaches_the_ledger_once_and_mastery_comes_back(run: Run, tool: Tool) -> None:
    sent, again = run("record", "send", "show", "forget_answers", "send", "show")
    outcomes = [(learner[:5], number, outcome) for learner, number, outcome, _ in sent["outcomes"]]
    assert outcomes == [
        *(("0b9d3", number, "accepted") for number in range(1, 6)),
        ("staff", None, "not-counted"),
    ]
    assert sent["versions"] == {"sem-1-1-keywords-and-intent": "registered", "own-lesson": "registered"}
    assert {outcome for _, _, outcome, _ in again["outcomes"]} == {"duplicate", "not-counted"}
    seal(tool)
    (pulled,) = run("pull", "show")
    assert pulled["points"] == {"SEM-1.1": 5}
    assert (pulled["metrics"]["waiting"], pulled["metrics"]["last_errors"]) == (0, {})


def test_a_class_is_evidence_by_whom_it_was_observed_and_presence_moves_no_level(run: Run, tool: Tool) -> None:
    (sent,) = run("record_class", "send", "show")
    assert [outcome for _, _, outcome, _ in sent["outcomes"]] == ["accepted"] * 4, sent["outcomes"]
    seal(tool)
    with tool.runtime.database.reading() as reading:
        events = list(
            reading.execute(select(LedgerEvent.body).where(LedgerEvent.type == "evidence.recorded")).scalars()
        )
    bodies = {body["part"]: body for body in map(json.loads, events)}
    assert {part: body["form"] for part, body in bodies.items()} == {
        "attendance": "attendance",
        "headline": "observation",
        "evidence": "observation",
        "points": "process",
    }
    assert bodies["headline"]["occasion"] == "sheet:2:assessor"
    raters = {body["rater"] for body in bodies.values()}
    assert len(raters) == 1
    assert not raters & {"auto", "teacher-1"}
    (pulled,) = run("pull", "show")
    # Presence is of no knowledge point, and what is process moves no level: only what was observed by the rubric does.
    assert pulled["points"] == {"SEM-1.1": 1, "SEM-1.2": 1}


def test_a_mark_that_was_changed_in_a_class_is_one_piece_of_evidence(run: Run, tool: Tool) -> None:
    (sent,) = run("correct_class", "send", "show")
    assert [outcome for _, _, outcome, _ in sent["outcomes"]] == ["accepted"] * 5, sent["outcomes"]
    with tool.runtime.database.reading() as reading:
        rows = reading.execute(select(LedgerEvent.type, LedgerEvent.uuid, LedgerEvent.body)).all()
    told = {row.uuid: json.loads(row.body) for row in rows if row.type == "evidence.recorded"}
    assert sorted(body["part"] for body in told.values()) == ["attendance", "evidence", "headline", "points"]
    [revision] = [json.loads(row.body) for row in rows if row.type == "assertion.revised"]
    slip = told[revision["target"]]
    assert (slip["part"], slip["score"], revision["score"]) == ("headline", "0", "1")
