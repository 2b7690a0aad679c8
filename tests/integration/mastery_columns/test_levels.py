"""A column carries the level as of the learner's newest evidence: sent when it moved or was corrected, never for time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool.lti.platform_profiles import Product
from lti_tool.models import Enrolment, MasteryColumnValue, Organisation
from lti_tool.services import erasure
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import State
from lti_tool.services.records.records import Subject, standing_now
from qualoop.records import whole_percent
from tests.factories.classrooms import Seat
from tests.integration.mastery_columns.conftest import Course, number_of

POINT, UNIT = "kp:SEM-1.1", "unit:SEM-1"


@pytest.fixture
def seat(course: Course) -> Seat:
    """A learner in a course whose columns stand."""
    made = course.enter()
    course.choose(made, POINT, UNIT)
    course.work()
    return made


def shown_now(course: Course, seat: Seat) -> int:
    """Return the level that the learner's record shows now, out of 100."""
    subject = Subject(organisation_id=seat.who.organisation_id, person_id=seat.who.person_id, uuid=seat.who.person_uuid)
    with course.tool.runtime.database.reading() as session:
        found = standing_now(session.connection(), subject, ["SEM-1.1"], course.tool.clock.now)
    known = found.facts["SEM-1.1"].known
    assert known
    return whole_percent(known.level)


def test_the_level_of_the_record_reaches_its_column(course: Course, seat: Seat) -> None:
    seat.answer(right=[True, True])
    level = shown_now(course, seat)
    course.work()

    assert course.taken(POINT) == [level]
    assert len(course.taken(UNIT)) == 1
    assert {row.state for row in course.outbox()} == {State.DONE}
    assert course.stub.newest_body["scoreMaximum"] == 100
    assert course.stub.newest_body["comment"].startswith("From 2 answers; likely between ")
    assert course.stub.newest_body["comment"].endswith("; newest answer 2 Mar 2026.")


def test_who_answered_before_the_column_was_made_is_in_it(course: Course) -> None:
    seat = course.enter()
    seat.answer(right=[True])
    course.work()
    course.choose(seat, POINT)
    course.work(rounds=4)

    assert course.taken(POINT) == [shown_now(course, seat)]


def test_nobody_without_evidence_is_in_a_column(course: Course, seat: Seat) -> None:
    course.enter("s-2")
    seat.answer(right=[True])
    course.work()

    assert len(course.outbox()) == 2
    assert course.taken(POINT, "s-2") == []


@pytest.mark.parametrize(("off_by", "sent"), [(0.0099, 1), (-0.0099, 1), (0.0101, 2), (-0.0101, 2), (0.01, 2)])
def test_a_level_is_sent_again_when_it_moved_by_a_point(course: Course, seat: Seat, off_by: float, sent: int) -> None:
    seat.answer(right=[True, False])
    course.work()
    course.kept_level(POINT, off_by)
    course.appeal(seat)
    course.work()

    assert len(course.taken(POINT)) == sent


def test_time_alone_sends_nothing(course: Course, seat: Seat) -> None:
    seat.answer(right=[True, True])
    course.work()
    (sent,) = course.taken(POINT)
    course.tool.clock.advance(days=60)
    assert shown_now(course, seat) < sent, "the record has forgotten some"
    course.work()
    course.appeal(seat)
    course.work()

    assert course.taken(POINT) == [sent]


def test_a_level_that_is_sent_late_is_still_that_of_its_evidence(course: Course, seat: Seat) -> None:
    seat.answer(right=[True, True])
    level = shown_now(course, seat)
    course.work(rounds=1)
    assert course.taken(POINT) == []
    course.tool.clock.advance(days=60)
    course.work()

    assert course.taken(POINT) == [level]
    assert "newest answer 2 Mar 2026" in course.stub.newest_body["comment"]


def test_a_correction_is_sent_again(course: Course, seat: Seat) -> None:
    seat.answer(right=[True, False])
    course.work()
    (before,) = course.taken(POINT)
    course.void(1)
    course.work(rounds=4)

    assert course.taken(POINT) == [before, shown_now(course, seat)]
    assert course.taken(POINT)[1] > before


def test_a_correction_that_moves_no_point_is_told_in_the_comment(course: Course, seat: Seat) -> None:
    """The platform is told of whatever it would read anew, here the number of answers."""
    seat.answer(right=[True, False])
    course.work()
    course.void(1)
    worker = course.worker()
    worker.run_once()
    course.kept_level(POINT, 0.0)
    course.work()

    assert course.stub.newest_body["comment"].startswith("From 1 answer;")


def test_where_a_platform_takes_grades_away_nothing_is_left(course: Course) -> None:
    course.is_product(Product.MOODLE)
    seat = course.enter()
    course.choose(seat, POINT)
    course.work()
    seat.answer(right=[True])
    course.work()
    assert len(course.taken(POINT)) == 1
    course.void(0)
    course.work(rounds=4)

    assert course.taken(POINT) == []
    assert {row.state for row in course.outbox()} == {State.DONE}

    seat.finish()
    seat.restart()
    seat.answer(right=[False, True])
    course.work(rounds=4)
    assert len(course.taken(POINT)) == 1, "new evidence fills it again"


def test_where_no_grade_can_be_taken_away_a_person_is_asked(course: Course, seat: Seat) -> None:
    seat.answer(right=[True])
    course.work()
    course.void(0)
    course.work(rounds=4)

    (state,) = course.states(POINT).values()
    assert (state.state, state.reason) == (State.NEEDS_PERSON, Reason.NOTHING_LEFT)
    assert len(course.taken(POINT)) == 1, "nothing false is sent instead"


def test_a_grade_that_a_teacher_changed_stands(course: Course, seat: Seat) -> None:
    seat.answer(right=[True])
    course.work()
    column = number_of(course.column(POINT).url)
    later = course.tool.clock.now + timedelta(minutes=5)
    course.stub.scores[(column, "s-1")].append((later.strftime("%Y-%m-%dT%H:%M:%S.000Z"), 5))
    seat.finish()
    seat.restart()
    seat.answer(right=[False, False])
    course.work()

    (state,) = course.states(POINT).values()
    assert (state.state, state.reason, str(state.seen)) == (State.NEEDS_PERSON, Reason.OVERRIDDEN, "0.050000")


def test_the_daily_comparison_sees_what_a_teacher_changed(course: Course, seat: Seat) -> None:
    seat.answer(right=[True])
    course.work()
    column = number_of(course.column(POINT).url)
    course.stub.scores[(column, "s-1")].append(("2026-03-02T12:30:00.000Z", 5))
    course.tool.clock.advance(days=1)
    course.work(rounds=1)

    (state,) = course.states(POINT).values()
    assert state.reason is Reason.OVERRIDDEN
    (other,) = course.states(UNIT).values()
    assert other.state is State.DONE


def test_a_worker_that_dies_after_enqueuing_loses_nothing(course: Course, seat: Seat) -> None:
    seat.answer(right=[True])
    dead = course.worker()
    dead.run_once()
    course.tool.clock.advance(seconds=10)
    dead.run_once()
    assert {row.state for row in course.outbox()} <= {State.DUE, State.DONE}
    course.work()

    assert course.taken(POINT) == [shown_now(course, seat)]
    assert len(course.taken(UNIT)) == 1


def test_who_left_the_course_is_sent_no_more(course: Course, seat: Seat) -> None:
    with course.tool.runtime.database.transaction() as session:
        for row in session.scalars(select(Enrolment)):
            row.left_at = course.tool.clock.now
    seat.answer(right=[True])
    course.work()

    assert course.outbox() == []


def test_an_erased_learner_leaves_nothing_to_send(course: Course, seat: Seat) -> None:
    seat.answer(right=[True])
    course.work()
    assert course.outbox()
    with course.tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, course.tool.organisation_id)
        erasure.erase(session, organisation, seat.who.person_uuid, actor="test", now=course.tool.clock.now)
    course.work()

    assert course.outbox() == []
    with course.tool.runtime.database.reading() as session:
        assert session.scalars(select(MasteryColumnValue)).all() == []
