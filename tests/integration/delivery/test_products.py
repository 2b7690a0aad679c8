"""The ways of each product's grade book: that the stub has them, and what our deliveries make of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from benchmarks.ags_faults import ANSWERS, HTML, Fault
from benchmarks.ags_platforms import BEHAVIOURS
from benchmarks.ags_stub import LINE_ITEMS_PATH, SCORE_TYPE, Stub, running
from lti_tool.db import Database
from lti_tool.lti.platform_profiles import Product
from lti_tool.models import InboxItem
from lti_tool.services.grades.delivery_status import DeliveryState, delivery_states, resend
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import State
from tests.factories.schools import user_of
from tests.integration.delivery.conftest import ITEM
from tests.integration.delivery.simulation import Simulation

CURLY_LINK = (200, b"[]", b"Link: &lt;/?from=1&amp;limit=1&gt;; rel=\xe2\x80\x9cnext\xe2\x80\x9d\r\n")


class Run(Simulation):
    """A simulation with one learner in view."""

    @property
    def person(self) -> int:
        return self.school.people[0]

    def state(self) -> DeliveryState:
        with self.database.reading() as session:
            return delivery_states(session, self.school.organisation_id, self.school.link)[self.person]

    def scored(self, thousandths: int) -> None:
        self.clock.advance(seconds=30)
        self.score([(0, thousandths)])

    def in_the_grade_book(self, grade: float, at: datetime) -> None:
        taken = self.stub.scores.setdefault((ITEM, user_of(0)), [])
        taken.append((at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), grade))

    def inbox(self) -> list[str]:
        with self.database.reading() as session:
            return [item.reason for item in session.scalars(select(InboxItem))]


@pytest.fixture
def product() -> Product:
    return Product.GENERIC


@pytest.fixture
def run(product: Product, sqlite_url: str) -> Iterator[Run]:
    with running(Stub(behaviour=BEHAVIOURS[product])) as stub:
        database = Database(sqlite_url)
        made = Run(database, stub)
        yield made
        made.close()
        database.close()


every_product = pytest.mark.parametrize("product", Product)


# -- What our deliveries make of it


@every_product
def test_a_score_that_is_there_by_then_is_done(run: Run) -> None:
    """An equal timestamp with our score: Canvas takes it again, the others refuse it and are asked for the result."""
    run.scored(600)
    run.in_the_grade_book(60, run.clock.now)
    run.work()
    assert (run.state().state, run.state().reason) == (State.DONE, None)


@every_product
def test_a_grade_of_somebody_else_stands(run: Run) -> None:
    run.scored(600)
    run.in_the_grade_book(42, run.clock.now + timedelta(minutes=1))
    run.work()
    assert (run.state().state, run.state().reason) == (State.NEEDS_PERSON, Reason.OVERRIDDEN)


@pytest.mark.parametrize(
    ("product", "state", "reason", "status"),
    [
        (Product.MOODLE, State.NEEDS_PERSON, Reason.REFUSED, 400),
        # It answers 500 to what it does not know, and nobody can tell that from a fault that passes.
        (Product.OPEN_EDX, State.DUE, Reason.PLATFORM_ERROR, 500),
        (Product.CANVAS, State.NEEDS_PERSON, Reason.REFUSED, 422),
        (Product.GENERIC, State.NEEDS_PERSON, Reason.REFUSED, 400),
    ],
)
def test_who_is_no_student_there_is_told_apart_as_well_as_the_product_does(
    run: Run, state: State, reason: Reason, status: int
) -> None:
    run.stub.strangers = frozenset({user_of(0)})
    run.scored(600)
    run.work()
    shown = run.state()
    assert (shown.state, shown.reason, shown.tries[0].status) == (state, reason, status)


@pytest.mark.parametrize("product", [Product.CANVAS])
def test_used_up_attempts_need_a_person_and_a_better_score_of_the_same_attempt_does_not_use_one(run: Run) -> None:
    run.stub.attempts_allowed = 1
    for thousandths in (300, 600):
        run.scored(thousandths)
        run.work()
        assert run.state().state is State.DONE
    run.stub.attempts_allowed = 0
    run.scored(900)
    run.work()
    assert (run.state().state, run.state().tries[0].status) == (State.NEEDS_PERSON, 422)


@pytest.mark.parametrize("product", [Product.CANVAS])
def test_an_attempt_whose_first_post_had_no_answer_is_not_counted_twice(run: Run) -> None:
    run.begin(1, [Fault.SAVED_RESET])
    run.run_out([0])
    assert run.stub.attempts[ITEM, user_of(0)] == 1
    assert run.stub.newest_body[run.stub.behaviour.submission or ""] == {"new_submission": False}


@pytest.mark.parametrize("product", [Product.MOODLE])
def test_no_two_scores_of_a_learner_are_ever_under_way_at_once(run: Run) -> None:
    """Two workers and changing scores, each answer slow: Moodle's first row of a user is never written twice."""
    run.stub.delay_s = 0.01
    for thousandths in range(100, 400, 100):
        run.clock.advance(seconds=2)
        run.score([(number, thousandths) for number in range(20)])
        workers = [threading.Thread(target=run.work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert [len(taken) for taken in run.stub.scores.values()] == [3] * 20
    assert (run.stub.overlapping, run.stub.answers["502"]) == (0, 0)


# -- What happens while a score is on its way


def test_a_grade_that_somebody_changed_stands_although_our_score_changed_meanwhile(run: Run) -> None:
    def change(user: str, request: int) -> Fault | None:
        if request == 0:
            run.in_the_grade_book(42, run.clock.now + timedelta(seconds=5))
            run.score([(0, 700)])
        return None

    run.stub.plan = change
    run.scored(600)
    run.work()
    assert (run.state().state, run.state().reason) == (State.NEEDS_PERSON, Reason.OVERRIDDEN)
    run.clock.advance(minutes=5)
    run.work()
    assert run.stub.scores[ITEM, user_of(0)][-1][1] == 42
    assert run.inbox() == ["delivery-needs-person"]

    with run.database.transaction() as session:
        resend(session, run.school.organisation_id, run.school.link, person=run.person, now=run.clock.now)
    run.work()
    assert run.stub.scores[ITEM, user_of(0)][-1][1] == 70


def test_nobody_is_asked_about_a_score_that_is_sent_again_anyhow(run: Run) -> None:
    def refuse_and_change(user: str, request: int) -> Fault | None:
        if request > 0:
            return None
        run.score([(0, 700)])
        return Fault.NOT_A_STUDENT_400

    run.stub.plan = refuse_and_change
    run.scored(600)
    run.work()
    assert (run.state().state, run.inbox()) == (State.DUE, [])


@pytest.mark.parametrize("odd", [HTML, CURLY_LINK, (404, b"<html></html>", b""), (503, b"", b"")])
@pytest.mark.parametrize("where", ["/token", "/results"])
def test_an_odd_answer_beside_the_score_only_costs_time(run: Run, odd: tuple[int, bytes, bytes], where: str) -> None:
    run.begin(1, [Fault.TWICE])
    odds = iter([odd])
    run.stub.odd = lambda _, path: next(odds, None) if where in path else None
    run.work()
    run.run_out([0])
    run.check([0])
    assert next(odds, None) is None, "it was met"


# -- That the stub has these ways


def post(
    stub: Stub,
    *,
    body: bytes | None = None,
    kind: bytes = SCORE_TYPE,
    more: Mapping[str, Any] | None = None,
    **changes: Any,
) -> tuple[int, bytes, bytes]:
    """Post a score to a stub that does not run."""
    score = {
        "userId": "u",
        "scoreGiven": 5,
        "scoreMaximum": 10,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": "2026-03-02T12:00:00.000Z",
        **changes,
        **(more or {}),
    }
    head = b"POST / HTTP/1.1\r\nContent-Type: %s\r\nAuthorization: Bearer t1" % kind
    path = f"{LINE_ITEMS_PATH}/{ITEM}/lineitem/scores?type_id=1"
    return stub.answer("POST", path, head, json.dumps(score).encode() if body is None else body)


def get(stub: Stub, path: str) -> tuple[int, bytes, bytes]:
    return stub.answer("GET", f"{LINE_ITEMS_PATH}/{ITEM}/lineitem{path}", b"\r\nAuthorization: Bearer t1", b"")


@pytest.mark.parametrize(
    ("product", "equal", "older"),
    [
        (Product.MOODLE, (409, b"[]"), (409, b"[]")),
        (Product.OPEN_EDX, (400, b"already exists"), (400, b"later point in time")),
        (Product.CANVAS, (200, b"resultUrl"), (400, b"older")),
        (Product.GENERIC, (409, b"timestamp"), (409, b"timestamp")),
    ],
)
def test_timestamps_that_are_not_later(product: Product, equal: tuple[int, bytes], older: tuple[int, bytes]) -> None:
    stub = Stub(behaviour=BEHAVIOURS[product])
    assert post(stub) == BEHAVIOURS[product].taken
    for timestamp, (status, words) in {"12:00:00.000Z": equal, "11:59:59.000Z": older}.items():
        answer = post(stub, timestamp=f"2026-03-02T{timestamp}")
        assert answer[0] == status
        assert words in answer[1]
    within = post(stub, timestamp="2026-03-02T12:00:00.900Z")
    assert within[0] == (409 if product is Product.MOODLE else BEHAVIOURS[product].taken[0])
    assert (stub.lowered, stub.repeated) == (1, 1), "and it has seen what we did wrong"


def test_moodle_s_traps() -> None:
    stub = Stub(behaviour=BEHAVIOURS[Product.MOODLE])
    assert post(stub, scoreMaximum=None)[0] == 400
    assert post(stub, body=b'{"userId":\n"u"}') == ANSWERS[Fault.NOTHING_200]
    assert post(stub, kind=b"application/json")[0] == 400
    post(stub)
    assert post(stub, gradingProgress="Pending") == (200, b"", b"")
    assert json.loads(get(stub, "/results")[1]) == [], "that erased the grade"
    assert get(stub, "/results?limit=5")[0] == 404


def test_who_can_be_asked_for_by_name() -> None:
    for product, path, users in (
        (Product.MOODLE, "/results?user_id=u", ["u"]),
        (Product.OPEN_EDX, "/results?user_id=u", ["u", "v"]),
        (Product.OPEN_EDX, "/results/u", ["u"]),
        (Product.BLACKBOARD, "/results?user_id=u", []),
        (Product.BLACKBOARD, "/results", ["u", "v"]),
    ):
        stub = Stub(behaviour=BEHAVIOURS[product])
        post(stub)
        post(stub, userId="v")
        assert [each["userId"] for each in json.loads(get(stub, path)[1])] == users


def test_long_lists_come_in_pages() -> None:
    stub = Stub(behaviour=BEHAVIOURS[Product.BRIGHTSPACE], base_url="http://b")
    for number in range(201):
        post(stub, userId=f"u{number}")
    first = get(stub, "/results")
    assert len(json.loads(first[1])) == 200
    assert first[2] == f'Link: <http://b{LINE_ITEMS_PATH}/{ITEM}/lineitem/results?from=200>; rel="next"\r\n'.encode()
    second = get(stub, "/results?from=200")
    assert (len(json.loads(second[1])), second[2]) == (1, b"")


def test_open_edx_keeps_the_score_of_a_stranger_and_fails_all_the_same() -> None:
    stub = Stub(behaviour=BEHAVIOURS[Product.OPEN_EDX], strangers=frozenset({"u"}))
    assert post(stub)[0] == 500
    assert stub.scores[ITEM, "u"] == [("2026-03-02T12:00:00.000Z", 5)]
    assert post(stub)[0] == 400
    assert get(Stub(behaviour=BEHAVIOURS[Product.OPEN_EDX], token=2), "/results")[0] == 403


def test_canvas_counts_each_post_that_does_not_say_no() -> None:
    stub = Stub(behaviour=BEHAVIOURS[Product.CANVAS])
    member = stub.behaviour.submission or ""
    post(stub)
    post(stub, more={member: {"new_submission": False}})
    post(stub, more={member: {"new_submission": True}})
    assert stub.attempts[ITEM, "u"] == 2
    assert post(stub, timestamp="2999-01-01T00:00:00.000Z")[0] == 400


def test_what_was_held_arrives_after_the_next_or_at_the_very_end() -> None:
    faults = iter([Fault.HELD, None, Fault.HELD])
    stub = Stub(plan=lambda *_: next(faults))
    for second in range(3):
        post(stub, timestamp=f"2026-03-02T12:00:0{second}.000Z", scoreGiven=second)
    assert [score for _, score in stub.scores[ITEM, "u"]] == [1]
    stub.release()
    assert [score for _, score in stub.scores[ITEM, "u"]] == [1, 2]
