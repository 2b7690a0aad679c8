"""Tags of a known version are changed: nothing counts by the new ones before a replay is adopted, then everything does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.commands import install
from lti_tool.models import Job, LedgerEvent, MasteryGeneration
from lti_tool.services.evidence import evidence
from lti_tool.services.evidence.locks import TagsMovedError
from lti_tool.services.mastery import replay
from lti_tool.services.mastery.replay import Choice
from lti_tool.services.mastery.replay_waiting import run_waiting
from lti_tool.services.mechanisms import imports
from lti_tool.services.mechanisms.jobs import JobState, Progress
from qualoop.framework import shipped_content
from tests.factories.replays import answer_some, mastery, run_replay
from tests.factories.tool import SECRET, Tool, make_tool, shipped
from tests.integration.jobs.test_commands import typed
from tests.integration.jobs.test_replay_versions import adopt, codes, correct, newest_seq, tag_anew

OLD, NEW = {"SEM-1.1", "SEM-1.2"}, {"SEM-1.4"}
WHAT_IF = Choice(adopt=False)
KEY = "sem-1-1-keywords-and-intent"


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()


def retagged(tool: Tool, count: int = 20) -> int:
    """Answer, tag everything anew, and answer again; return the number of the last event before the new tags."""
    answer_some(tool, count, seed=1)
    then = newest_seq(tool)
    tool.clock.advance(minutes=1)
    tag_anew(tool, *NEW)
    answer_some(tool, count, seed=2)
    return then


def replayed(tool: Tool, choice: Choice = WHAT_IF) -> dict[str, Any]:
    """Return what a replay from the first event on gives."""
    assert run_replay(tool, choice) is JobState.DONE
    return mastery(tool, replay.COMPUTED)


def known_tags(tool: Tool) -> int:
    with tool.runtime.database.reading() as session:
        return int(session.scalars(select(MasteryGeneration.tags).where(MasteryGeneration.state == "adopted")).one())


def test_answers_count_by_the_tags_of_their_history_until_a_replay(tool: Tool) -> None:
    then = retagged(tool)
    online = mastery(tool)
    assert codes(online) == OLD
    assert replayed(tool, Choice(adopt=False, tags_as_of=then)) == online

    run_replay(tool)
    answer_some(tool, 10, seed=3)
    assert codes(mastery(tool)) == NEW
    assert replayed(tool) == mastery(tool)
    assert known_tags(tool) > then


def test_what_was_looked_at_is_adopted_with_what_came_since(tool: Tool) -> None:
    retagged(tool)
    assert codes(replayed(tool)) == NEW
    answer_some(tool, 10, seed=3)
    assert codes(mastery(tool)) == OLD, "a what-if changes nobody"
    adopt(tool)
    answer_some(tool, 10, seed=4)

    online = mastery(tool)
    assert codes(online) == NEW
    assert replayed(tool) == online


@pytest.mark.parametrize("phase", ["segments", "apply", "write", "catch-up"])
def test_answers_during_the_replay_count_once_and_by_one_set_of_tags(tool: Tool, phase: str) -> None:
    retagged(tool)
    seeds = iter(range(10, 12))

    def go_on(_: Job, progress: Progress) -> None:
        if not progress.finished and progress.cursor["phase"] == phase and (seed := next(seeds, None)):
            answer_some(tool, 3, seed=seed)
            assert codes(mastery(tool)) == OLD

    run_replay(tool, report=go_on)
    online = mastery(tool)
    assert codes(online) == NEW
    assert replayed(tool) == online


def test_tags_that_come_during_a_replay_are_in_it_or_wait(tool: Tool) -> None:
    retagged(tool)
    pending = ["SEM-1.3"]

    def tag(_: Job, progress: Progress) -> None:
        if progress.cursor["phase"] == "write" and pending:
            tool.clock.advance(minutes=1)
            tag_anew(tool, pending.pop())
            answer_some(tool, 3, seed=3)

    run_replay(tool, report=tag)
    online = mastery(tool)
    assert codes(online) == {"SEM-1.3"}
    assert replayed(tool) == online


def install_version(tool: Tool, code: str, tags_hash: str) -> None:
    """Install another version of a lesson, or other tags of it: all of it serves one knowledge point."""
    package = next(each for each in shipped().packages if each.key == KEY)
    other = replace(
        package, content_hash="e" * 64, tags={part: {code: "1"} for part in package.tags}, tags_hash=tags_hash * 64
    )
    tool.clock.advance(minutes=1)
    with tool.runtime.database.transaction() as session:
        content = replace(shipped(), framework=None, packages=[other])
        imports.apply(session, content, tool.organisation_id, tool.clock.now)


def test_the_first_tags_of_a_new_version_count_at_once(tool: Tool) -> None:
    answer_some(tool, 20, seed=1)
    knew = known_tags(tool)
    install_version(tool, "SEM-1.4", "1")
    answer_some(tool, 20, seed=2)
    assert codes(mastery(tool)) == OLD | NEW
    install_version(tool, "SEM-1.3", "2")
    answer_some(tool, 20, seed=3)

    online = mastery(tool)
    assert codes(online) == OLD | NEW, "by its second tags only a replay counts"
    assert known_tags(tool) == knew
    assert replayed(tool, Choice(adopt=False, tags_as_of=knew)) == online
    run_replay(tool)
    assert codes(mastery(tool)) == OLD | {"SEM-1.3"}


def test_tags_that_held_before_hold_again(tool: Tool) -> None:
    install_version(tool, "SEM-1.4", "1")
    answer_some(tool, 10, seed=1)
    for code, tags_hash in (("SEM-1.3", "2"), ("SEM-1.4", "1")):
        install_version(tool, code, tags_hash)
    online = mastery(tool)
    assert replayed(tool) == online

    adopt(tool)
    assert mastery(tool) == online
    install_version(tool, "SEM-1.3", "2")
    run_replay(tool)
    answer_some(tool, 10, seed=2)
    assert "SEM-1.3" in codes(mastery(tool))
    assert replayed(tool) == mastery(tool)


def test_a_correction_does_not_bring_the_new_tags_with_it(tool: Tool) -> None:
    answer_some(tool, 20, seed=1)
    knew, online = known_tags(tool), mastery(tool)
    wrong = answer_some(tool, 1, seed=2)
    tool.clock.advance(minutes=1)
    tag_anew(tool, *NEW)
    correct(tool, wrong[0])
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 1

    assert mastery(tool) == online
    assert known_tags(tool) == knew
    run_replay(tool)
    assert codes(mastery(tool)) == NEW


def test_a_correction_does_not_take_adopted_tags_back(tool: Tool) -> None:
    events = answer_some(tool, 20, seed=1)
    tool.clock.advance(minutes=1)
    tag_anew(tool, *NEW)
    correct(tool, events[0])
    pending = [replay.ADOPTING]

    def overtake(_: Job, progress: Progress) -> None:
        if progress.cursor["phase"] == "write" and pending:
            run_replay(tool, pending.pop())

    assert run_replay(tool, replay.KEEPING_TAGS, report=overtake) is JobState.DONE
    online = mastery(tool)
    assert codes(online) == NEW
    assert replayed(tool) == online


def test_a_replay_takes_the_place_of_one_that_waits_and_keeps_tags(tool: Tool) -> None:
    events = answer_some(tool, 5, seed=1)
    correct(tool, events[0])
    run_replay(tool)

    assert len(mastery(tool)["updates"]) < len(events)
    assert run_waiting(tool.runtime.database, folder=None, clock=tool.clock) == 0


@pytest.fixture
def commanded(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    made = make_tool(sqlite_url)
    yield made
    made.runtime.database.close()


def tagged_copy(folder: Path, parts: int) -> Path:
    """Return a copy of a shipped lesson in which some parts serve another knowledge point."""
    copy = folder / KEY
    shutil.copytree(shipped_content() / "ecommerce" / "lessons" / KEY, copy)
    for name, old, new, count in (
        ("items.yaml", "{SEM-1.1: 1}", "{SEM-1.2: 1}", parts),
        ("lesson.yaml", "[SEM-1.1]", "[SEM-1.1, SEM-1.2]", 1),
    ):
        text = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_text(text.replace(old, new, count), encoding="utf-8")
    return copy


def install_copy(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert typed(install, "install", str(folder), "--organisation", "school", *words) == 0
    return capsys.readouterr().out


def test_the_command_says_what_to_do_next(commanded: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer_some(commanded, 5, seed=1)
    copy = tagged_copy(tmp_path, 2)
    told = install_copy(copy, capsys, "--dry-run")
    assert install_copy(copy, capsys) == told

    assert told.splitlines()[0] == f"tags {KEY} anew: 2 parts of it serve other knowledge points"
    assert "from the next replay on" in told
    assert "qualoop replay --organisation school --what-if" in told
    assert "qualoop replay adopt --organisation school" in told
    assert install_copy(copy, capsys) == "Nothing to do: all of it is installed.\n"


def test_before_the_first_evidence_new_tags_hold_at_once(
    commanded: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = install_copy(tagged_copy(tmp_path, 1), capsys)
    assert told == f"tags {KEY} anew: 1 part of it serves other knowledge points\n"
    answer_some(commanded, 20, seed=1)
    with commanded.runtime.database.reading() as session:
        adopted = session.scalars(select(LedgerEvent.id).where(LedgerEvent.type == "tags.adopted")).all()
    assert known_tags(commanded) == max(adopted)


def overtaken(tool: Tool, monkeypatch: pytest.MonkeyPatch, overtake: Callable[[], object]) -> None:
    """Record an answer, and do something else just before it gets its number."""
    append, pending = evidence._append, [overtake]

    def wait(*arguments: Any) -> Any:
        if pending:
            pending.pop()()
        return append(*arguments)

    monkeypatch.setattr(evidence, "_append", wait)
    answer_some(tool, 1, seed=50)


def test_an_answer_that_a_replay_overtakes_counts_as_that_replay_does(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    retagged(tool)
    if tool.runtime.database.is_sqlite:
        return  # There nobody else writes in the meantime.
    overtaken(tool, monkeypatch, lambda: run_replay(tool))
    online = mastery(tool)
    assert codes(online) == NEW
    assert replayed(tool) == online


def test_an_answer_that_new_tags_and_their_replay_overtake_is_to_be_handed_in_again(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    retagged(tool)
    if tool.runtime.database.is_sqlite:
        return  # There nobody else writes in the meantime.

    def overtake() -> None:
        tool.clock.advance(minutes=1)
        tag_anew(tool, "SEM-1.3")
        run_replay(tool)

    with pytest.raises(TagsMovedError):
        overtaken(tool, monkeypatch, overtake)
    online = mastery(tool)
    answer_some(tool, 1, seed=50)
    assert len(mastery(tool)["updates"]) >= len(online["updates"])
    assert codes(mastery(tool)) == {"SEM-1.3"}
