"""Platforms that throttle: one request at a time where that is known, and a pause where they ask for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.ags_stub import Fault
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import Registration
from lti_tool.services.grades.delivery_status import delivery_states
from lti_tool.services.mechanisms.lanes import WAITING_EACH, Lanes
from lti_tool.services.mechanisms.outbox import Finished, Lane, Outcome, Parcel, Result, Row, State
from tests.integration.delivery.conftest import Delivery

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NARROW = Lane(1, 1)


class Message:
    def __init__(self, lane: Lane | None) -> None:
        self.value = "1"
        self.lane = lane


def parcel(number: int, lane: Lane | None = NARROW) -> Parcel:
    row = Row(
        id=number,
        organisation_id=1,
        target=1,
        subject=number,
        rev=1,
        sent_rev=0,
        attempts=1,
        channel="ags",
        lease="x",
        timestamp=NOW,
        leased_until=NOW,
    )
    return Parcel(row, None, Message(lane))  # type: ignore[arg-type]


def back(number: int, result: Result | None = None, lane: Lane = NARROW) -> Finished:
    return Finished(parcel(number).row, result or Result(Outcome.DONE), lane)


def test_a_narrow_lane_has_one_under_way_and_keeps_the_order() -> None:
    lanes = Lanes()
    first, second, third = (parcel(number) for number in range(3))
    assert [lanes.offer(each, NOW) for each in (first, second, third)] == [first, None, None]
    assert lanes.release(back(0), NOW) is second
    assert lanes.release(back(1), NOW) is third
    assert lanes.release(back(2), NOW) is None
    assert lanes.offer(first, NOW) is first, "it is free again"


def test_other_lanes_do_not_wait() -> None:
    lanes = Lanes()
    lanes.offer(parcel(0), NOW)
    wide, free = parcel(1, Lane(2, None)), parcel(2, None)
    assert (lanes.offer(wide, NOW), lanes.offer(free, NOW)) == (wide, free)


def test_a_full_lane_turns_away_so_that_other_platforms_have_room() -> None:
    lanes = Lanes()
    for number in range(1 + WAITING_EACH):
        lanes.offer(parcel(number), NOW)
    away = lanes.offer(parcel(99), NOW)
    assert isinstance(away, Finished)
    assert (away.result.outcome, away.lane) == (Outcome.UNSENT, None)
    assert away.result.retry_after_s > 0
    lanes.is_patient = True
    assert lanes.offer(parcel(100), NOW) is None


@pytest.mark.parametrize("at_once", [1, None])
def test_a_platform_that_asks_for_a_pause_gets_it(at_once: int | None) -> None:
    lanes, lane = Lanes(), Lane(1, at_once)
    lanes.offer(parcel(0, lane), NOW)
    lanes.offer(parcel(1, lane), NOW)
    throttled = Result(Outcome.LATER, retry_after_s=30)
    assert lanes.release(back(0, throttled, lane), NOW) is None

    early = NOW + timedelta(seconds=10)
    refused = lanes.offer(parcel(2, lane), early)
    assert isinstance(refused, Finished)
    assert refused.result == Result(Outcome.UNSENT, retry_after_s=20)
    assert [each.row.id for each in lanes.turn_out(early)] == ([1] if at_once else [])
    late = parcel(3, lane)
    assert lanes.offer(late, NOW + timedelta(seconds=30)) is late


def test_nothing_waits_for_ever_after_a_pause() -> None:
    lanes = Lanes()
    lanes.offer(parcel(0), NOW)
    lanes.offer(parcel(1), NOW)
    lanes.release(back(0, Result(Outcome.LATER, retry_after_s=1)), NOW)
    assert [each.row.id for each in lanes.turn_out(NOW + timedelta(seconds=5))] == [1]


def test_turning_out_everything_keeps_nothing() -> None:
    lanes = Lanes()
    for number in range(3):
        lanes.offer(parcel(number), NOW)
    assert [each.row.id for each in lanes.turn_out()] == [1, 2]
    assert lanes.turn_out() == []


def as_product(delivery: Delivery, product: Product) -> None:
    with delivery.database.transaction() as session:
        session.get_one(Registration, delivery.school.registration_id).product = product.value


@pytest.mark.parametrize(("product", "most"), [(Product.CANVAS, 1), (Product.MOODLE, 4)])
def test_canvas_gets_every_score_one_after_the_other(delivery: Delivery, product: Product, most: int) -> None:
    delivery.people, delivery.stub.delay_s = 40, 0.01
    as_product(delivery, product)
    school = delivery.school
    school.score_all(dict.fromkeys(school.people, "0.5"), delivery.clock.now)
    delivery.worker(threads=4).run_once()

    with delivery.database.reading() as session:
        states = delivery_states(session, school.organisation_id, school.link)
    assert {each.state for each in states.values()} == {State.DONE}
    assert delivery.stub.most_at_once == most


def test_canvas_is_told_whether_a_score_is_of_a_new_attempt(delivery: Delivery) -> None:
    as_product(delivery, Product.CANVAS)
    member = "https://canvas.instructure.com/lti/submission"
    person = delivery.school.people[0]
    said = []
    for value in ("0.5", "0.6"):
        delivery.school.score(person, value, delivery.clock.now)
        delivery.worker().run_once()
        said.append(delivery.stub.newest_body[member])
        delivery.clock.advance(minutes=1)
    assert said == [{"new_submission": True}, {"new_submission": False}], "the second one corrects the same attempt"


def test_other_platforms_are_told_nothing_of_their_own(delivery: Delivery) -> None:
    delivery.school.score(delivery.school.people[0], "0.5", delivery.clock.now)
    delivery.worker().run_once()
    assert not [name for name in delivery.stub.newest_body if name.startswith("http")]


def test_a_throttled_platform_is_left_alone_for_as_long_as_it_says(delivery: Delivery) -> None:
    delivery.people = 6
    delivery.stub.plan = lambda _, request: Fault.THROTTLED_429 if request == 0 else None
    school = delivery.school
    school.score_all(dict.fromkeys(school.people, "0.5"), delivery.clock.now)
    delivery.run_for(minutes=2)
    with delivery.database.reading() as session:
        states = delivery_states(session, school.organisation_id, school.link)
    assert {each.state for each in states.values()} == {State.DONE}
