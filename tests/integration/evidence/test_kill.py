"""kill -9 while evidence is written: what was acknowledged is there, and mastery is what the ledger says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from random import SystemRandom

from sqlalchemy import text

from tests.integration.evidence.conftest import Desk

KILLS = 2
FIRST = 5
"""Pieces of evidence that are acknowledged before a process may be killed."""
LONGEST_S = 0.25
PATIENCE_S = 20.0


def acknowledged(desk: Desk, seed: int, after_s: float) -> list[str]:
    """Return the uuids that a process acknowledged before it was killed."""
    url = desk.database.engine.url.render_as_string(hide_password=False)
    arguments = [url, str(desk.school.organisation_id), str(seed)]
    command = [sys.executable, "-m", "tests.integration.evidence.recorder", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = [process.stdout.readline() for _ in range(FIRST)]
        assert all(line.endswith("\n") for line in first), "the process has begun"
        time.sleep(after_s)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
    # A line that was cut off was not acknowledged.
    return [line.strip() for line in (*first, *rest) if line.endswith("\n")]


def wait_for_the_server(desk: Desk) -> None:
    """Wait until PostgreSQL has noticed that its client is gone: a commit that was on its way still counts."""
    if desk.database.is_sqlite:
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    end = time.monotonic() + PATIENCE_S
    # Our own connections, which are kept open, would be counted too.
    desk.database.close()
    with desk.database.snapshot() as connection:
        while connection.scalar(others):
            assert time.monotonic() < end, "the server still serves the killed process"
            time.sleep(0.02)


def test_nothing_acknowledged_is_lost(desk: Desk) -> None:
    random = SystemRandom()
    told: list[str] = []
    for seed in range(KILLS):
        after_s = random.uniform(0, LONGEST_S)
        told += acknowledged(desk, seed, after_s)
        wait_for_the_server(desk)
        kept = [uuid for _, uuid in desk.events()]
        assert set(told) <= set(kept), f"killed after {after_s} s"
        assert len(kept) <= len(told) + seed + 1, "at most the one at work was not acknowledged yet"
        assert desk.states() == desk.replayed(), f"killed after {after_s} s"
    assert len(told) >= KILLS * FIRST
    assert desk.record(next(desk.school.submissions(1, seed=KILLS))).seq, "and it goes on"
