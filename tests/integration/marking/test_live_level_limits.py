"""The qualification rule at live projects: the mark of a mentor who is not qualified waits for one who is."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Final

import pytest

from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.people import assessor_qualifications
from lti_tool.services.people.assessor_qualifications import NewQualification
from qualoop.classroom.assessors import QualificationKind, QualificationRule
from tests.factories.classrooms import Seat
from tests.factories.live import ACME, LiveCourse, all_accepted, live_content
from tests.factories.tool import Tool
from tests.functional.marking.steps import send, words
from tests.integration.marking.test_live_projects import evidence, judge

COURSES: Final = count(1)
INDUSTRY: Final = QualificationKind.INDUSTRY


@pytest.fixture(scope="module")
def content() -> ContentImport:
    return live_content()


@pytest.fixture
def course(tool: Tool) -> LiveCourse:
    return LiveCourse(tool, f"limited-{next(COURSES)}")


def set_rule(tool: Tool, from_level: int | None) -> None:
    rule = QualificationRule(from_level=from_level, kinds=frozenset({INDUSTRY}))
    with tool.runtime.database.transaction() as session:
        assessor_qualifications.set_rule(session, tool.organisation_id, rule, now=tool.clock.now)


def qualify(tool: Tool, seat: Seat) -> None:
    new = NewQualification(kind=INDUSTRY, title="Store manager", holds_from=date(2026, 1, 1))
    with tool.runtime.database.transaction() as session:
        place = (session, tool.organisation_id)
        made = assessor_qualifications.add(*place, seat.who.person_id, new, by="admin", now=tool.clock.now)
        assessor_qualifications.confirm(*place, made.uuid, by="admin", now=tool.clock.now)


def test_a_live_project_waits_for_a_mentor_who_is_qualified(course: LiveCourse) -> None:
    tool, sam, mia, teacher = course.tool, course.learner(), course.mentor(), course.teacher()
    # The first mark is a mentor's, so a teacher who is qualified is nobody who could give it.
    qualify(tool, teacher)
    work = all_accepted(course, sam, mia)
    set_rule(tool, 1)
    try:
        told = words(mia.get(f"marking/works/{work}/"))
        assert "Only qualified assessors judge this work" in told
        assert "Nobody in this course can do it today." in told
        refused = judge(mia, work, enterprise=ACME)
        assert refused.status_code == 422
        assert "Saved as a draft, and not approved." in words(refused)
        send(teacher, "marking/release", page="marking/", do="now", work=work)
        assert evidence(tool, sam) == []
        qualify(tool, mia)
        assert "Only qualified assessors" not in words(mia.get(f"marking/works/{work}/"))
        assert judge(mia, work, enterprise=ACME).status_code == 303
    finally:
        set_rule(tool, None)
    send(teacher, "marking/release", page="marking/", do="now", work=work)
    assert {each["rater"] for each in evidence(tool, sam)} == {mia.who.person_uuid}
