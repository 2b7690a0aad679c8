"""The security list of docs/security.md, for the members of a course: one test a requirement, named by its number."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.launches import NRPS, TOOL_ORIGIN
from tests.factories.rosters import TEACHER, Course, running_course
from tests.fakes.listing_platform import Answer, ListingPlatform, listing, member

SAM = member("s-1", name="Sam Student", email="sam.student@example.test")


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Course]:
    with running_course(f"sqlite:///{tmp_path / 'tool.db'}") as made:
        made.platform.members = [TEACHER, SAM]
        yield made


def test_s13_a_next_page_elsewhere_gets_neither_request_nor_token(course: Course) -> None:
    with listing(ListingPlatform(members=[SAM])) as elsewhere:
        body = json.dumps({"members": [TEACHER]}).encode()
        answer = Answer(200, body, {"Link": f'<{elsewhere.memberships_url}>; rel="next"'})
        course.platform.odd = lambda _: answer
        course.work()
        assert elsewhere.asked == []
    assert course.reads()[0].code == "lti-service-origin"
    assert course.names() == []


def test_s13_a_list_of_members_elsewhere_gets_neither_request_nor_token(course: Course) -> None:
    with listing(ListingPlatform(members=[SAM])) as elsewhere:
        course.more_claims = {NRPS: {"context_memberships_url": elsewhere.memberships_url}}
        course.teacher().post("class/update-list")
        assert (elsewhere.asked, course.platform.token_requests) == ([], [])
    assert course.reads()[0].code == "lti-service-origin"


def test_s24_s30_only_who_may_see_the_class_updates_its_list_and_only_by_the_form(course: Course) -> None:
    learner, teacher = course.launch("s-1", name="Sam Student"), course.teacher()
    assert learner.post("class/update-list").status_code == 403
    forged = teacher.browser.client.post(f"{teacher.page}class/update-list", data={}, base_url=TOOL_ORIGIN)
    assert forged.status_code == 403
    assert course.reads() == []


def test_s26_nobody_is_joined_by_e_mail(course: Course) -> None:
    people = course.people()
    course.platform.members = [TEACHER, SAM, SAM | {"user_id": "s-2"}]
    course.work()
    assert course.people() == people + 2


def test_s27_the_log_names_nobody(course: Course, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    course.work()
    course.platform.odd = lambda _: Answer(200, json.dumps({"members": [SAM | {"status": "Sam Student"}]}).encode())
    course.tool.clock.advance(hours=1)
    course.teacher()
    course.work()
    assert "code=roster-unreadable" in caplog.text
    for secret in ("Sam Student", "sam.student", "token-1", course.platform.memberships_url):
        assert secret not in caplog.text


def test_s28_a_throttled_platform_is_not_asked_again_at_once(course: Course) -> None:
    course.platform.odd = lambda _: Answer(429, b"", {"Retry-After": "60"})
    course.work()
    course.work()
    assert len(course.platform.asked) == 1
    assert course.reads()[0].code == "roster-busy"
