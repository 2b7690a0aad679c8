"""A live project as authors write it: what it becomes, and every fault that is told at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qualoop.authored_files import AuthoredFilesError
from qualoop.commands import main
from qualoop.content_packages import LIVE_KIND, load_package, open_live_project
from qualoop.framework import load_framework, shipped_content

ROOT = shipped_content() / "ecommerce"
KEY = "sem-partner-shop"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "projects" / KEY, tmp_path / KEY)


def codes(folder: Path) -> set[str]:
    with pytest.raises(AuthoredFilesError) as caught:
        load_package(folder, load_framework(ROOT))
    return {problem.code for problem in caught.value.problems}


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_its_parts_are_the_rows_of_its_rubric(folder: Path) -> None:
    package = load_package(folder, load_framework(ROOT))
    project = open_live_project(package.document)
    assert package.kind == LIVE_KIND
    assert [part["key"] for part in package.manifest["parts"]] == [row.key for row in project.rubric.rows]
    assert package.tags["conduct"] == {"SEM-1.3": "0.5", "SEM-1.4": "0.5"}
    assert package.link_settings["max_attempts"] == 1, "it is done once, and sent back as often as it takes"
    assert project.steps == ("plan", "baseline", "ready", "running", "handover")
    assert "sem-1-2-organic-search" in project.lessons


def test_every_fault_is_told_at_once(folder: Path) -> None:
    head, rubric = folder / "project.yaml", folder / "rubric.yaml"
    change(head, "key: running", "key: plan")
    change(head, "- key: offer", "- key: goal")
    change(head, "takes: [text, file]", "takes: [text, text]")
    change(head, "due_days: 42", "due_days: 3")
    change(head, "zh-Hans: 店铺现状", "zh-hans: 店铺现状")
    assert codes(folder) == {"schema-literal-error"}, "what has no shape is told first"
    change(head, "{en: Where the shop stands, zh-hans: 店铺现状}", "{en: Where the shop stands}")
    change(head, "post: SEM", "post: NONE")
    change(rubric, "    knowledge_points: {SEM-1.2: 1}\n", "")
    (folder / "brief.en.md").unlink()
    assert codes(folder) >= {
        "live-plan-key",
        "live-repeated",
        "live-due-order",
        "language-missing",
        "post-unknown",
        "live-row-untagged",
    }


def test_a_rubric_that_serves_another_unit_is_refused(folder: Path) -> None:
    change(folder / "project.yaml", "unit: SEM-1", "unit: NP-1")
    assert codes(folder) == {"rubric-project"}


def test_without_a_rubric_nobody_could_judge_it(folder: Path) -> None:
    (folder / "rubric.yaml").unlink()
    assert codes(folder)


def test_what_belongs_to_a_computed_world_has_no_place(folder: Path) -> None:
    change(folder / "project.yaml", "mode: live", "mode: live\nengine: search-market")
    assert codes(folder) == {"schema-extra-forbidden"}


def test_nothing_of_it_can_be_simulated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "run", str(ROOT / "projects" / KEY)]) != 0
    assert "live project" in capsys.readouterr().err
