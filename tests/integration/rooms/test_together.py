"""Many at once: what two people do in the same moment counts once, and whole."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lti_tool.services.rooms.rooms import RoomRefusedError
from tests.factories.rooms import Course, reference


def outcomes(*acts: Callable[[], Any]) -> list[str]:
    """Return what came of things done at once: "done", or the code of the refusal."""

    def outcome(act: Callable[[], Any]) -> str:
        try:
            act()
        except RoomRefusedError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(outcome, acts))


def test_of_saves_of_the_same_version_one_counts(course: Course) -> None:
    course.begin()
    seat = course.learner(1)
    course.sit(seat, 1, ["buyer"])
    course.open()
    decision = reference(course.room())
    found = outcomes(*[lambda: course.save(seat, decision, {"match": 0, "bids": 0})] * 4)
    assert found == ["done", *["room-part-stale"] * 3]
    assert course.room().parts[1, "bids"].version == 1


def test_a_role_goes_to_one_of_many(course: Course) -> None:
    course.begin()
    seats = [course.learner(number) for number in range(1, 5)]
    found = outcomes(*[lambda seat=seat: course.sit(seat, 1, ["buyer"]) for seat in seats])
    assert found == ["done", *["room-role"] * 3]
    assert len(course.room().holders) == 1


def test_a_round_is_closed_once_and_a_room_opened_once(course: Course) -> None:
    assert outcomes(*[course.begin] * 3) == ["done", *["room-running"] * 2]
    course.sit(course.learner(1), 1)
    course.open()
    page = course.page()
    assert outcomes(*[lambda: course.close(page=page)] * 3) == ["done", *["room-stale"] * 2]
    assert len(course.room().documents) == 1
