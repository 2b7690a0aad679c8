"""Whatever the platform answers and in whatever order: in the end it has the latest score, by ever later timestamps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.ags_stub import Fault
from lti_tool.services.delivery_status import resend
from lti_tool.services.outbox import State
from tests.integration.delivery.conftest import Delivery

EXAMPLES = 25
PEOPLE = 600  # one for each example, those of a shrinking failure included
SCORES = ["0.1", "0.25", "0.4", "0.55", "0.7", "0.85", "1"]
PASSING = [
    Fault.ERROR_500,
    Fault.SAVED_500,
    Fault.BUSY_503,
    Fault.THROTTLED_429,
    Fault.TOKEN_401,
    Fault.SAVED_CLOSED,
    Fault.CLOSED,
]

#: Seconds that pass before the next thing happens, and whether that is a new score or a look of the worker.
EVENTS = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=14)
FAULTS = st.lists(st.one_of(st.none(), st.sampled_from(PASSING)), max_size=8)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=EVENTS, faults=FAULTS)
def test_the_latest_score_wins(delivery: Delivery, events: Sequence[tuple[int, bool]], faults: Sequence[Fault]) -> None:
    delivery.people = PEOPLE
    number = len(delivery.stub.scores)
    person = delivery.school.people[number]
    script = iter(faults)
    delivery.stub.plan = lambda *_: next(script, None)
    worker = delivery.worker()
    rising = iter(SCORES)
    latest = "0"
    delivery.school.score(person, latest, delivery.clock.now)
    for seconds, scores in events:
        delivery.clock.advance(seconds=seconds, milliseconds=137)
        if scores:
            latest = next(rising, latest)
            delivery.school.score(person, latest, delivery.clock.now)
        else:
            worker.run_once()
    run_out(delivery, person)

    taken = delivery.taken(number)
    assert Decimal(str(taken[-1][1])) == Decimal(latest) * 100
    times = [timestamp for timestamp, _ in taken]
    assert times == sorted(set(times))
    assert datetime.fromisoformat(times[-1]) <= delivery.clock.now.astimezone(UTC)
    assert [score for _, score in taken] == sorted(score for _, score in taken), "never a lower one after a higher"


def run_out(delivery: Delivery, person: int) -> None:
    """Let time pass until everything is delivered; a person helps where one is needed."""
    worker = delivery.worker()
    school = delivery.school
    for _ in range(40):
        state = school.outbox_row(person).state
        if state == State.DONE:
            return
        delivery.clock.now += timedelta(hours=1)
        if state == State.NEEDS_PERSON:
            with delivery.database.transaction() as session:
                resend(session, school.organisation_id, school.link, person=person, now=delivery.clock.now)
        worker.run_once()
    raise AssertionError("it is never delivered")
