"""A replay gives what the answers gave when they came, bit for bit, and misses nothing that comes in the meantime."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from lti_tool.models import Job, MasteryGeneration
from lti_tool.services.mastery import replay_catch_up, replay_log, replay_steps
from lti_tool.services.mechanisms.jobs import JobState, Progress
from tests.factories.replays import answer_some, mastery, run_replay, stopping
from tests.factories.tool import Tool, make_tool


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()


def test_the_replayed_state_is_the_online_state(tool: Tool, tmp_path: Path) -> None:
    answer_some(tool, 80, seed=1)
    online = mastery(tool)

    assert run_replay(tool, folder=tmp_path) is JobState.DONE
    assert mastery(tool) == online
    assert all(len(rows) > 1 for rows in online.values()), "there is something to compare"
    assert any(abs(count) > 1 for *_, count in online["mastery_meeting"]), "and some items were met again"


def test_the_replayed_generation_is_a_new_one_and_goes_on(tool: Tool) -> None:
    answer_some(tool, 10, seed=1)
    run_replay(tool)
    answer_some(tool, 10, seed=2)
    online = mastery(tool)
    run_replay(tool)

    assert mastery(tool) == online
    with tool.runtime.database.reading() as session:
        generations = session.scalars(select(MasteryGeneration).order_by(MasteryGeneration.number)).all()
    assert [each.state for each in generations] == ["cleared", "dropped", "adopted"]
    assert int(generations[2].tags) > 0


@pytest.mark.parametrize("phase", ["segments", "apply", "write", "catch-up"])
def test_a_stopped_replay_is_resumed_and_misses_nothing(
    tool: Tool, phase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_log, "SEGMENT_ROWS", 7)
    monkeypatch.setattr(replay_steps, "TRACED_AT_ONCE", 7)
    monkeypatch.setattr(replay_steps, "WRITTEN_AT_ONCE", 3)
    answer_some(tool, 30, seed=1)
    stop = stopping(tool, lambda progress: progress.cursor["phase"] == phase)
    assert run_replay(tool, folder=tmp_path, report=stop) is JobState.STOPPED
    answer_some(tool, 10, seed=2)
    online = mastery(tool)
    assert run_replay(tool, folder=tmp_path) is JobState.DONE

    assert mastery(tool) == online
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(Job)).all()) == 1


def test_answers_that_come_during_the_replay_are_in_it(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_catch_up, "CHUNK", 2)
    answer_some(tool, 20, seed=1)
    seeds = iter(range(100, 104))

    def go_on(job: Job, progress: Progress) -> None:
        if progress.cursor["phase"] == "catch-up" and (seed := next(seeds, None)) is not None:
            answer_some(tool, 3, seed=seed)

    run_replay(tool, report=go_on)

    replayed = mastery(tool)
    run_replay(tool)
    assert mastery(tool) == replayed
    assert sum(abs(count) for *_, count in replayed["mastery_meeting"]) == 32
