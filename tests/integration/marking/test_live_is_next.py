"""What a learner is told to do next: what they can go on with, not what waits for somebody else or was only opened."""

from __future__ import annotations

from itertools import count
from typing import Final

import pytest

from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.records import records
from lti_tool.services.records.records import Subject
from qualoop.player import NextActivity
from tests.factories.classrooms import Seat
from tests.factories.live import LiveCourse, decide, live_content, plan, the_project
from tests.factories.tool import Tool

COURSES: Final = count(1)
BEGUN: Final = "You have begun it, and it is not finished yet."


@pytest.fixture(scope="module")
def content() -> ContentImport:
    return live_content()


@pytest.fixture
def course(tool: Tool) -> LiveCourse:
    return LiveCourse(tool, f"next-{next(COURSES)}")


def following(tool: Tool, seat: Seat) -> NextActivity | None:
    who = seat.who
    subject = Subject(organisation_id=who.organisation_id, person_id=who.person_id, uuid=who.person_uuid)
    with tool.runtime.database.reading() as reading:
        connection = reading.connection()
        framework = tool.runtime.contents.find_framework(connection, who.organisation_id)
        assert framework
        contents = tool.runtime.contents
        return records.next_activity(connection, contents, framework, subject, language="en", now=tool.clock())


def test_a_project_is_next_when_it_is_the_learners_turn(course: LiveCourse) -> None:
    tool, sam, mia = course.tool, course.learner(), course.mentor()
    sam.get("live/")
    opened = following(tool, sam)
    assert opened is None or opened.reason != BEGUN, "who has only looked has not begun"
    plan(sam)
    waiting = following(tool, sam)
    assert waiting is None or waiting.title != the_project().title["en"], "the mentor has to approve the plan first"
    decide(mia, course.work(sam), "accept")
    accepted = following(tool, sam)
    assert accepted
    assert (accepted.title, accepted.reason) == (the_project().title["en"], BEGUN)
