"""Who launches from the platform observes by the role there; what a package carries is evidence of its own version."""

from __future__ import annotations

import pytest

from tests.factories.classrooms import LESSON
from tests.factories.marking import MENTOR, Room, make_room
from tests.factories.phones import PracticeCourse, join, link_in
from tests.factories.tool import Tool


@pytest.fixture(scope="module")
def room(tool: Tool) -> Room:
    """A course whose lesson is marked by the rubric."""
    return make_room(tool)


def test_a_mentor_of_the_platform_asks_for_an_invitation(room: Room) -> None:
    """A mentor who launches sees no class, so neither does the own phone; an invitation says whom and what for."""
    tool = room.tool
    mentor = room.enter("m-1", "Mia Mentor", roles=MENTOR)
    course = PracticeCourse(tool, room.teacher, [room.learner(1)])
    page = mentor.get("observe/").text
    assert "Ask the teachers of this course for an invitation" in page
    assert "Open on my phone" not in page
    assert "What came in" not in page
    assert "Invite a mentor" not in page
    assert "/observe/" in mentor.get("notices/").text
    assert course.post("own", seat=mentor).status_code == 403
    assert course.post("invite", seat=mentor, name="x").status_code == 403
    phone = join(tool, link_in(course.invite(enterprise="").text))
    assert phone.pack["assessor"]["is_enterprise"] is True
    assert phone.states(phone.capture("Learner 1", 1, enterprise="JD")) == [("recorded", "")]
    assert course.events()[0][1]["enterprise"] == "JD"


def test_the_task_of_an_activity_is_evidence_of_its_own_version(room: Room) -> None:
    """Where a package carries the rows, nothing else is registered."""
    tool = room.tool
    course = PracticeCourse(tool, room.teacher, [room.learner(2)])
    phone = join(tool, course.own_link())
    task = next(each for each in phone.pack["tasks"] if each["key"] == LESSON)
    assert phone.states(phone.capture("Learner 2", 1, task=LESSON)) == [("recorded", "")]
    body = course.events()[0][1]
    assert (body["activity"], body["content"]) == (LESSON, task["content"])
