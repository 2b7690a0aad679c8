"""One rule of "send again", whoever asks for it: a teacher's page, the inbox, the administration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from benchmarks.ags_faults import Fault, no_faults
from lti_tool.models import InboxItem, LinkScore
from lti_tool.services.administration import inbox_actions
from lti_tool.services.grades import outbox_decisions
from lti_tool.services.grades.delivery_status import resend
from lti_tool.services.grades.scores import AGS
from lti_tool.services.mechanisms import inbox
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import State
from tests.integration.delivery.conftest import Delivery
from tests.integration.delivery.test_overrides import delivered, in_the_grade_book
from tests.integration.delivery.test_retries import state_of


def refused(delivery: Delivery, *, people: int) -> list[int]:
    """Let the platform refuse the scores of some people; return these."""
    delivery.stub.plan = lambda *_: Fault.NOT_A_STUDENT_400
    some = list(delivery.school.people[:people])
    delivery.school.score_all(dict.fromkeys(some, "0.5"), delivery.clock.now)
    delivery.run_for(minutes=1)
    assert [state_of(delivery, person).state for person in some] == [State.NEEDS_PERSON] * people
    delivery.stub.plan = no_faults
    return some


def open_items(delivery: Delivery) -> list[InboxItem]:
    with delivery.database.reading() as session:
        return list(inbox.open_items(session, delivery.school.organisation_id))


def by_inbox(session: Session, delivery: Delivery, _: int) -> int:
    (item,) = inbox.open_items(session, delivery.school.organisation_id)
    inbox_actions.decide(session, item.organisation_id, item.id, action="send-again", now=delivery.clock.now)
    return 1


def by_teacher(session: Session, delivery: Delivery, person: int) -> int:
    school = delivery.school
    return resend(session, school.organisation_id, school.link, person=person, now=delivery.clock.now)


def by_administration(session: Session, delivery: Delivery, _: int) -> int:
    failed = outbox_decisions.failed_at(AGS, delivery.school.link)
    return outbox_decisions.send_again(session, delivery.school.organisation_id, failed, now=delivery.clock.now)


@pytest.mark.parametrize("ask", [by_inbox, by_teacher, by_administration])
def test_whoever_asks_the_row_is_as_new_and_the_inbox_is_empty(
    delivery: Delivery, ask: Callable[[Session, Delivery, int], int]
) -> None:
    (person,) = refused(delivery, people=1)
    before = delivery.school.outbox_row(person)
    with delivery.database.transaction() as session:
        assert ask(session, delivery, person) == 1
    row = delivery.school.outbox_row(person)
    assert (row.state, row.rev, row.attempts, row.last_error) == (State.DUE.value, before.rev + 1, 0, None)
    assert row.next_at == delivery.clock.now
    assert open_items(delivery) == []
    delivery.worker().run_once()
    assert state_of(delivery, person).state is State.DONE


def test_the_inbox_keeps_its_item_while_somebody_at_the_same_place_still_waits(delivery: Delivery) -> None:
    first, second = refused(delivery, people=2)
    for person, left in ((first, 1), (second, 0)):
        with delivery.database.transaction() as session:
            by_teacher(session, delivery, person)
        assert len(open_items(delivery)) == left


def test_the_inbox_replaces_no_grade_that_somebody_changed(delivery: Delivery) -> None:
    person = delivered(delivery)
    in_the_grade_book(delivery, 90, delivery.clock.now + timedelta(minutes=5))
    delivery.school.score(person, "0.6", delivery.clock.now)
    delivery.worker().run_once()
    with delivery.database.transaction() as session:
        by_inbox(session, delivery, person)
    assert state_of(delivery, person).reason is Reason.OVERRIDDEN


def test_what_the_settings_hold_back_meanwhile_goes_when_they_let_it(delivery: Delivery) -> None:
    held, free = refused(delivery, people=2)
    let_go = delivery.clock.now + timedelta(hours=1)
    with delivery.database.transaction() as session:
        session.execute(update(LinkScore).where(LinkScore.person_id == held).values(held_until=let_go))
        assert by_administration(session, delivery, held) == 2
    delivery.worker().run_once()
    assert [state_of(delivery, person).state for person in (held, free)] == [State.DUE, State.DONE]
    assert delivery.taken() == [], "not before"
    delivery.clock.advance(hours=1)
    delivery.worker().run_once()
    assert [score for _, score in delivery.taken()] == [50]


def test_nothing_of_another_organisation_is_touched(delivery: Delivery) -> None:
    (person,) = refused(delivery, people=1)
    failed = outbox_decisions.failed_at(AGS, delivery.school.link)
    with delivery.database.transaction() as session:
        assert outbox_decisions.send_again(session, 999, failed, now=delivery.clock.now) == 0
        assert outbox_decisions.put_aside(session, 999, failed, now=delivery.clock.now) == 0
        assert session.scalar(select(InboxItem.state)) == inbox.OPEN
    assert state_of(delivery, person).state is State.NEEDS_PERSON
