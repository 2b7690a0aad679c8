from __future__ import annotations

from sqlalchemy import select

from lti_tool.lti import ags
from lti_tool.models import AccessToken
from lti_tool.models import Delivery as DeliveryRow
from lti_tool.services.grades.delivery_status import delivery_states
from lti_tool.services.mechanisms.outbox import Outcome, State
from tests.integration.delivery.conftest import Delivery


def test_a_score_reaches_the_grade_book(delivery: Delivery) -> None:
    person = delivery.school.people[0]
    delivery.school.score(person, "0.85", delivery.clock.now)

    assert delivery.worker().run_once() == 1

    assert delivery.taken() == [("2026-03-02T12:00:00.000Z", 85)]
    row = delivery.school.outbox_row(person)
    assert (row.state, row.sent_rev, row.rev, row.lease, row.attempts) == (State.DONE, 1, 1, None, 0)


def test_every_try_leaves_a_row(delivery: Delivery) -> None:
    person = delivery.school.people[0]
    delivery.school.score(person, "0.5", delivery.clock.now)
    delivery.worker().run_once()

    with delivery.database.reading() as session:
        (made,) = session.scalars(select(DeliveryRow)).all()
        (state,) = delivery_states(session, delivery.school.organisation_id, delivery.school.link).values()

    assert (made.value, made.outcome, made.status, made.rev) == ("0.5", Outcome.DONE, 200, 1)
    assert made.timestamp == made.started_at == made.finished_at == delivery.clock.now
    assert (state.state, state.reason, state.next_at) == (State.DONE, None, None)
    assert [(each.value, each.outcome) for each in state.tries] == [("0.5", Outcome.DONE)]


def test_changes_before_the_worker_comes_are_one_delivery(delivery: Delivery) -> None:
    for value in ("0.2", "0.4", "0.6"):
        delivery.school.score(delivery.school.people[0], value, delivery.clock.now)

    assert delivery.worker().run_once() == 1
    assert delivery.taken() == [("2026-03-02T12:00:00.000Z", 60)]


def test_a_change_in_the_same_second_waits_for_the_next(delivery: Delivery) -> None:
    person = delivery.school.people[0]
    delivery.school.score(person, "0.2", delivery.clock.now)
    worker = delivery.worker()
    worker.run_once()
    delivery.school.score(person, "0.4", delivery.clock.advance(milliseconds=900))

    assert worker.run_once() == 0
    delivery.clock.advance(milliseconds=100)
    assert worker.run_once() == 1
    assert delivery.taken() == [("2026-03-02T12:00:00.000Z", 20), ("2026-03-02T12:00:01.000Z", 40)]


def test_the_same_score_is_not_sent_twice(delivery: Delivery) -> None:
    person = delivery.school.people[0]
    delivery.school.score(person, "0.5", delivery.clock.now)
    delivery.worker().run_once()
    delivery.school.score(person, "0.5", delivery.clock.advance(minutes=1))

    assert delivery.worker().run_once() == 0


def test_one_token_serves_all_scores_and_the_next_process(delivery: Delivery) -> None:
    delivery.scopes = (ags.SCOPE_SCORE,)
    school = delivery.school
    school.score_all(dict.fromkeys(school.people, "0.5"), delivery.clock.now)
    delivery.worker().run_once()
    school.score(school.people[0], "0.7", delivery.clock.advance(minutes=1))
    delivery.worker().run_once()

    assert delivery.stub.report()["token_requests"] == 1
    with delivery.database.reading() as session:
        (stored,) = session.scalars(select(AccessToken)).all()
    assert f"t{delivery.stub.token}".encode() not in stored.token_encrypted


def test_a_token_is_renewed_a_minute_before_its_end(delivery: Delivery) -> None:
    delivery.scopes = (ags.SCOPE_SCORE,)
    school = delivery.school
    school.score(school.people[0], "0.5", delivery.clock.now)
    delivery.worker().run_once()
    school.score(school.people[0], "0.6", delivery.clock.advance(seconds=3600 - 60))
    delivery.worker().run_once()

    assert delivery.stub.report()["token_requests"] == 2
    assert [score for _, score in delivery.taken()] == [50, 60]


def test_the_column_is_made_where_the_platform_names_none(delivery: Delivery) -> None:
    delivery.line_item = None
    school = delivery.school
    school.score_all(dict.fromkeys(school.people, "0.5"), delivery.clock.now)
    delivery.worker().run_once()

    (made,) = delivery.stub.line_items
    assert (made["resourceLinkId"], made["label"], made["scoreMaximum"]) == ("link-1", "Keywords", 100)
    assert [delivery.taken(number, "101") for number in range(3)] == [[("2026-03-02T12:00:00.000Z", 50)]] * 3


def test_a_column_that_is_there_is_found(delivery: Delivery) -> None:
    delivery.line_item = None
    delivery.stub.line_items.append({
        "id": f"{delivery.stub.base_url}/courses/1/lineitems/55/lineitem",
        "label": "Keywords",
        "scoreMaximum": 100,
        "resourceLinkId": "link-1",
        "resourceId": "lesson",
        "tag": "qualoop-score",
    })  # fmt: skip
    delivery.school.score(delivery.school.people[0], "0.5", delivery.clock.now)
    delivery.worker().run_once()

    assert len(delivery.stub.line_items) == 1
    assert len(delivery.taken(item="55")) == 1
