"""A worker that dies between sending and noting, two workers at once, a worker that is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy import select

from benchmarks.ags_stub import LINE_ITEMS_PATH, Fault, Stub
from lti_tool.db import Database
from lti_tool.models import Delivery as DeliveryRow
from lti_tool.models import OutboxRow
from lti_tool.services.mechanisms import outbox
from lti_tool.services.mechanisms.outbox import DEFAULT_TERMS, Outcome, State
from tests.factories.schools import make_school
from tests.integration.delivery.conftest import ITEM, SECRET, Delivery


class ScoreOf:
    value = "0.5"


class Deaf:
    """A channel that claims and never comes to send: the worker dies first."""

    name = "ags"

    def prepare(self, connection: object, rows: Sequence[outbox.Row]) -> Sequence[ScoreOf]:
        return [ScoreOf() for _ in rows]

    def send(self, message: ScoreOf, timestamp: datetime) -> outbox.Result:
        raise NotImplementedError


def test_what_a_dead_worker_held_is_taken_over(delivery: Delivery) -> None:
    person = delivery.school.people[0]
    delivery.school.score(person, "0.5", delivery.clock.now)
    with delivery.database.connection() as connection:
        claimed = outbox.claim(
            connection, Deaf(), at_most=9, terms=DEFAULT_TERMS, random=Random(1), now=delivery.clock.now
        )
    assert len(claimed) == 1

    delivery.clock.advance(seconds=59)
    assert delivery.worker().run_once() == 0, "the lease still runs"
    delivery.clock.advance(seconds=1)
    assert delivery.worker().run_once() == 1

    with delivery.database.reading() as session:
        outcomes = session.scalars(select(DeliveryRow.outcome).order_by(DeliveryRow.id)).all()
    assert outcomes == [Outcome.LOST, Outcome.DONE]
    assert delivery.school.outbox_row(person).state == State.DONE
    assert delivery.taken() == [("2026-03-02T12:01:00.000Z", 50)]


def test_a_worker_that_lost_its_lease_changes_nothing_any_more(delivery: Delivery) -> None:
    person = delivery.school.people[0]
    delivery.school.score(person, "0.5", delivery.clock.now)
    with delivery.database.connection() as connection:
        (late,) = outbox.claim(
            connection, Deaf(), at_most=9, terms=DEFAULT_TERMS, random=Random(1), now=delivery.clock.now
        )
    delivery.clock.advance(minutes=2)
    with delivery.database.connection() as connection:
        outbox.take_over(connection, delivery.clock.now)
        (parcel,) = outbox.claim(
            connection, Deaf(), at_most=9, terms=DEFAULT_TERMS, random=Random(1), now=delivery.clock.now
        )
        refused = outbox.Finished(late.row, outbox.Result(Outcome.REFUSED))
        outbox.finish(connection, [refused], terms=DEFAULT_TERMS, random=Random(1), now=delivery.clock.now)

    row = delivery.school.outbox_row(person)
    assert (row.state, row.lease) == (State.DUE, parcel.row.lease)


def test_a_score_that_changes_on_the_way_is_sent_too(delivery: Delivery) -> None:
    """The platform is asked while the learner goes on: the row is not done until the newest score is there."""
    person = delivery.school.people[0]
    delivery.school.score(person, "0.5", delivery.clock.now)

    def change(user: str, request: int) -> Fault | None:
        if request == 0:
            delivery.school.score(person, "0.9", delivery.clock.now)
        return None

    delivery.stub.plan = change
    worker = delivery.worker()
    worker.run_once()
    row = delivery.school.outbox_row(person)
    assert (row.state, row.sent_rev, row.rev) == (State.DUE, 1, 2)
    delivery.clock.advance(seconds=1)
    worker.run_once()

    assert [score for _, score in delivery.taken()] == [50, 90]
    assert delivery.school.outbox_row(person).state == State.DONE


def test_two_workers_share_the_rows(delivery: Delivery) -> None:
    school = delivery.school
    school.score_all(dict.fromkeys(school.people, "0.5"), delivery.clock.now)
    workers = [threading.Thread(target=delivery.worker().run_once) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [len(delivery.taken(number)) for number in range(3)] == [1, 1, 1]


PEOPLE = 60


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_lost_when_a_real_worker_ends(
    database: Database, database_url: str, stub: Stub, end: signal.Signals
) -> None:
    """Workers of their own process are ended in the midst of their work; the last one delivers everything."""
    stub.plan = lambda user, request: Fault.SAVED_500 if request == 0 and user.endswith("7") else None
    school = make_school(
        database,
        stub.base_url,
        people=PEOPLE,
        now=datetime.now(UTC),
        line_item=f"{stub.base_url}{LINE_ITEMS_PATH}/{ITEM}/lineitem",
    )
    for value in ("0.3", "0.9"):
        school.score_all(dict.fromkeys(school.people, value), datetime.now(UTC))
        with _worker(database_url) as worker:
            _wait_for_more(stub, 5)
            worker.send_signal(end)
            assert worker.wait(timeout=20) == (0 if end is signal.SIGTERM else -signal.SIGKILL)
    if end is signal.SIGTERM:
        with database.reading() as session:
            assert not session.scalars(select(OutboxRow.id).where(OutboxRow.lease.is_not(None))).all()
    with _worker(database_url) as worker:
        _wait(lambda: not _undelivered(database))
        worker.kill()

    taken = [stub.scores[ITEM, f"user-{number}"] for number in range(PEOPLE)]
    assert [scores[-1][1] for scores in taken] == [90] * PEOPLE
    for scores in taken:
        assert [time_ for time_, _ in scores] == sorted({time_ for time_, _ in scores})


def _worker(database_url: str) -> subprocess.Popen[bytes]:
    """Start a real worker process with short leases."""
    environment = {
        **os.environ,
        "QUALOOP_DATABASE_URL": database_url,
        "QUALOOP_SECRET_KEY": SECRET,
        "QUALOOP_ALLOW_LOOPBACK": "1",
    }
    command = [sys.executable, "-m", "benchmarks.delivery_worker", "--threads", "2", "--quick"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(b"\n")
    process.stdin.flush()
    return process


def _undelivered(database: Database) -> bool:
    with database.reading() as session:
        return session.scalars(select(OutboxRow.id).where(OutboxRow.state != State.DONE).limit(1)).first() is not None


def _wait_for_more(stub: Stub, answers: int) -> None:
    """Wait until the platform has taken some more scores."""
    before = stub.answers["200"]
    _wait(lambda: stub.answers["200"] > before + answers)


def _wait(until: Callable[[], bool], *, at_most_s: float = 60) -> None:
    deadline = time.monotonic() + at_most_s
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_handed_back_unsent_counts_as_no_try(delivery: Delivery) -> None:
    """The first score takes so long that the lease of the second would not last: it is sent with the next claim."""
    people = delivery.school.people
    delivery.school.score_all(dict.fromkeys(people, "0.5"), delivery.clock.now)

    def slow(user: str, request: int) -> Fault | None:
        delivery.clock.advance(seconds=31 if len(delivery.stub.requests) == 0 else 0)
        return None

    delivery.stub.plan = slow
    delivery.worker(threads=1).run_once()

    with delivery.database.reading() as session:
        outcomes = session.scalars(select(DeliveryRow.outcome)).all()
    assert outcomes == [Outcome.DONE] * 3
    assert [delivery.taken(number)[0][0] for number in range(3)] == [
        "2026-03-02T12:00:00.000Z",
        "2026-03-02T12:00:31.000Z",
        "2026-03-02T12:00:31.000Z",
    ]
