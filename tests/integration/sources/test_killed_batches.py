"""kill -9 while a batch is recorded: what was answered for is there whole, nothing is there in part, and it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from random import SystemRandom

from sqlalchemy import select, text

from lti_tool.models import Source, SourceLearner, SourceRequest
from tests.factories.sources import make_site
from tests.factories.tool import Tool
from tests.integration.sources.test_evidence import recorded

FIRST = 3
"""Batches that are answered for before the process may be killed."""
LONGEST_S = 0.1


def test_what_was_answered_for_is_there_whole(tool: Tool) -> None:
    make_site(tool, of_platform=False)
    told = answered(tool, SystemRandom().uniform(0, LONGEST_S))
    wait_for_the_server(tool)
    rows = recorded(tool)
    kept = {row.source_id for row in rows}
    assert len(told) >= FIRST
    assert set(told) <= kept
    assert len(kept) == len(rows)
    assert len(rows) % 3 == 0, "whole batches"
    assert len(rows) // 3 - len(told) in {0, 1}, "at most the one at work was not answered for yet"
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(SourceRequest).where(SourceRequest.answer.is_not(None))).all()) * 3 == len(
            rows
        )
        learner = session.scalars(select(SourceLearner)).one()
        assert learner.highest % 10**6 == len(rows) + 2


def answered(tool: Tool, after_s: float) -> list[str]:
    """Return the first ids of the batches that a process had answered for when it was killed."""
    with tool.runtime.database.reading() as session:
        source = session.scalars(select(Source.id)).one()
    url = tool.runtime.database.engine.url.render_as_string(hide_password=False)
    arguments = [url, str(tool.organisation_id), str(source), "1"]
    command = [sys.executable, "-m", "tests.integration.sources.sender", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = [process.stdout.readline() for _ in range(FIRST)]
        time.sleep(after_s)
        os.kill(process.pid, signal.SIGKILL)
        lines = [*first, *process.stdout.read().splitlines(keepends=True)]
    return [line.strip() for line in lines if line.endswith("\n")]


def wait_for_the_server(tool: Tool) -> None:
    """Wait until PostgreSQL has noticed that its client is gone: a commit that was on its way still counts."""
    database = tool.runtime.database
    if database.is_sqlite:
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    database.close()
    end = time.monotonic() + 20.0
    with database.snapshot() as connection:
        while connection.scalar(others):
            assert time.monotonic() < end, "the server still serves the killed process"
            time.sleep(0.02)
