"""A replay as of a moment computes what was believed then, bit for bit, whatever has been recorded since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.commands import replay as command
from lti_tool.db import micros
from lti_tool.models import Job, LedgerEvent, MasteryGeneration, Organisation
from lti_tool.services.ledger import ledger
from lti_tool.services.mastery import replay, replay_log, replay_steps
from lti_tool.services.mastery.replay import Choice
from lti_tool.services.mechanisms.jobs import JobState
from qualoop.ledger import EventType
from qualoop.values import Score
from tests.factories.replays import answer_some, mastery, run_replay, stopping
from tests.factories.tool import SECRET, Tool, make_tool
from tests.integration.jobs.test_commands import typed
from tests.integration.jobs.test_replay_versions import codes, correct, newest_seq, tag_anew


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()


def as_of(moment: datetime, **others: Any) -> Choice:
    return Choice(adopt=False, recorded_by=micros(moment), **others)


def go_on(tool: Tool, events: list[str], *, count: int) -> None:
    """Do everything that can come later and bear on what there is: evidence, tags, corrections, an adoption."""
    tool.clock.advance(days=1)
    answer_some(tool, count, seed=2)
    tag_anew(tool, "SEM-1.4")
    correct(tool, events[0])
    correct(tool, events[1], Score("0.123456"))
    tool.clock.advance(days=1)
    run_replay(tool)
    answer_some(tool, 3, seed=3)


def travel(tool: Tool, folder: Path, *, before: int, after: int) -> None:
    """Remember a day, go on, and go back to it."""
    events = answer_some(tool, before, seed=1)
    day, remembered = tool.clock.now, mastery(tool)
    go_on(tool, events, count=after)
    now = mastery(tool)

    assert run_replay(tool, as_of(day), folder=folder) is JobState.DONE
    assert mastery(tool, replay.COMPUTED) == remembered
    assert mastery(tool) == now, "nobody sees anything of it"
    assert now["mastery_learner"] != remembered["mastery_learner"]
    assert codes(now) != codes(remembered)


def test_a_replay_as_of_a_day_is_that_day_bit_for_bit(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_log, "SEGMENT_ROWS", 7)
    travel(tool, tmp_path, before=40, after=20)


@pytest.mark.soak
def test_a_hundred_thousand_events_are_taken_back_bit_for_bit(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_log, "SEGMENT_ROWS", 7_000)
    travel(tool, tmp_path, before=60_000, after=40_000)


def test_what_was_corrected_by_then_is_corrected(tool: Tool) -> None:
    events = answer_some(tool, 20, seed=1)
    correct(tool, events[2])
    correct(tool, events[0], Score("0.9"))
    run_replay(tool)
    tool.clock.advance(minutes=1)
    day, remembered = tool.clock.now, mastery(tool)
    tool.clock.advance(minutes=1)
    correct(tool, events[0], Score("0.1"))
    run_replay(tool)

    run_replay(tool, as_of(day))
    assert mastery(tool, replay.COMPUTED) == remembered
    assert mastery(tool) != remembered


def test_the_moment_itself_counts_and_what_comes_after_it_does_not(tool: Tool) -> None:
    answer_some(tool, 9, seed=1)
    day, remembered = tool.clock.now, mastery(tool)
    answer_some(tool, 1, seed=2)
    run_replay(tool, as_of(day))
    assert mastery(tool, replay.COMPUTED) == remembered

    run_replay(tool, as_of(day - timedelta(microseconds=1)))
    assert len(mastery(tool, replay.COMPUTED)["updates"]) < len(remembered["updates"])


def test_before_the_first_evidence_nothing_was_known(tool: Tool) -> None:
    day = tool.clock.now
    answer_some(tool, 5, seed=1)
    run_replay(tool, as_of(day - timedelta(days=1)))
    assert not any(mastery(tool, replay.COMPUTED).values())


def test_events_whose_numbers_stand_in_another_order_are_told_apart_by_their_time(tool: Tool) -> None:
    """On PostgreSQL what is recorded later can get the lower number."""
    events = answer_some(tool, 8, seed=1)
    day, remembered = tool.clock.now, mastery(tool)
    answer_some(tool, 1, seed=2)
    correct(tool, events[0])
    tool.clock.now = day
    answer_nothing(tool)
    tool.clock.advance(days=60)

    run_replay(tool, as_of(day))
    assert mastery(tool, replay.COMPUTED) == remembered


def answer_nothing(tool: Tool) -> None:
    """Record an event that moves no mastery."""
    with tool.runtime.database.transaction() as session:
        connection = session.connection()
        event = ledger.new_event(
            connection,
            tool.organisation_id,
            EventType.CONSTANTS_ADOPTED,
            {"id": "none"},
            source=("test", "late number", ""),
            now=tool.clock.now,
        )
        ledger.append(connection, tool.organisation_id, event)


@pytest.mark.parametrize("phase", ["segments", "apply", "write"])
def test_one_that_was_stopped_goes_on_as_of_the_same_moment(
    tool: Tool, phase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in (("TRACED_AT_ONCE", 7), ("WRITTEN_AT_ONCE", 3)):
        monkeypatch.setattr(replay_steps, name, size)
    monkeypatch.setattr(replay_log, "SEGMENT_ROWS", 7)
    events = answer_some(tool, 20, seed=1)
    day, remembered = tool.clock.now, mastery(tool)
    go_on(tool, events, count=10)
    stop = stopping(tool, lambda progress: progress.cursor["phase"] == phase)
    assert run_replay(tool, as_of(day), folder=tmp_path, report=stop) is JobState.STOPPED
    correct(tool, events[4])
    run_replay(tool)
    with tool.runtime.database.reading() as session:
        jobs = len(session.scalars(select(Job)).all())

    assert run_replay(tool, as_of(day), folder=tmp_path) is JobState.DONE
    assert mastery(tool, replay.COMPUTED) == remembered
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(Job)).all()) == jobs


def test_it_is_never_adopted(tool: Tool) -> None:
    answer_some(tool, 5, seed=1)
    day = tool.clock.now
    tool.clock.advance(days=1)
    assert not as_of(day).is_adoptable
    run_replay(tool, as_of(day))
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        with pytest.raises(replay.NotAdoptableError):
            replay.start_adoption(session, organisation, tool.clock.now)
        with pytest.raises(replay.NotAdoptableError):
            replay.start(session, organisation, tool.clock.now, Choice(recorded_by=micros(day)))
        with pytest.raises(replay.FutureCutError):
            replay.start(session, organisation, tool.clock.now, as_of(tool.clock.now + timedelta(seconds=1)))


def test_former_evidence_can_be_asked_for_with_the_tags_of_today(tool: Tool) -> None:
    events = answer_some(tool, 12, seed=1)
    day, remembered = tool.clock.now, mastery(tool)
    go_on(tool, events, count=5)
    run_replay(tool, as_of(day, tags_as_of=newest_seq(tool)))
    computed = mastery(tool, replay.COMPUTED)
    assert codes(computed) == {"SEM-1.4"}
    assert computed["mastery_meeting"] == remembered["mastery_meeting"]


def test_the_generation_says_which_tags_it_knows(tool: Tool) -> None:
    events = answer_some(tool, 5, seed=1)
    day, then = tool.clock.now, newest_seq(tool)
    go_on(tool, events, count=2)
    run_replay(tool, as_of(day))
    with tool.runtime.database.reading() as session:
        made = session.scalars(select(MasteryGeneration).where(MasteryGeneration.state == replay.COMPUTED)).one()
        seqs = session.scalars(select(LedgerEvent.id).where(LedgerEvent.type == EventType.TAGS_ADOPTED.value)).all()
    assert int(made.tags) == max(seq for seq in seqs if seq <= then)
    assert made.through_seq == then


def test_a_choice_that_an_earlier_version_wrote_down_is_gone_on_with(tool: Tool) -> None:
    answer_some(tool, 5, seed=1)
    run_replay(tool, report=stopping(tool, lambda progress: progress.cursor["phase"] == "apply"))
    with tool.runtime.database.transaction() as session:
        job = session.scalars(select(Job)).one()
        job.cursor = {**job.cursor, "choice": {k: v for k, v in job.cursor["choice"].items() if k != "recorded_by"}}
    assert run_replay(tool) is JobState.DONE
    with tool.runtime.database.reading() as session:
        assert len(session.scalars(select(Job)).all()) == 1


@pytest.fixture
def commanded(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    monkeypatch.setenv("QUALOOP_DATA_FOLDER", str(tmp_path))
    made = make_tool(sqlite_url)
    yield made
    made.runtime.database.close()


def test_the_command_says_what_stands_otherwise_now(
    commanded: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_some(commanded, 2, seed=1)
    day = commanded.clock.now
    commanded.clock.advance(days=1)
    answer_some(commanded, 30, seed=2)
    report = tmp_path / "since.csv"
    words = ("replay", "--organisation", "school", "--what-if", "--as-of", day.isoformat(), "--report", str(report))
    assert typed(command, *words) == 0

    told = capsys.readouterr().out
    assert f"stand otherwise than at {day:%Y-%m-%d %H:%M:%S} UTC" in told
    assert "Nothing is adopted: this can only be looked at." in told
    lines = report.read_text(encoding="utf-8").splitlines()
    assert any(",no-evidence," in line for line in lines[1:]), "what was not known then"


def test_the_command_refuses_what_is_no_moment_and_what_is_no_what_if(
    commanded: Tool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        typed(command, "replay", "--what-if", "--as-of", "yesterday")
    assert refused.value.code == 2
    assert "neither a date" in capsys.readouterr().err
    with pytest.raises(replay.NotAdoptableError):
        typed(command, "replay", "--as-of", "2026-03-01")
    with pytest.raises(replay.FutureCutError):
        typed(command, "replay", "--what-if", "--as-of", "2999-01-01")
