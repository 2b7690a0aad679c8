"""`qualoop replay`, as an operator types it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lti_tool.commands import replay
from lti_tool.services.mastery.replay import NotAdoptableError, NothingComputedError
from tests.factories.replays import answer_some, mastery
from tests.factories.tool import SECRET, Tool, make_tool
from tests.integration.jobs.test_commands import typed


@pytest.fixture
def tool(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    monkeypatch.setenv("QUALOOP_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)
    monkeypatch.setenv("QUALOOP_DATA_FOLDER", str(tmp_path))
    made = make_tool(sqlite_url)
    yield made
    made.runtime.database.close()


def test_it_says_how_far_it_is(tool: Tool, capsys: pytest.CaptureFixture[str]) -> None:
    answer_some(tool, 12, seed=1)
    online = mastery(tool)
    assert typed(replay, "replay") == 0

    told = capsys.readouterr()
    assert told.out == ""
    assert "school: 12 of 12 events, computing" in told.err
    assert mastery(tool) == online


def test_a_what_if_says_what_would_change_and_adopt_adopts_it(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_some(tool, 12, seed=1)
    report = tmp_path / "report.csv"
    assert typed(replay, "replay", "--organisation", "school", "--what-if", "--report", str(report)) == 0

    told = capsys.readouterr().out
    assert "0 of " in told
    assert "qualoop replay adopt --organisation school" in told
    assert report.read_text(encoding="utf-8").startswith("learner,knowledge_point,status_before,")
    assert typed(replay, "replay", "adopt", "--organisation", "school") == 0
    assert capsys.readouterr().out == "school: adopted.\n"
    with pytest.raises(NothingComputedError):
        typed(replay, "replay", "adopt")


def test_only_a_what_if_can_look_back(tool: Tool) -> None:
    with pytest.raises(NotAdoptableError):
        typed(replay, "replay", "--tags-as-of", "3")


def test_a_report_is_of_one_organisation_and_of_a_what_if(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.csv"
    assert typed(replay, "replay", "--report", str(report)) == 2
    assert typed(replay, "replay", "--what-if", "--report", str(report)) == 2
    assert "--report" in capsys.readouterr().err
    assert not report.exists()
