"""Each folder of tests/content/packages/broken: what is broken, and every problem that must be listed for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualoop.authored_files import AuthoredFilesError, Problems
from qualoop.content_packages import load_package
from qualoop.content_packages.reading import read_package
from qualoop.content_packages.validation import validate
from tests.factories.packages import BROKEN, PACKAGES, VALID, broken_copy, ecommerce

CASES = sorted(path.name for path in BROKEN.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_a_broken_package_lists_all_its_problems_and_is_not_loaded(case: str, tmp_path: Path) -> None:
    expected = (BROKEN / case / "problems.txt").read_text(encoding="utf-8").splitlines()

    with pytest.raises(AuthoredFilesError) as caught:
        load_package(broken_copy(case, tmp_path), ecommerce())

    assert [str(problem) for problem in caught.value.problems] == expected
    assert expected


@pytest.mark.parametrize("name", VALID)
def test_a_valid_package_has_no_problem(name: str) -> None:
    problems = Problems()
    checked = validate(read_package(PACKAGES / name, problems), ecommerce(), problems)

    assert list(problems) == []
    assert checked is not None


@pytest.mark.parametrize("case", CASES)
def test_the_validator_never_raises(case: str, tmp_path: Path) -> None:
    problems = Problems()
    assert validate(read_package(broken_copy(case, tmp_path), problems), ecommerce(), problems) is None


def test_the_lines_of_problems_are_those_of_the_files(tmp_path: Path) -> None:
    package = broken_copy("everything-at-once", tmp_path)
    with pytest.raises(AuthoredFilesError) as caught:
        load_package(package, ecommerce())

    lines = {
        problem.code: (package / problem.file).read_text(encoding="utf-8").splitlines()[problem.line - 1]
        for problem in caught.value.problems
        if (package / problem.file).exists()
    }
    assert lines["schema-less-than-equal"] == "minutes: 60"
    assert lines["schema-decimal-parsing"].strip() == "answer: lots"
    assert lines["heading-level"] == "##### A heading"
    assert lines["svg-element"].strip().startswith("<script/>")


def test_without_a_framework_knowledge_points_are_taken_as_they_are(tmp_path: Path) -> None:
    package = broken_copy("knowledge-point-unknown", tmp_path)
    assert load_package(package, None).tags == {"what-is-typed": {"SEM-9.9": "1"}}
