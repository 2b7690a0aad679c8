"""LTI Advantage conformance, tool side, 6.3: Names and Role Provisioning Services, over HTTP at both ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.factories.rosters import TEACHER, Course, running_course
from tests.fakes.listing_platform import MEMBERS_PATH, MEMBERS_TYPE, SCOPE, member


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Course]:
    with running_course(f"sqlite:///{tmp_path / 'tool.db'}") as made:
        made.platform.members = [TEACHER, member("s-1", name="Sam Student")]
        yield made


@pytest.mark.parametrize("asked_by", ["launch", "button"])
def test_6_3_names_and_roles_are_asked_for_after_a_teacher_s_launch(course: Course, asked_by: str) -> None:
    seat = course.teacher()
    if asked_by == "button":
        assert seat.post("class/update-list").status_code == 303
    else:
        assert course.work() == 1
    [token], [asked] = course.platform.token_requests, course.platform.asked
    assert parse_qs(token.body.decode())["scope"] == [SCOPE]
    assert (asked.method, asked.path.partition("?")[0]) == ("GET", MEMBERS_PATH)
    assert asked.headers["accept"] == MEMBERS_TYPE
    assert asked.headers["authorization"] == f"Bearer token-{course.platform.tokens}"
    assert course.names() == ["Sam Student"]
