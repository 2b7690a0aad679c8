"""What learner and mentor hear of a live project: decisions there, what waits here, and nothing of other people's."""

from __future__ import annotations

from itertools import count

import pytest

from lti_tool.services.mastery.content_install import ContentImport
from tests.factories.classrooms import Seat
from tests.factories.live import LiveCourse, all_accepted, decide, live_content, plan
from tests.factories.tool import Tool
from tests.integration.pages.reading_html import text_of

COURSES = count(1)
EMPTY = "There are no notices."
WAITS = "A task of a live project waits for a decision: Plan."


@pytest.fixture(scope="module")
def content() -> ContentImport:
    return live_content()


@pytest.fixture
def course(tool: Tool) -> LiveCourse:
    return LiveCourse(tool, f"notices-{next(COURSES)}")


def told(seat: Seat) -> str:
    return text_of(seat.get("notices/"))


def test_the_mentor_hears_what_waits_and_the_learner_what_was_decided(course: LiveCourse) -> None:
    learner, other, mentor, teacher = course.learner(), course.learner(2), course.mentor(), course.teacher()
    assert EMPTY in told(mentor)
    plan(learner)
    assert WAITS in told(mentor)
    assert "Learner 1" in told(mentor)
    assert EMPTY in told(teacher), "a mentor is in the course"
    work = course.work(learner)
    assert f"live/projects/{work}/" in mentor.get("notices/").text
    decide(mentor, work, "return", comment="Name the budget.")
    assert "was sent back to you: Plan. Partner shop." in told(learner)
    assert EMPTY in told(mentor)
    decide(mentor, work, "undo")
    assert EMPTY in told(learner), "it was taken back"
    decide(mentor, work, "accept")
    assert "was accepted: Plan. Partner shop." in told(learner)
    assert "等待审批" not in told(learner)
    assert EMPTY in told(other)


def test_without_a_mentor_the_teacher_hears_what_waits(course: LiveCourse) -> None:
    learner, teacher = course.learner(), course.teacher()
    plan(learner)
    assert WAITS in told(teacher)


def test_a_finished_project_waits_to_be_judged(course: LiveCourse) -> None:
    learner, mentor = course.learner(), course.mentor()
    work = all_accepted(course, learner, mentor)
    assert "A live project waits to be judged. Partner shop." in told(mentor)
    assert f"/marking/works/{work}/" in mentor.get("notices/").text
