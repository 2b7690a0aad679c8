"""Columns are made where the platform keeps them, once, and say why where it does not; switched off they are left alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from benchmarks.ags_stub import Fault
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import ColumnProbe, InboxItem
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import State
from lti_tool.services.moodle import mastery_columns
from lti_tool.services.moodle.mastery_columns import Changed, ColumnGoneError, Keeping
from tests.factories.classrooms import LESSON, Seat
from tests.integration.mastery_columns.conftest import SCOPES, Course, number_of

POINT, UNIT = "kp:SEM-1.1", "unit:SEM-1"
FIRST = 2
"""Scores of a learner whose score and level are sent once."""


def keeping(course: Course, seat: Seat) -> Keeping:
    link = course.link(seat)
    profile = course.tool.runtime.registrations.get(link.registration_id).registration.profile
    with course.tool.runtime.database.reading() as session:
        return mastery_columns.keeping(session.connection(), link, profile)


def test_what_the_activity_serves_can_have_a_column(course: Course) -> None:
    choices = course.choices(course.enter())
    assert [(key, choice.state) for key, choice in choices.items()] == [(UNIT, None), (POINT, None)]


def test_a_column_is_made_as_every_platform_takes_it(course: Course) -> None:
    seat = course.enter()
    assert keeping(course, seat) is Keeping.UNTRIED
    assert course.choose(seat, POINT) == Changed(on=1, off=0)
    assert course.choices(seat)[POINT].state == "wanted"
    course.work()

    _, made = course.stub.line_items
    assert {name: made[name] for name in ("resourceLinkId", "resourceId", "tag", "scoreMaximum")} == {
        "resourceLinkId": f"r-{LESSON}",
        "resourceId": "qualoop:kp:SEM-1.1",
        "tag": "qualoop-kp",
        "scoreMaximum": 100,
    }
    assert made["label"] == "SEM-1.1 Keywords and search intent"
    assert course.choices(seat)[POINT].state == "there"
    assert keeping(course, seat) is Keeping.SEVERAL


def test_saving_again_and_other_workers_make_no_second_one(course: Course) -> None:
    seat = course.enter()
    course.choose(seat, POINT)
    course.work()
    assert course.choose(seat, POINT) == Changed(on=0, off=0)
    course.work()
    assert len(course.stub.line_items) == 2


def test_a_column_that_is_there_already_is_found(course: Course) -> None:
    """As after a restored backup of our database."""
    seat = course.enter()
    course.choose(seat, POINT)
    course.work()
    with course.tool.runtime.database.transaction() as session:
        row = session.merge(course.column(POINT))
        row.url, row.state, row.next_at = None, "wanted", course.tool.clock.now
    course.work()
    assert len(course.stub.line_items) == 2
    assert number_of(course.column(POINT).url) == "102"


def test_open_edx_keeps_one_grade_and_is_not_asked(course: Course) -> None:
    course.is_product(Product.OPEN_EDX)
    seat = course.enter()
    assert keeping(course, seat) is Keeping.NEVER
    course.choose(seat, POINT)
    course.work()

    choice = course.choices(seat)[POINT]
    assert (choice.state, choice.reason) == ("refused", Reason.KEEPS_ONE_COLUMN)
    assert len(course.stub.line_items) == 1
    seat.answer(right=[True])
    course.work()
    assert course.outbox() == []


def test_a_platform_that_shows_no_second_column_is_remembered(course: Course) -> None:
    """Here it lists nothing but what it was told last."""
    seat = course.enter()
    course.stub.line_items.clear()
    course.choose(seat, POINT)
    course.work()
    assert (course.choices(seat)[POINT].state, keeping(course, seat)) == ("refused", Keeping.SINGLE)
    course.choose(seat, POINT, UNIT)
    with course.tool.runtime.database.reading() as session:
        assert session.scalar(select(ColumnProbe.id)) is None, "who saves again wants it tried again"

    course.stub.line_items.append({"id": course.own_url, "resourceLinkId": f"r-{LESSON}"})
    course.work()
    assert {choice.state for choice in course.choices(seat).values()} == {"there"}


def test_without_the_scope_a_column_says_what_to_do(course: Course) -> None:
    course.scopes = SCOPES[2:]
    seat = course.enter()
    assert keeping(course, seat) is Keeping.NO_SCOPE
    course.choose(seat, POINT)
    course.work()
    assert course.choices(seat)[POINT].reason is Reason.NO_COLUMN_SCOPE

    course.scopes = SCOPES
    course.enter()
    course.choose(seat, POINT)
    course.work()
    assert course.choices(seat)[POINT].state == "there"


def test_a_platform_that_is_down_is_tried_again(course: Course) -> None:
    seat = course.enter()
    plain, course.stub.base_url = course.stub.base_url, "http://127.0.0.1:9"
    course.tool.runtime.registrations.forget()
    course.scopes = SCOPES
    course.enter()
    course.choose(seat, POINT)
    course.work(rounds=1)
    choice = course.choices(seat)[POINT]
    assert (choice.state, choice.reason) in {("wanted", Reason.UNREACHABLE), ("refused", Reason.BLOCKED)}

    course.stub.base_url = plain
    course.enter()
    course.choose(seat, POINT)
    course.work()
    assert course.choices(seat)[POINT].state == "there"


def test_a_column_that_was_deleted_there_is_made_again(course: Course) -> None:
    seat = course.enter()
    course.choose(seat, POINT)
    course.work()
    gone = number_of(course.column(POINT).url)
    del course.stub.line_items[1]
    course.stub.line_items.append({"id": course.own_url + "&other", "resourceLinkId": "r-0"})
    course.stub.plan = lambda _, request: Fault.GONE_404 if request == 1 else None
    seat.answer(right=[True])
    course.work(rounds=5)

    assert number_of(course.column(POINT).url) != gone
    assert len(course.taken(POINT)) + len(course.stub.scores.get((gone, "s-1"), [])) == 1


def test_switched_off_it_stays_and_is_told_nothing_more(course: Course) -> None:
    seat = course.enter()
    course.choose(seat, POINT, UNIT)
    course.work()
    seat.answer(right=[True])
    course.work()
    assert course.choose(seat, UNIT) == Changed(on=0, off=1)
    seat.finish()
    seat.restart()
    seat.answer(right=[False, False])
    course.work()

    assert len(course.taken(POINT)) == 1
    assert len(course.taken(UNIT)) == 2
    assert len(course.stub.line_items) == 3, "nothing is deleted in the grade book"
    assert course.choices(seat)[POINT].state == "off"

    course.choose(seat, POINT, UNIT)
    course.work(rounds=5)
    assert len(course.stub.line_items) == 3
    assert len(course.taken(POINT)) == 2, "switched on again it catches up"


def test_what_was_not_delivered_when_it_was_switched_off_asks_nobody(course: Course) -> None:
    seat = course.enter()
    course.choose(seat, POINT)
    course.work()
    course.stub.plan = lambda *_: Fault.NOT_A_STUDENT_400
    seat.answer(right=[True])
    course.work()
    (state,) = course.states(POINT).values()
    assert (state.state, state.reason) == (State.NEEDS_PERSON, Reason.REFUSED)
    course.choose(seat)

    assert course.outbox() == []
    with course.tool.runtime.database.reading() as session:
        items = session.scalars(select(InboxItem).where(InboxItem.subject.startswith("ags_mastery"))).all()
    assert [item.resolution for item in items] == ["dismiss"]


def test_send_again_for_one_and_for_all(course: Course) -> None:
    seat = course.enter()
    other = course.enter("s-2")
    course.choose(seat, POINT)
    course.work()
    course.stub.plan = lambda user, request: Fault.NOT_A_STUDENT_400 if user == "s-1" and request < FIRST else None
    seat.answer(right=[True])
    other.answer(right=[True])
    course.work()
    column, link = course.column(POINT).id, course.link(seat)
    with course.tool.runtime.database.transaction() as session:
        assert mastery_columns.resend_column(session, link, column, person=None, now=course.tool.clock.now) == 1
    course.work()
    assert {state.state for state in course.states(POINT).values()} == {State.DONE}
    assert course.taken(POINT, "s-2") == course.taken(POINT, "s-1")
    with course.tool.runtime.database.transaction() as session:
        person = other.who.person_id
        assert mastery_columns.resend_column(session, link, column, person=person, now=course.tool.clock.now) == 1
    course.work()
    assert (len(course.taken(POINT, "s-1")), len(course.taken(POINT, "s-2"))) == (1, 2)


@pytest.mark.parametrize("key", ["kp:SEM-9.9", "kp:nonsense", "unit:SEM-1.1", "", "kp:" + "x" * 5000, "kp:DA-1.1"])
def test_what_the_activity_does_not_serve_gets_no_column(course: Course, key: str) -> None:
    seat = course.enter()
    assert course.choose(seat, key) == Changed(on=0, off=0)


def test_a_column_of_another_course_is_not_found(course: Course) -> None:
    seat = course.enter()
    course.choose(seat, POINT)
    course.work()
    elsewhere = course.enter(
        "t-9", role="teacher", context={"id": "c-2", "label": "DA", "title": "Data", "type": ["CourseSection"]}
    )
    link, column = course.link(elsewhere), course.column(POINT).id
    with course.tool.runtime.database.transaction() as session:
        with pytest.raises(ColumnGoneError):
            mastery_columns.get_column(session.connection(), link, column)
        with pytest.raises(ColumnGoneError):
            mastery_columns.resend_column(session, link, column, person=None, now=course.tool.clock.now)
    assert course.choices(elsewhere)[POINT].state is None
    assert course.choose(elsewhere) == Changed(on=0, off=0)
    assert course.choices(seat)[POINT].state == "there"
