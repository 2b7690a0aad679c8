"""The security list S1 to S34 and the certification cases: each has tests that are named after it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LIST = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
#: Cases of the LTI Advantage conformance guide, tool side.
CASES = ("6_1_1", "6_1_2", "6_1_3", "6_2", "6_3", "6_4")


def names(folder: Path) -> set[str]:
    return {
        found
        for path in folder.rglob("test_*.py")
        for found in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("number", range(1, 35))
def test_every_line_of_the_security_list_has_tests(number: int) -> None:
    assert f"\n| S{number} |" in LIST
    pattern = re.compile(rf"test_(?:s\d+_)*s{number}_")
    assert [name for name in names(TESTS) if pattern.match(name)]


def test_no_test_is_named_after_a_line_that_is_not_there() -> None:
    numbered = {number for name in names(TESTS) for number in re.findall(r"(?<=_)s(\d+)(?=_)", name)}
    assert numbered <= {str(number) for number in range(1, 35)}


@pytest.mark.parametrize("case", CASES)
def test_every_certification_case_has_tests(case: str) -> None:
    assert [name for name in names(TESTS / "functional" / "certification") if name.startswith(f"test_{case}_")]
