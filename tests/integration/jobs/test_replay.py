"""A replay gives what the answers gave when they came, bit for bit, and misses nothing that comes in the meantime."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import (
    Activity,
    ContentVersion,
    Job,
    MasteryGeneration,
    MasteryState,
    MasteryUpdate,
    Organisation,
    TagSet,
)
from lti_tool.services import evidence, jobs, replay
from lti_tool.services.jobs import JobState, Progress
from qualoop.player import Answered
from qualoop.values import Score
from tests.factories.tool import Tool, make_tool

LEARNERS = tuple(str(uuid.UUID(int=number)) for number in range(1, 4))


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()


def answer_some(tool: Tool, count: int, *, seed: int) -> None:
    """Let learners answer items of every lesson, well and badly, over weeks."""
    random = Random(seed)
    runtime = tool.runtime
    with runtime.database.reading() as session:
        versions = session.scalars(select(Activity.version_id).order_by(Activity.key)).all()
    for number in range(count):
        tool.clock.advance(minutes=random.randrange(1, 3000), milliseconds=random.randrange(1000))
        with runtime.database.connection() as connection:
            opened = runtime.contents.get(connection, tool.organisation_id, random.choice([v for v in versions if v]))
            part = random.choice(part_of(tool, opened.version_id))
            answer = Answered(
                part=part["key"],
                try_number=random.randrange(1, 4),
                response=[],
                score=Score(random.choice(["0", "0.333333", "0.5", "1"])),
                correct=False,
                hints=random.randrange(3),
                options=part["options"],
            )
            learner = evidence.Learner(organisation_id=tool.organisation_id, uuid=random.choice(LEARNERS))
            evidence.record_answer(connection, learner, opened, f"{seed}-{number}", answer=answer, now=tool.clock.now)


def part_of(tool: Tool, version_id: int) -> list[dict[str, Any]]:
    with tool.runtime.database.reading() as session:
        manifest = session.get_one(ContentVersion, version_id).manifest
    parts: list[dict[str, Any]] = manifest["parts"]
    return parts


def run_replay(tool: Tool, *, stop_after: int | None = None) -> JobState:
    """Run the replay as the command does, or stop it after some steps."""
    database = tool.runtime.database
    with database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        job = replay.start(session, organisation, tool.clock.now)

    def report(progress: Progress) -> None:
        if stop_after is not None and progress.done >= stop_after:
            with database.transaction() as session:
                jobs.stop(session, job.uuid, tool.clock.now)

    return jobs.run(database, job.id, replay.Replay(organisation).step, clock=tool.clock, report=report)


def mastery(tool: Tool) -> dict[str, Any]:
    """Return every number and explanation of the adopted generation."""
    with tool.runtime.database.reading() as session:
        adopted = session.scalars(select(MasteryGeneration.id).where(MasteryGeneration.state == "adopted")).one()
        states = session.scalars(select(MasteryState).where(MasteryState.generation_id == adopted)).all()
        updates = session.scalars(select(MasteryUpdate).where(MasteryUpdate.generation_id == adopted)).all()
    numbers = {f"{row.owner} {row.subject}": row.numbers for row in states}
    return numbers | {str(row.event_seq): row.explanation for row in updates}


def test_the_replayed_state_is_the_online_state(tool: Tool) -> None:
    answer_some(tool, 60, seed=1)
    online = mastery(tool)

    assert run_replay(tool) is JobState.DONE
    assert mastery(tool) == online
    assert len(online) > 100, "there is something to compare"


def test_the_replayed_generation_is_a_new_one_and_goes_on(tool: Tool) -> None:
    answer_some(tool, 10, seed=1)
    run_replay(tool)
    answer_some(tool, 10, seed=2)
    online = mastery(tool)
    run_replay(tool)

    assert mastery(tool) == online
    with tool.runtime.database.reading() as session:
        generations = session.scalars(select(MasteryGeneration).order_by(MasteryGeneration.number)).all()
    assert [each.state for each in generations] == ["dropped", "dropped", "adopted"]


def test_a_stopped_replay_is_resumed_and_misses_nothing(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "CHUNK", 7)
    answer_some(tool, 30, seed=1)
    assert run_replay(tool, stop_after=14) is JobState.STOPPED
    answer_some(tool, 10, seed=2)
    online = mastery(tool)
    assert run_replay(tool) is JobState.DONE

    assert mastery(tool) == online
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(Job)).all()) == 1


def test_answers_that_come_during_the_replay_are_in_it(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "CHUNK", 5)
    answer_some(tool, 20, seed=1)
    database = tool.runtime.database
    with database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        job = replay.start(session, organisation, tool.clock.now)
    seeds = iter(range(100, 104))

    def go_on(progress: Progress) -> None:
        if (seed := next(seeds, None)) is not None:
            answer_some(tool, 3, seed=seed)

    jobs.run(database, job.id, replay.Replay(organisation).step, clock=tool.clock, report=go_on)

    replayed = mastery(tool)
    run_replay(tool)
    assert mastery(tool) == replayed
    assert sum(1 for key in replayed if key.isdecimal()) == 32


def test_a_replay_joins_the_tags_that_hold_now(tool: Tool) -> None:
    answer_some(tool, 20, seed=1)
    online = mastery(tool)
    with tool.runtime.database.transaction() as session:
        for tag_set in session.scalars(select(TagSet)):
            tag_set.tags = {part: {"SEM-1.4": "1"} for part in tag_set.tags}
    run_replay(tool)

    replayed = mastery(tool)
    assert {key for key in replayed if key.startswith("kp ")} == {"kp SEM-1.4"}
    assert {key for key in online if key.startswith("kp ")} > {"kp SEM-1.4"}
