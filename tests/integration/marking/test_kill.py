"""kill -9 while marks are saved: what was said to be saved is saved, whole, and marking goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from sqlalchemy import text

from qualoop.assessment.marking import Position, Stage
from tests.factories.marking import Room
from tests.factories.rubrics import sheet

FIRST = 5
PATIENCE_S = 20.0


def saved(room: Room, work: str, seen: int) -> list[str]:
    """Return the lines that a process printed before it was killed."""
    url = room.tool.runtime.database.engine.url.render_as_string(hide_password=False)
    link = room.link
    place = [link.organisation_id, link.registration_id, link.context_id, link.resource_link_id]
    arguments = [url, *map(str, [*place, room.teacher.who.person_id]), work, str(seen)]
    command = [sys.executable, "-m", "tests.integration.marking.saver", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = [process.stdout.readline() for _ in range(FIRST)]
        assert all(line.endswith("\n") for line in first), "the process has begun"
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
    # A line that was cut off was not told to anybody.
    return [line.strip() for line in (*first, *rest) if line.endswith("\n")]


def wait_for_the_server(room: Room) -> None:
    """Wait until PostgreSQL has noticed that its client is gone: a commit that was on its way still counts."""
    database = room.tool.runtime.database
    if database.is_sqlite:
        return
    working = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    end = time.monotonic() + PATIENCE_S
    with database.snapshot() as connection:
        while connection.scalar(working):
            assert time.monotonic() < end, "the server still serves the killed process"
            time.sleep(0.02)


def test_a_mark_that_was_told_to_be_saved_is_saved(room: Room) -> None:
    work = room.submit(room.learner())
    told = saved(room, work, 0)
    wait_for_the_server(room)
    revision, word = told[-1].split(" ")
    case = room.case(room.teacher, work)
    kept = case.stored[Position.FIRST].revision
    assert int(revision) <= kept <= int(revision) + 1, "at most the one at work was not told yet"
    if kept == int(revision):
        assert case.marking.marks[Position.FIRST].sheet.overall == word
    assert case.stage is Stage.DRAFT
    assert room.save(room.teacher, work, sheet(2, 2), approve=True).is_approved, "and it goes on"
