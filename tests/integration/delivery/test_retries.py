"""Each way in which a platform can fail, and what becomes of the score."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from benchmarks.ags_stub import Fault
from lti_tool.models import InboxItem
from lti_tool.services.grades.delivery_status import DeliveryState, delivery_states, resend
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Outcome, State
from tests.integration.delivery.conftest import Delivery


def state_of(delivery: Delivery, person: int) -> DeliveryState:
    with delivery.database.reading() as session:
        return delivery_states(session, delivery.school.organisation_id, delivery.school.link)[person]


def failing(delivery: Delivery, *faults: Fault | None) -> int:
    """Let the requests of the first person meet these faults, one after the other; return the person."""
    script = iter(faults)
    delivery.stub.plan = lambda *_: next(script, None)
    person = delivery.school.people[0]
    delivery.school.score(person, "0.5", delivery.clock.now)
    return person


RETRIED = [
    (Fault.ERROR_500, Outcome.AMBIGUOUS, Reason.PLATFORM_ERROR, 500),
    (Fault.SAVED_500, Outcome.AMBIGUOUS, Reason.PLATFORM_ERROR, 500),
    (Fault.SAVED_502, Outcome.AMBIGUOUS, Reason.PLATFORM_ERROR, 502),
    (Fault.BUSY_503, Outcome.LATER, Reason.BUSY, 503),
    (Fault.THROTTLED_429, Outcome.LATER, Reason.BUSY, 429),
    (Fault.THROTTLED_403, Outcome.LATER, Reason.BUSY, 403),
    # No platform answers a score with a page: something on the way did, and the score may be nowhere.
    (Fault.LOGIN_PAGE, Outcome.AMBIGUOUS, Reason.PLATFORM_ERROR, 200),
    (Fault.SILENT, Outcome.AMBIGUOUS, Reason.NO_ANSWER, None),
    (Fault.SAVED_SILENT, Outcome.AMBIGUOUS, Reason.NO_ANSWER, None),
    (Fault.CLOSED, Outcome.AMBIGUOUS, Reason.NO_ANSWER, None),
    (Fault.SAVED_CLOSED, Outcome.AMBIGUOUS, Reason.NO_ANSWER, None),
    (Fault.RESET, Outcome.AMBIGUOUS, Reason.NO_ANSWER, None),
    (Fault.SAVED_RESET, Outcome.AMBIGUOUS, Reason.NO_ANSWER, None),
    (Fault.HELD, Outcome.AMBIGUOUS, Reason.NO_ANSWER, None),
]


@pytest.mark.parametrize(("fault", "outcome", "reason", "status"), RETRIED, ids=[case[0].value for case in RETRIED])
def test_what_may_pass_is_tried_again(
    delivery: Delivery, fault: Fault, outcome: Outcome, reason: Reason, status: int | None
) -> None:
    person = failing(delivery, fault)
    worker = delivery.worker()
    worker.run_once()

    failed = state_of(delivery, person)
    assert (failed.state, failed.reason, failed.attempts) == (State.DUE, reason, 1)
    assert (failed.tries[0].outcome, failed.tries[0].status) == (outcome, status)
    assert failed.next_at is not None
    assert timedelta(seconds=9) <= failed.next_at - delivery.clock.now <= timedelta(seconds=11)
    assert worker.run_once() == 0, "it waits for its time"

    delivery.clock.now = failed.next_at
    worker.run_once()
    assert state_of(delivery, person).state is State.DONE
    times = [timestamp for timestamp, _ in delivery.taken()]
    assert delivery.taken()[-1][1] == 50
    assert times == sorted(set(times)), "each try has a later timestamp"
    assert "409" not in delivery.stub.answers


REFUSED = [
    (Fault.FORBIDDEN_403, Reason.NOT_ALLOWED, 403),
    (Fault.NOT_A_STUDENT_400, Reason.REFUSED, 400),
    (Fault.LOCKED, Reason.LOCKED, 500),
    (Fault.NOTHING_200, Reason.REFUSED, 200),
]


@pytest.mark.parametrize(("fault", "reason", "status"), REFUSED, ids=[case[0].value for case in REFUSED])
def test_what_needs_a_person_is_not_tried_again_by_itself(
    delivery: Delivery, fault: Fault, reason: Reason, status: int
) -> None:
    person = failing(delivery, fault, fault)
    delivery.run_for(minutes=5)

    stopped = state_of(delivery, person)
    assert (stopped.state, stopped.reason, stopped.next_at, len(stopped.tries)) == (State.NEEDS_PERSON, reason, None, 1)
    assert stopped.tries[0].status == status
    with delivery.database.reading() as session:
        (item,) = session.scalars(select(InboxItem)).all()
    assert (item.state, item.owner_role, item.details["error"]) == ("open", "teacher", reason.value)


def test_send_again_sends_at_once_and_closes_the_inbox_item(delivery: Delivery) -> None:
    person = failing(delivery, Fault.NOT_A_STUDENT_400)
    delivery.run_for(minutes=2)

    with delivery.database.transaction() as session:
        sent = resend(
            session, delivery.school.organisation_id, delivery.school.link, person=None, now=delivery.clock.now
        )
    delivery.worker().run_once()

    assert sent == 1
    assert state_of(delivery, person).state is State.DONE
    with delivery.database.reading() as session:
        assert [item.state for item in session.scalars(select(InboxItem))] == ["resolved"]


def test_send_again_for_all_leaves_delivered_scores_alone(delivery: Delivery) -> None:
    person = failing(delivery)
    delivery.worker().run_once()
    delivery.clock.advance(minutes=1)
    school = delivery.school
    with delivery.database.transaction() as session:
        assert resend(session, school.organisation_id, school.link, person=None, now=delivery.clock.now) == 0
        assert resend(session, school.organisation_id, school.link, person=person, now=delivery.clock.now) == 1
    delivery.worker().run_once()

    assert [score for _, score in delivery.taken()] == [50, 50]


def test_send_again_of_another_organisation_does_nothing(delivery: Delivery) -> None:
    person = failing(delivery, Fault.NOT_A_STUDENT_400)
    delivery.run_for(minutes=1)
    with delivery.database.transaction() as session:
        assert resend(session, 999, delivery.school.link, person=None, now=delivery.clock.now) == 0
    assert state_of(delivery, person).state is State.NEEDS_PERSON


def test_a_token_that_ended_early_is_renewed_in_the_same_try(delivery: Delivery) -> None:
    person = failing(delivery, Fault.TOKEN_401)
    delivery.worker().run_once()

    done = state_of(delivery, person)
    assert (done.state, len(done.tries)) == (State.DONE, 1)


def test_a_token_that_is_not_taken_twice_is_tried_later(delivery: Delivery) -> None:
    person = failing(delivery, Fault.TOKEN_401, Fault.TOKEN_401)
    delivery.worker().run_once()

    waiting = state_of(delivery, person)
    assert (waiting.state, waiting.reason, waiting.tries[0].status) == (State.DUE, Reason.NOT_ALLOWED, 401)
    assert delivery.stub.requests.total() == 2


def test_a_column_that_is_gone_is_found_or_made_again(delivery: Delivery) -> None:
    person = failing(delivery, Fault.GONE_404)
    delivery.worker().run_once()

    assert state_of(delivery, person).state is State.DONE
    assert len(delivery.taken(item="101")) == 1


def test_a_platform_that_is_down_gets_the_score_when_it_is_up(delivery: Delivery) -> None:
    """Nothing listens at first: the tries go nowhere, then the latest score arrives."""
    there = delivery.stub.base_url
    delivery.stub.base_url = "http://127.0.0.1:9"
    delivery.line_item = "http://127.0.0.1:9/courses/1/lineitems/7/lineitem"
    person = failing(delivery)
    delivery.run_for(minutes=10)
    down = state_of(delivery, person)
    assert (down.state, down.reason, [each.status for each in down.tries]) == (
        State.DUE,
        Reason.UNREACHABLE,
        [None] * 4,
    )

    delivery.school.score(person, "0.9", delivery.clock.now)
    delivery.school.move(there)
    with delivery.database.transaction() as session:
        resend(session, delivery.school.organisation_id, delivery.school.link, person=person, now=delivery.clock.now)
    delivery.worker().run_once()

    assert state_of(delivery, person).state is State.DONE
    assert [score for _, score in delivery.taken()] == [90]


def test_after_days_of_failures_it_is_a_dead_letter(delivery: Delivery) -> None:
    person = failing(delivery, *[Fault.BUSY_503] * 99)
    worker = delivery.worker()
    tries = 0
    begun = delivery.clock.now
    while state_of(delivery, person).state is State.DUE:
        tries += worker.run_once()
        delivery.clock.now = state_of(delivery, person).next_at or delivery.clock.now

    assert tries == 16
    assert timedelta(days=2) < delivery.clock.now - begun < timedelta(days=3)
    assert state_of(delivery, person).state is State.DEAD
    with delivery.database.reading() as session:
        assert [item.reason for item in session.scalars(select(InboxItem))] == ["delivery-dead"]


def test_a_new_score_revives_a_dead_letter(delivery: Delivery) -> None:
    person = failing(delivery, Fault.NOT_A_STUDENT_400)
    delivery.worker().run_once()
    delivery.school.score(person, "0.8", delivery.clock.advance(minutes=1))
    delivery.worker().run_once()

    assert state_of(delivery, person).state is State.DONE
    assert [score for _, score in delivery.taken()] == [80]


def test_a_new_score_does_not_cut_the_wait_short(delivery: Delivery) -> None:
    person = failing(delivery, Fault.BUSY_503)
    worker = delivery.worker()
    worker.run_once()
    delivery.school.score(person, "0.8", delivery.clock.advance(seconds=5))
    assert worker.run_once() == 0
    delivery.clock.advance(seconds=6)
    worker.run_once()

    assert [score for _, score in delivery.taken()] == [80]


@pytest.mark.parametrize(
    ("scopes", "reason"), [((), Reason.NO_SCOPE), (("https://purl.imsglobal.org/spec/lti-ags/scope/score",), None)]
)
def test_scores_go_only_where_the_platform_allows_it(
    delivery: Delivery, scopes: tuple[str, ...], reason: Reason | None
) -> None:
    delivery.scopes = scopes
    person = failing(delivery)
    delivery.worker().run_once()

    assert state_of(delivery, person).reason is reason
    assert len(delivery.taken()) == (0 if reason else 1)


def test_a_service_of_another_origin_never_gets_a_token(delivery: Delivery) -> None:
    delivery.line_item = "http://localhost:9/lineitems/7"
    person = failing(delivery)
    delivery.worker().run_once()

    assert (state_of(delivery, person).state, state_of(delivery, person).reason) == (State.NEEDS_PERSON, Reason.BLOCKED)


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.sentence.endswith(".") for reason in Reason)
