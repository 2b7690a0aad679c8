"""What a teacher does in the grade book stands; what is only a matter of timestamps is settled by looking there."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from lti_tool.lti import ags
from lti_tool.outgoing import AddressPolicy, HttpClient
from lti_tool.services.grades.delivery_status import resend
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import Outcome, State
from lti_tool.services.moodle.grade_comparison import Compared, GradeComparison
from lti_tool.services.platforms.access_tokens import AccessTokens
from lti_tool.services.platforms.platform_services import PlatformServices
from lti_tool.services.platforms.registrations import Registrations
from tests.factories.schools import user_of
from tests.integration.delivery.conftest import ITEM, SECRET, TIMEOUT_S, Delivery
from tests.integration.delivery.test_retries import state_of


def in_the_grade_book(delivery: Delivery, grade: float, at: datetime) -> None:
    """Let somebody else write a grade of the first person at a time."""
    taken = delivery.stub.scores.setdefault((ITEM, user_of(0)), [])
    taken.append((at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), grade))


def delivered(delivery: Delivery, value: str = "0.5") -> int:
    """Deliver the score of the first person, and let a minute pass."""
    person = delivery.school.people[0]
    delivery.school.score(person, value, delivery.clock.now)
    delivery.worker().run_once()
    assert state_of(delivery, person).state is State.DONE
    delivery.clock.advance(minutes=1)
    return person


def test_a_grade_that_a_teacher_changed_stands_until_a_person_sends_ours(delivery: Delivery) -> None:
    person = delivered(delivery)
    in_the_grade_book(delivery, 90, delivery.clock.now + timedelta(minutes=5))
    delivery.school.score(person, "0.6", delivery.clock.now)
    delivery.worker().run_once()

    stopped = state_of(delivery, person)
    assert (stopped.state, stopped.reason, stopped.seen) == (State.NEEDS_PERSON, Reason.OVERRIDDEN, Decimal("0.9"))

    delivery.clock.advance(minutes=10)
    delivery.school.score(person, "0.7", delivery.clock.now)
    delivery.run_for(minutes=2)
    assert state_of(delivery, person).state is State.NEEDS_PERSON, "a better score of ours does not replace it either"
    assert delivery.taken()[-1][1] == 90

    with delivery.database.transaction() as session:
        of = (session, delivery.school.organisation_id, delivery.school.link)
        assert resend(*of, person=None, now=delivery.clock.now) == 0, "'all' does not mean the changed ones"
        assert resend(*of, person=person, now=delivery.clock.now) == 1
    delivery.worker().run_once()
    done = state_of(delivery, person)
    assert (done.state, done.reason, done.seen, delivery.taken()[-1][1]) == (State.DONE, None, None, 70)


def test_a_score_that_is_there_already_is_done(delivery: Delivery) -> None:
    person = delivered(delivery)
    in_the_grade_book(delivery, 60, delivery.clock.now + timedelta(minutes=5))
    delivery.school.score(person, "0.6", delivery.clock.now)
    delivery.worker().run_once()

    done = state_of(delivery, person)
    assert (done.state, done.tries[0].outcome, done.tries[0].status) == (State.DONE, Outcome.DONE, 409)


def test_an_older_score_of_ours_is_replaced_with_a_later_time(delivery: Delivery) -> None:
    person = delivered(delivery)
    in_the_grade_book(delivery, 50, delivery.clock.now + timedelta(seconds=5))
    delivery.school.score(person, "0.6", delivery.clock.now)
    delivery.worker().run_once()
    assert state_of(delivery, person).reason is Reason.CONFLICT

    delivery.run_for(minutes=1)
    assert (state_of(delivery, person).state, delivery.taken()[-1][1]) == (State.DONE, 60)


def test_where_results_may_not_be_read_it_is_tried_again(delivery: Delivery) -> None:
    delivery.scopes = (ags.SCOPE_SCORE,)
    person = delivered(delivery)
    in_the_grade_book(delivery, 90, delivery.clock.now + timedelta(seconds=5))
    delivery.school.score(person, "0.6", delivery.clock.now)
    delivery.worker().run_once()

    assert (state_of(delivery, person).state, delivery.stub.requests["results"]) == (State.DUE, 0)


def comparison(delivery: Delivery) -> GradeComparison:
    http = HttpClient(AddressPolicy(allow_loopback=True), timeout_s=TIMEOUT_S)
    services = PlatformServices(http, AccessTokens(delivery.database, http, secret=SECRET, clock=delivery.clock))
    return GradeComparison(
        delivery.database, GradeResults(delivery.database, services), Registrations(delivery.database)
    )


def test_a_comparison_finds_what_a_teacher_changed(delivery: Delivery) -> None:
    person = delivered(delivery)
    other = delivery.school.people[1]
    delivery.school.score(other, "1", delivery.clock.now)
    delivery.worker().run_once()
    in_the_grade_book(delivery, 42, delivery.clock.now)

    of = (delivery.school.organisation_id, delivery.school.link)
    assert comparison(delivery).compare(*of, delivery.clock.now) == Compared(shown=2, changed=1)
    assert (state_of(delivery, person).reason, state_of(delivery, person).seen) == (Reason.OVERRIDDEN, Decimal("0.42"))
    assert state_of(delivery, other).state is State.DONE
    assert comparison(delivery).compare(999, of[1], delivery.clock.now) is None, "of another organisation nothing"


def test_the_worker_compares_every_day_by_itself(delivery: Delivery) -> None:
    person = delivered(delivery)
    in_the_grade_book(delivery, 42, delivery.clock.now)
    delivery.worker().run_once()
    assert state_of(delivery, person).state is State.DONE, "it compared a minute ago"

    delivery.clock.advance(days=1)
    delivery.worker().run_once()
    assert state_of(delivery, person).reason is Reason.OVERRIDDEN


def test_a_platform_that_does_not_answer_changes_nothing(delivery: Delivery) -> None:
    person = delivered(delivery)
    delivery.school.move("http://127.0.0.1:9")
    assert (
        comparison(delivery).compare(delivery.school.organisation_id, delivery.school.link, delivery.clock.now) is None
    )
    assert state_of(delivery, person).state is State.DONE
