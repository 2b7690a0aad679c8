"""`qualoop rubric`: install a file, list, show; a file with faults changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lti_tool.services.content.rubrics import StoredRubric
from qualoop.commands import main
from tests.factories.marking import Room
from tests.factories.rubrics import RUBRIC
from tests.factories.tool import SECRET, Tool


@pytest.fixture
def run(marked_tool: Tool, rubric: StoredRubric, monkeypatch: pytest.MonkeyPatch) -> None:
    url = marked_tool.runtime.database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("QUALOOP_DATABASE_URL", url)
    monkeypatch.setenv("QUALOOP_SECRET_KEY", SECRET)


def test_a_rubric_from_a_file_is_the_newest_and_the_work_keeps_its_own(
    run: None, room: Room, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    room.submit(room.learner())
    file = tmp_path / "copy.yaml"
    file.write_text(RUBRIC.replace("One benefit, but vague.", "One benefit."), "utf-8")
    assert main(["rubric", "install", str(file), "--organisation", "school"]) == 0
    assert main(["rubric", "install", str(file), "--organisation", "school"]) == 0
    made, again = capsys.readouterr().out.splitlines()
    assert "is the newest now" in made
    assert "was there already" in again
    assert main(["rubric", "list", "--organisation", "school"]) == 0
    assert "product-copy\t1.0.0\t2 rows, 10 points\t2 versions\t" in capsys.readouterr().out
    assert main(["rubric", "show", "product-copy", "--organisation", "school", "--language", "zh-Hans"]) == 0
    shown = capsys.readouterr().out
    assert "headline: 标题 (SEM-1.1 1)" in shown
    assert "1 部分 [1-3]" in shown
    assert ", the newest: 0 works" in shown


def test_a_file_with_faults_changes_nothing(run: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "copy.yaml"
    file.write_text(RUBRIC.replace("SEM-1.1", "SEM-9.9"), "utf-8")
    assert main(["rubric", "install", str(file), "--organisation", "school"]) == 1
    assert "rubric-knowledge-point" in capsys.readouterr().err
    assert main(["rubric", "install", str(tmp_path / "no.yaml"), "--organisation", "school"]) == 1
    assert "file-missing" in capsys.readouterr().err
    assert main(["rubric", "show", "nothing", "--organisation", "school"]) == 1
    assert "rubric-missing" in capsys.readouterr().err
