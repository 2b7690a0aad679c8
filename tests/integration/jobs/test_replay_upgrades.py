"""After an upgrade: versions never mix in one state, and the worker replays what then waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from lti_tool.models import MasteryGeneration
from lti_tool.services.mastery import cache, replay_log
from lti_tool.services.mastery.replay_waiting import run_waiting
from tests.factories.replays import answer_some, mastery, run_replay
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
