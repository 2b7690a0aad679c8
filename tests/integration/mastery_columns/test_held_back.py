"""A level that would tell a score which is held back waits until the settings of the link let the score go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lti_tool.models import LinkExtension
from lti_tool.services.mechanisms.outbox import State
from lti_tool.services.records.held_back import LOOK_AGAIN
from tests.factories.classrooms import Seat
from tests.factories.held_results import show_results
from tests.integration.mastery_columns.conftest import Course

POINT, UNIT = "kp:SEM-1.1", "unit:SEM-1"


@pytest.fixture
def seat(course: Course) -> Seat:
    """A learner in a course whose columns stand."""
    made = course.enter()
    course.choose(made, POINT, UNIT)
    course.work()
    return made


def test_a_level_goes_out_when_the_scores_behind_it_do(course: Course, seat: Seat) -> None:
    release = course.tool.clock.now + timedelta(hours=1)
    show_results(course.tool, seat, "on_date", shown_at=release)
    seat.answer(right=[True, True])
    course.work()
    course.tool.clock.now = release - timedelta(minutes=1)
    course.work(rounds=2)
    assert (course.taken(POINT), course.taken(UNIT)) == ([], [])
    assert {(row.state, row.attempts, row.last_error) for row in course.outbox()} == {(State.DUE, 0, None)}

    course.tool.clock.now = release
    course.work(rounds=1)
    assert (len(course.taken(POINT)), len(course.taken(UNIT))) == (1, 1)
    assert {row.state for row in course.outbox()} == {State.DONE}


def test_who_has_more_time_is_told_later(course: Course, seat: Seat) -> None:
    due, later = (course.tool.clock.now + timedelta(hours=hours) for hours in (1, 2))
    show_results(course.tool, seat, "after_due", due_at=due)
    with course.tool.runtime.database.transaction() as session:
        session.add(
            LinkExtension(
                organisation_id=seat.who.organisation_id,
                resource_link_id=seat.who.resource_link_id,
                person_id=seat.who.person_id,
                due_at=later,
                extra_attempts=0,
                reason="ill",
                given_by=seat.who.person_id,
                given_at=course.tool.clock.now,
            )
        )
    seat.answer(right=[True])
    for moment, told in ((due, 0), (later, 1)):
        course.tool.clock.now = moment + timedelta(minutes=1)
        course.work()
        assert len(course.taken(POINT)) == told


def test_settings_that_let_go_earlier_are_noticed(course: Course, seat: Seat) -> None:
    show_results(course.tool, seat, "on_date", shown_at=course.tool.clock.now + timedelta(days=9))
    seat.answer(right=[True])
    course.work()
    assert course.taken(POINT) == []
    show_results(course.tool, seat, None)
    course.tool.clock.now += LOOK_AGAIN
    course.work(rounds=1)
    assert len(course.taken(POINT)) == 1


def test_where_a_score_is_never_shown_the_level_goes_on(course: Course, seat: Seat) -> None:
    show_results(course.tool, seat, "never")
    seat.answer(right=[True])
    course.work()
    assert len(course.taken(POINT)) == 1
