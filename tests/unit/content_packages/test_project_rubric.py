"""The rubric beside a project: part of its package, and refused where the two do not fit each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qualoop.assessment.rubric import content_hash
from qualoop.authored_files import AuthoredFilesError
from qualoop.content_packages import load_package, open_project
from qualoop.framework import load_framework, shipped_content

ROOT = shipped_content() / "ecommerce"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "projects/cw-copy-clinic", tmp_path / "cw-copy-clinic")


def codes(folder: Path) -> set[str]:
    with pytest.raises(AuthoredFilesError) as caught:
        load_package(folder, load_framework(ROOT))
    return {problem.code for problem in caught.value.problems}


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_rows_join_manifest_and_tags(folder: Path) -> None:
    package = load_package(folder, load_framework(ROOT))
    project = open_project(package.document)
    assert project.rubric is not None
    rows = [row.key for row in project.rubric.rows]
    assert rows == ["accuracy", "benefit", "structure", "tone"]
    assert [part["key"] for part in package.manifest["parts"]] == ["compliance", "search", *rows]
    assert package.manifest["rubric"] == content_hash(project.rubric)
    assert package.tags["benefit"] == {"CW-1.1": "1"}
    assert "CW-1.1" in project.knowledge_points


def test_a_project_without_a_rubric_says_nothing_of_one(folder: Path) -> None:
    (folder / "rubric.yaml").unlink()
    (folder / "samples.yaml").unlink()
    package = load_package(folder, load_framework(ROOT))
    assert "rubric" not in package.document
    assert "rubric" not in package.manifest
    assert open_project(package.document).rubric is None


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("project.yaml", "score: {kind: judged}", "score: {kind: reference_gap}"),
        ("project.yaml", "engine: copy-clinic\nworld: {language: en}", "engine: ab-referee\nworld: {}"),
        ("rubric.yaml", "- key: accuracy", "- key: search"),
        ("rubric.yaml", "languages: [en, zh-Hans]", "languages: [en]"),
    ],
    ids=["computed", "no-work", "row-is-a-part", "language"],
)
def test_what_does_not_fit_is_refused(folder: Path, file: str, old: str, new: str) -> None:
    change(folder / file, old, new)
    assert "rubric-project" in codes(folder)


def test_the_rubrics_own_faults_are_told_too(folder: Path) -> None:
    change(folder / "rubric.yaml", "{CW-1.1: 1}", "{CW-9.9: 1}")
    assert codes(folder) == {"rubric-knowledge-point"}


def test_an_engine_that_is_not_there_is_one_problem(folder: Path) -> None:
    change(folder / "project.yaml", "engine: copy-clinic", "engine: nothing-such")
    assert codes(folder) == {"unknown-engine"}


def test_samples_come_with_the_package(folder: Path) -> None:
    project = open_project(load_package(folder, load_framework(ROOT)).document)
    assert len(project.samples) == 4
    assert project.rubric
    sheet = project.samples[0].staff_sheet(project.rubric, "zh-Hans")
    assert (sheet.level_of("accuracy"), sheet.rows["accuracy"].points) == (2, 4)
    assert "任务书" in sheet.rows["accuracy"].comment


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("      benefit:\n        level: 0", "      benefit:\n        level: 4", "sample-row"),
        ("      tone:", "      voice:", "sample-row"),
        ("key: umbrella-loud", "key: umbrella-listed", "sample-key"),
        ('title: {en: "Umbrella, version one", zh-Hans: 折叠伞：文案一}', "title: {en: One}", "language-missing"),
    ],
)
def test_samples_that_do_not_fit_are_refused(folder: Path, old: str, new: str, code: str) -> None:
    change(folder / "samples.yaml", old, new)
    assert code in codes(folder)


def test_samples_without_a_rubric_are_refused(folder: Path) -> None:
    (folder / "rubric.yaml").unlink()
    assert codes(folder) == {"samples-project"}
