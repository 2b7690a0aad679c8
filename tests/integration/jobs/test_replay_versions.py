"""What a replay joins: tags, corrections and weights have versions, and people see only what was adopted."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.models import Activity, ContentVersion, Job, LedgerEvent, MasteryGeneration, Organisation, TagSet
from lti_tool.services.evidence import corrections
from lti_tool.services.evidence.corrections import Request
from lti_tool.services.ledger import ledger
from lti_tool.services.mastery import cache, replay, replay_log, replay_report, replay_steps
from lti_tool.services.mastery.replay import Choice
from lti_tool.services.mastery.replay_waiting import run_waiting
from lti_tool.services.mechanisms.jobs import JobState, Progress
from qualoop.ledger import EventType, Reason
from qualoop.policies import FormNotWeighedError
from qualoop.values import Score
from tests.factories.replays import answer_some, mastery, run_replay, start
from tests.factories.tool import SECRET, Tool, make_tool

WHAT_IF = Choice(adopt=False)


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()


def tag_anew(tool: Tool, code: str) -> None:
    """Adopt tag sets by which every part serves one knowledge point."""
    with tool.runtime.database.transaction() as session:
        rows = session.execute(
            select(Activity.key, ContentVersion, TagSet)
            .join(ContentVersion, ContentVersion.activity_id == Activity.id)
            .join(TagSet, TagSet.version_id == ContentVersion.id)
        ).all()
        for key, version, old in rows:
            tags = {part["key"]: {code: "1"} for part in version.manifest["parts"]}
            tags_hash = uuid.uuid4().hex * 2
            session.add(
                TagSet(
                    organisation_id=tool.organisation_id,
                    version_id=version.id,
                    hash=tags_hash,
                    framework=old.framework,
                    tags=tags,
                    adopted_at=tool.clock.now,
                )
            )
            body = {"activity": key, "content": version.hash, "tags": tags, "tags_hash": tags_hash}
            connection = session.connection()
            event = ledger.new_event(
                connection,
                tool.organisation_id,
                EventType.TAGS_ADOPTED,
                body,
                source=("test", tags_hash, ""),
                now=tool.clock.now,
            )
            ledger.append(connection, tool.organisation_id, event)


def correct(tool: Tool, event: str, score: Score | None = None) -> None:
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        request = Request(target=uuid.UUID(event), reason=Reason.ERROR, actor="assessor", score=score)
        corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock.now)


def newest_seq(tool: Tool) -> int:
    with tool.runtime.database.reading() as session:
        return session.scalars(select(LedgerEvent.id).order_by(LedgerEvent.id.desc()).limit(1)).one()


def codes(found: dict[str, Any]) -> set[str]:
    return {row[0] for row in found["mastery_point"]}


def test_a_replay_joins_the_tags_that_hold_now(tool: Tool) -> None:
    answer_some(tool, 20, seed=1)
    online = mastery(tool)
    tool.clock.advance(minutes=1)
    tag_anew(tool, "SEM-1.4")
    run_replay(tool)

    replayed = mastery(tool)
    assert codes(replayed) == {"SEM-1.4"}
    assert codes(online) == {"SEM-1.1", "SEM-1.2"}
    assert replayed["mastery_meeting"] == online["mastery_meeting"], "who met what does not depend on tags"


def test_a_what_if_can_be_asked_of_former_tags_and_is_never_adopted(tool: Tool) -> None:
    answer_some(tool, 20, seed=1)
    online, then = mastery(tool), newest_seq(tool)
    tool.clock.advance(minutes=1)
    tag_anew(tool, "SEM-1.4")
    run_replay(tool, Choice(adopt=False, tags_as_of=then))

    assert mastery(tool, replay.COMPUTED) == online
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        with pytest.raises(replay.NotAdoptableError):
            replay.start_adoption(session, organisation, tool.clock.now)
        with pytest.raises(replay.NotAdoptableError):
            replay.start(session, organisation, tool.clock.now, Choice(tags_as_of=then))


def test_voided_evidence_is_left_out(tool: Tool) -> None:
    kept = answer_some(tool, 12, seed=1)
    online = mastery(tool)
    wrong = answer_some(tool, 1, seed=2)
    correct(tool, wrong[0])
    run_replay(tool)

    assert len(kept) == 12
    assert mastery(tool) == online


def test_revised_evidence_counts_with_its_newest_score(tool: Tool) -> None:
    events = answer_some(tool, 12, seed=1)
    online = mastery(tool)
    with tool.runtime.database.reading() as session:
        recorded = session.scalars(select(LedgerEvent).where(LedgerEvent.uuid == events[0])).one()
    body = recorded.body
    correct(tool, events[0], Score("0.9"))
    correct(tool, events[0], Score("0.1"))
    run_replay(tool)

    replayed = mastery(tool)
    assert replayed["mastery_learner"] != online["mastery_learner"]
    assert [row[:2] for row in replayed["updates"]] == [row[:2] for row in online["updates"]]
    with tool.runtime.database.reading() as session:
        assert session.scalars(select(LedgerEvent.body).where(LedgerEvent.uuid == events[0])).one() == body


def test_a_correction_that_comes_during_a_replay_makes_it_begin_again(tool: Tool) -> None:
    answer_some(tool, 12, seed=1)
    online = mastery(tool)
    wrong = answer_some(tool, 1, seed=2)
    pending = [wrong[0]]

    def void(job: Job, progress: Progress) -> None:
        if progress.cursor["phase"] == "write" and pending:
            correct(tool, pending.pop())

    assert run_replay(tool, report=void) is JobState.DONE
    assert mastery(tool) == online
    assert not pending


def test_a_what_if_shows_what_would_change_and_changes_nothing(tool: Tool, tmp_path: Path) -> None:
    answer_some(tool, 30, seed=1)
    online = mastery(tool)
    tool.clock.advance(minutes=1)
    tag_anew(tool, "SEM-1.4")
    run_replay(tool, WHAT_IF)

    assert mastery(tool) == online
    report = tmp_path / "changes.csv"
    summary = summarise(tool, report)
    with report.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert summary.changed == len(rows) > len(online["mastery_learner"])
    assert {row["status_after"] for row in rows if row["knowledge_point"] != "SEM-1.4"} == {"no-evidence"}
    assert "\n".join(replay_report.as_lines(summary)).startswith(f"{summary.changed} of {summary.compared} knowledge")

    adopt(tool)
    assert codes(mastery(tool)) == {"SEM-1.4"}


def test_a_what_if_without_a_cause_changes_nobody(tool: Tool) -> None:
    answer_some(tool, 30, seed=1)
    run_replay(tool, WHAT_IF)
    summary = summarise(tool)

    assert summary.changed == 0
    assert summary.compared == len(mastery(tool)["mastery_memory"])


def test_adoption_takes_in_what_came_after_the_what_if(tool: Tool) -> None:
    answer_some(tool, 10, seed=1)
    run_replay(tool, WHAT_IF)
    answer_some(tool, 10, seed=2)
    online = mastery(tool)
    adopt(tool)

    assert mastery(tool) == online
    with tool.runtime.database.reading() as session:
        states = session.scalars(select(MasteryGeneration.state).order_by(MasteryGeneration.number)).all()
    assert states == ["dropped", "adopted"]


def test_an_outdated_what_if_is_not_adopted(tool: Tool) -> None:
    events = answer_some(tool, 10, seed=1)
    run_replay(tool, WHAT_IF)
    correct(tool, events[0])
    online = mastery(tool)

    with pytest.raises(replay.ReplayOutdatedError):
        adopt(tool)
    assert mastery(tool) == online


def test_without_a_what_if_there_is_nothing_to_adopt(tool: Tool) -> None:
    answer_some(tool, 3, seed=1)
    with pytest.raises(replay.NothingComputedError):
        adopt(tool)


def test_a_second_what_if_takes_the_place_of_the_first(tool: Tool) -> None:
    answer_some(tool, 5, seed=1)
    run_replay(tool, WHAT_IF)
    run_replay(tool, WHAT_IF)

    with tool.runtime.database.reading() as session:
        states = session.scalars(select(MasteryGeneration.state).order_by(MasteryGeneration.number)).all()
    assert states == ["adopted", "cleared", "computed"]


def test_a_replay_that_fails_leaves_everything_as_it_was_and_can_go_on(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_some(tool, 20, seed=1)
    online = mastery(tool)
    with monkeypatch.context() as patched:
        patched.setattr(replay_log, "join", refuse)
        with pytest.raises(FormNotWeighedError):
            run_replay(tool)
    assert mastery(tool) == online
    job, _ = start(tool)
    assert (job.state, job.message) == ("failed", "prior_learning")

    assert run_replay(tool) is JobState.DONE
    assert mastery(tool) == online


def refuse(*_: object) -> None:
    raise FormNotWeighedError("prior_learning")


def test_evidence_without_tags_waits_until_there_are_some(tool: Tool) -> None:
    answer_some(tool, 10, seed=1)
    online = mastery(tool)
    untag(tool)
    run_replay(tool)
    assert not mastery(tool)["mastery_memory"]
    tool.clock.advance(minutes=1)
    tag_anew(tool, "SEM-1.4")
    run_replay(tool)

    assert codes(mastery(tool)) == {"SEM-1.4"}
    assert mastery(tool)["mastery_meeting"] == online["mastery_meeting"]


def untag(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        for tag_set in session.scalars(select(TagSet)):
            tag_set.tags = {}


def test_a_damaged_segment_is_made_again_from_the_ledger(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_log, "SEGMENT_ROWS", 8)
    answer_some(tool, 30, seed=1)
    online = mastery(tool)
    run_replay(tool, folder=tmp_path)
    first, *others = sorted(tmp_path.rglob("*.parquet"))
    assert len(others) == 2
    sound = first.read_bytes()
    first.write_bytes(sound[:100] + b"?" + sound[101:])
    others[1].unlink()
    run_replay(tool, folder=tmp_path)

    assert mastery(tool) == online
    answer_some(tool, 2, seed=9)
    run_replay(tool, folder=tmp_path)
    assert len(list(tmp_path.rglob("*.parquet"))) == 4
    assert first.read_bytes() == sound
    assert {first, *others} < set(tmp_path.rglob("*.parquet"))


def test_the_worker_runs_replays_that_were_asked_for(tool: Tool, tmp_path: Path) -> None:
    events = answer_some(tool, 10, seed=1)
    correct(tool, events[-1])
    ran = run_waiting(tool.runtime.database, folder=tmp_path, clock=tool.clock)

    assert ran == 1
    assert len(mastery(tool)["updates"]) < len(events)
    assert run_waiting(tool.runtime.database, folder=tmp_path, clock=tool.clock) == 0


def test_a_worker_that_ends_hands_its_replay_back(tool: Tool) -> None:
    events = answer_some(tool, 10, seed=1)
    correct(tool, events[-1])
    ending = iter([False, False, False, True])
    database = tool.runtime.database
    assert run_waiting(database, folder=None, clock=tool.clock, is_ending=lambda: next(ending)) == 0

    job, _ = start(tool, replay.KEEPING_TAGS)
    assert job.state == JobState.WAITING
    assert run_waiting(database, folder=None, clock=tool.clock) == 1


def test_a_replay_that_fails_stays_failed(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    events = answer_some(tool, 10, seed=1)
    correct(tool, events[-1])
    online = mastery(tool)
    monkeypatch.setattr(replay_log, "join", refuse)
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 0
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 0
    job, _ = start(tool, replay.KEEPING_TAGS)
    assert job.state == JobState.FAILED
    assert mastery(tool) == online


def summarise(tool: Tool, report: Path | None = None) -> replay_report.Summary:
    with tool.runtime.database.reading() as session:
        connection = session.connection()
        computed = replay.find_computed(session, tool.organisation_id)
        assert computed is not None
        differences = replay_report.compare(
            connection,
            cache.find_adopted(connection, tool.organisation_id),
            cache.Place(tool.organisation_id, computed.id),
            framework=tool.runtime.contents.find_framework(connection, tool.organisation_id),
            now=tool.clock.now,
        )
        return replay_report.summarise(differences, report)


def adopt(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        job = replay.start_adoption(session, organisation, tool.clock.now)
    state = replay_steps.run(tool.runtime.database, job, organisation, folder=None, clock=tool.clock)
    assert state is JobState.DONE
