"""Every project that ships is complete, and measures what it says, as far as a quick look can tell."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from qualoop.commands.sim_check import Report, examine
from qualoop.content_packages import Package, Project, load_package, open_live_project, open_project
from qualoop.framework import load_framework, shipped_content
from qualoop.simulators import PROJECT_FILE
from qualoop.values import LANGUAGES

ECOMMERCE = shipped_content() / "ecommerce"
EVERY = sorted(path.parent for path in ECOMMERCE.rglob(PROJECT_FILE))
LIVE = [folder for folder in EVERY if "\nmode: live\n" in (folder / PROJECT_FILE).read_text(encoding="utf-8")]
FOLDERS = [folder for folder in EVERY if folder not in LIVE]

every_project = pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])


@lru_cache(maxsize=32)
def package_of(folder: Path) -> Package:
    return load_package(folder, load_framework(ECOMMERCE))


def project_of(folder: Path) -> Project:
    return open_project(package_of(folder).document)


@pytest.mark.parametrize("folder", LIVE, ids=[folder.name for folder in LIVE])
def test_a_live_project_is_there_in_both_languages_with_its_lessons(folder: Path) -> None:
    project = open_live_project(package_of(folder).document)
    assert project.languages == LANGUAGES
    assert all(len(project.brief[language]) > 300 for language in LANGUAGES)
    assert project.lessons <= {path.name for path in (ECOMMERCE / "lessons").iterdir()}


def test_the_projects_of_the_first_field_are_here() -> None:
    assert {folder.name for folder in LIVE} >= {"sem-partner-shop"}
    assert {folder.name for folder in FOLDERS} >= {
        "sem-search-terms",
        "sem-campaign",
        "scm-season",
        "scm-stock-policy",
        "scm-beer-game",
        "scm-landed-cost",
        "da-ab-referee",
        "da-sql-ladder",
        "sales-chat-desk",
        "cw-copy-clinic",
    }


@every_project
def test_it_is_there_in_both_languages(folder: Path) -> None:
    project = project_of(folder)
    assert project.languages == LANGUAGES
    for texts in (project.brief, project.debrief):
        assert all(len(texts[language]) > 300 for language in LANGUAGES)


@every_project
def test_the_lessons_that_a_part_needs_exist(folder: Path) -> None:
    lessons = {path.name for path in (ECOMMERCE / "lessons").iterdir()}
    assert {key for part in project_of(folder).parts for key in part.lessons} <= lessons


@every_project
def test_it_passes_the_quick_check(folder: Path) -> None:
    project = project_of(folder)
    report: Report = examine(project, quick=True, say=lambda _line: None)
    conformance = [finding for finding in report.findings if not finding.ok]
    assert conformance == []
    if report.psychometrics is not None:
        # Sixty learners tell a reliability to about a tenth; the full size is a soak test.
        assert report.psychometrics.reliability > 0.65
        assert report.psychometrics.skill > 0.6


@pytest.mark.soak
@every_project
def test_it_passes_the_full_check(folder: Path) -> None:
    assert examine(project_of(folder), quick=False, say=print).faults == []
