"""The end of a class says which observations of its course wait: those that do not count yet, and those that conflict."""

from __future__ import annotations

import re
import uuid

from tests.factories.class_sessions import Classroom
from tests.factories.phones import PracticeCourse, join

KEPT = "1 observation does not count yet and waits for a decision"
CONFLICTS = "2 observations conflict with others"


def room_of(course: PracticeCourse) -> Classroom:
    """Return a class of the course that is on."""
    room = Classroom(course.tool, "observed", course.teacher)
    room.plan()
    room.do("open")
    return room


def waiting(page: str) -> list[str]:
    return re.findall(r'<li[^>]*><a href="[^"]*/observe/#waiting">([^<]*)</a>', page)


def test_observations_that_wait_are_said_at_the_end(course: PracticeCourse, another: PracticeCourse) -> None:
    phone = join(course.tool, course.own_link())
    end = f"class/sessions/{room_of(course).row().uuid}/end"
    assert waiting(course.teacher.get(end).text) == []
    one, other = phone.capture("Learner One", 2, 1, 3), phone.capture("Learner One", 1, 1, 3)
    assert phone.states(one, other) == [("recorded", "observation-repeated")] * 2
    assert waiting(course.teacher.get(end).text) == [CONFLICTS]
    stranger = phone.capture(str(uuid.uuid4()), 2, 1, 3)
    assert phone.states(stranger) == [("kept", "observation-learner-unknown")]
    assert waiting(course.teacher.get(end).text) == [CONFLICTS, KEPT]
    course.decide(other, "both")
    assert waiting(course.teacher.get(end).text) == [KEPT]
    # Of another course nothing is said.
    theirs = room_of(another).row().uuid
    assert waiting(another.teacher.get(f"class/sessions/{theirs}/end").text) == []
