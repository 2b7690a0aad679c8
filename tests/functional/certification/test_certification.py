"""LTI Advantage conformance, tool side, 6.1 (1EdTech Conformance Guide): known-bad and valid launches over HTTP."""

from __future__ import annotations

import pytest

from tests.factories.launches import Case, load_cases
from tests.factories.tool import Tool

BAD = load_cases("bad")
TEACHER = load_cases("valid-teacher")
STUDENT = load_cases("valid-student")


def test_the_suite_is_complete() -> None:
    assert (len(BAD), len(TEACHER), len(STUDENT)) == (12, 9, 9)


@pytest.mark.parametrize("role", ["teacher", "learner"])
@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_6_1_1_known_bad_payloads_are_refused(tool: Tool, case: Case, role: str) -> None:
    response = tool.browser().launch(case, role=role)
    assert 400 <= response.status_code < 500
    assert f"<code>{case.code}</code>" in response.text
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("case", TEACHER, ids=lambda case: case.name)
def test_6_1_2_valid_teacher_launches_are_accepted(tool: Tool, case: Case) -> None:
    assert tool.browser().launch(case, role="teacher").status_code in {200, 303}


@pytest.mark.parametrize("case", STUDENT, ids=lambda case: case.name)
def test_6_1_3_valid_student_launches_are_accepted(tool: Tool, case: Case) -> None:
    assert tool.browser().launch(case, role="learner").status_code == 200
