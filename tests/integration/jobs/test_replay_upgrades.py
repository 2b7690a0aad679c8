"""After an upgrade: versions never mix in one state, and the worker replays what then waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from lti_tool.models import Job, LedgerEvent, MasteryGeneration
from lti_tool.services.mastery import cache, replay, replay_log
from lti_tool.services.mastery.replay_waiting import run_waiting
from lti_tool.services.mechanisms.jobs import LEASE, JobState
from qualoop.policies import DEFAULT_TABLE
from tests.factories.replays import answer_some, mastery, run_replay, start
from tests.factories.tool import Tool, make_tool


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()


def upgraded(tool: Tool) -> None:
    """Let the adopted generation be one that other constants computed."""
    with tool.runtime.database.transaction() as session:
        session.execute(update(MasteryGeneration).values(constants="c0"))


def waits(tool: Tool) -> bool:
    with tool.runtime.database.reading() as session:
        return cache.needs_replay(session.connection(), tool.organisation_id)


def test_answers_under_other_constants_wait_for_the_replay_that_the_worker_runs(tool: Tool, tmp_path: Path) -> None:
    answer_some(tool, 10, seed=1)
    before = mastery(tool)
    assert not waits(tool)
    upgraded(tool)
    answer_some(tool, 5, seed=2)
    assert mastery(tool) == before
    assert waits(tool)

    assert run_waiting(tool.runtime.database, folder=tmp_path, clock=tool.clock) == 1
    assert not waits(tool)
    assert len(mastery(tool)["updates"]) > len(before["updates"])
    answer_some(tool, 5, seed=3)
    online = mastery(tool)
    run_replay(tool, folder=tmp_path)
    assert mastery(tool) == online
    assert run_waiting(tool.runtime.database, folder=tmp_path, clock=tool.clock) == 0


def test_no_first_generation_hides_what_was_answered_before(tool: Tool) -> None:
    answer_some(tool, 10, seed=1)
    all_of_it = mastery(tool)
    with tool.runtime.database.transaction() as session:
        session.execute(update(MasteryGeneration).values(state="dropped"))
    answer_some(tool, 1, seed=2)
    with tool.runtime.database.reading() as session:
        assert cache.find_adopted(session.connection(), tool.organisation_id) is None

    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 1
    assert len(mastery(tool)["updates"]) > len(all_of_it["updates"])


def test_a_replay_that_fails_is_not_asked_for_again(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_some(tool, 10, seed=1)
    upgraded(tool)

    def refuse(*arguments: object, **options: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(replay_log, "join", refuse)
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 0
    monkeypatch.undo()
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 0
    assert waits(tool)


@pytest.mark.parametrize("phase", ["clear", "catch-up"])
def test_a_replay_that_an_earlier_version_was_running_is_not_adopted_over_the_new_one(tool: Tool, phase: str) -> None:
    answer_some(tool, 10, seed=1)
    with tool.runtime.database.transaction() as session:
        session.execute(update(MasteryGeneration).values(weights="w1"))
    job, _ = start(tool, replay.KEEPING_TAGS)
    left_running(tool, job.id, phase)
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 1, "another, during the lease"
    answer_some(tool, 5, seed=2)
    online = mastery(tool)

    tool.clock.advance(minutes=2)
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 1
    with tool.runtime.database.reading() as session:
        of = select(MasteryGeneration.weights).where(MasteryGeneration.state == "adopted")
        assert session.scalars(of).all() == [DEFAULT_TABLE]
    assert (waits(tool), mastery(tool)) == (False, online)
    answer_some(tool, 1, seed=3)
    assert mastery(tool)["updates"] != online["updates"]
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 0


def left_running(tool: Tool, job_id: int, phase: str) -> None:
    """Let a job stand as a version that weighed by w1 left it, when its process was killed a moment ago."""
    with tool.runtime.database.transaction() as session:
        job = session.get_one(Job, job_id)
        newest = session.scalars(select(LedgerEvent.id).order_by(LedgerEvent.id.desc()).limit(1)).one()
        fixed = {"through": newest, "basis": newest, "tags": None, "done": 0}
        choice = {**job.cursor["choice"], "weights": "w1"}
        job.cursor = {**job.cursor, **fixed, "choice": choice, "phase": phase}
        job.state, job.leased_until = JobState.RUNNING, tool.clock.now + LEASE
        session.get_one(MasteryGeneration, job.cursor["generation"]).weights = "w1"
        session.flush()
