"""The outbox: whatever must reach another system, in rows that are written in the transaction of their cause.

A row stands for (channel, target, subject) and is coalesced: `rev` grows with each change, and the value is read when
it is sent, so that a late retry cannot send an old one. A worker *claims* due rows under a lease, sends them outside
of any transaction, and *finishes* them. While a row is leased nobody else sends it: one request in flight for each
subject, never an older value after a newer one. What a crashed worker held is taken over when its lease ends.

Each try is a `Delivery` row, written before the request with the timestamp that the request bears. Timestamps of one
row are whole seconds and strictly increase; a row whose last one lies in the present second waits for the next. So
every try has a timestamp of its own, and it does not matter whether the one before it arrived.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from lti_tool.db import Prepared, micros
from lti_tool.services.mechanisms import inbox
from lti_tool.services.mechanisms.delivery_reasons import Reason
from qualoop.exchange.retrying import RetryTerms

MessageT = TypeVar("MessageT", bound="Message")


class State(StrEnum):
    """How a row stands. A leased row is `due` all along: a change in the meantime must not look done."""

    DUE = "due"
    DONE = "done"
    NEEDS_PERSON = "needs-person"
    DEAD = "dead"


class Outcome(StrEnum):
    """What became of one try."""

    SENDING = "sending"
    """Under way, or the worker died on the way."""
    DONE = "done"
    """The other system has it."""
    LATER = "later"
    """Certainly not there: tried again."""
    AMBIGUOUS = "ambiguous"
    """Perhaps there: tried again all the same."""
    REFUSED = "refused"
    """Of no use to try again before a person has done something."""
    UNSENT = "unsent"
    """No request was made: the row is handed back as if it had not been claimed. No try is kept of it."""
    LOST = "lost"
    """The worker stopped before it could note the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(RetryTerms):
    """How tries are spaced, and how long a lease lasts.

    ``longest_try`` is what the slowest try takes (a token, a column and a score, each perhaps twice): with less than
    that left of its lease a row is not sent any more, so that no two workers ever send it at once.
    """

    lease: timedelta = timedelta(seconds=60)
    longest_try: timedelta = timedelta(seconds=30)


DEFAULT_TERMS: Final = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A claimed row, and the timestamp of this try."""

    id: int
    organisation_id: int
    target: int
    subject: int
    rev: int
    sent_rev: int
    attempts: int
    channel: str
    lease: str
    timestamp: datetime
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try: ``status`` is the HTTP status, if there was one.

    ``seen`` is the grade that stands at the other system instead, as a share of the maximum.
    """

    outcome: Outcome
    reason: Reason | None = None
    status: int | None = None
    retry_after_s: int = 0
    seen: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """The way to one platform: its registration, and how many requests may be under way there, None for any number."""

    key: int
    at_once: int | None


class Message(Protocol):
    """What a channel sends; ``value`` is what the record of the try shows."""

    @property
    def value(self) -> str:
        """The value that this try carries."""

    @property
    def lane(self) -> Lane | None:
        """The lane that it goes by; None where nothing holds it up."""


class Channel(Protocol[MessageT]):
    """A way to another system. One object serves all threads."""

    @property
    def name(self) -> str:
        """The channel's name in the rows."""

    def prepare(self, connection: Connection, rows: Sequence[Row]) -> Sequence[MessageT | Reason]:
        """Return for each row what is to be sent now, or why it cannot be. Reads in the claim's transaction."""

    def send(self, message: MessageT, timestamp: datetime) -> Result:
        """Send one message, outside of any transaction; raises nothing that the other system can cause."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed row with its message, ready to be sent."""

    row: Row
    channel: Channel[Any]
    message: Message


@dataclass(frozen=True, slots=True)
class Finished:
    """A claimed row with the result of its try, and the lane in which it takes a place until that is noted."""

    row: Row
    result: Result
    lane: Lane | None = None


_DUE: Final = (
    "SELECT id FROM outbox WHERE channel = :channel AND state = 'due' AND next_at <= :now AND lease IS NULL "
    "AND (last_timestamp IS NULL OR last_timestamp < :timestamp) ORDER BY next_at LIMIT :at_most"
)
_TAKE: Final = (
    "UPDATE outbox SET lease = :lease, leased_until = :until, last_timestamp = :timestamp, attempts = attempts + 1 "
)
_COLUMNS: Final = (
    "outbox.id, outbox.organisation_id, outbox.target, outbox.subject, outbox.rev, outbox.sent_rev, outbox.attempts"
)
_CLAIM: Final = {
    "sqlite": Prepared(text(f"{_TAKE} WHERE id IN ({_DUE}) RETURNING {_COLUMNS}")),
    # Materialised, so that the locked rows are picked once; SKIP LOCKED, so that workers do not wait for each other.
    "postgresql": Prepared(
        text(
            f"WITH picked AS MATERIALIZED ({_DUE} FOR UPDATE SKIP LOCKED) "
            f"{_TAKE} FROM picked WHERE outbox.id = picked.id RETURNING {_COLUMNS}"
        )
    ),
}
_TRY = Prepared(
    text(
        "INSERT INTO delivery (organisation_id, outbox_id, rev, value, timestamp, started_at, outcome) "
        "VALUES (:organisation_id, :id, :rev, :value, :timestamp, :now, 'sending')"
    )
)
# A row is done only where nothing has changed since it was claimed; a grade that somebody changed at the platform
# stands even so. A lease that was lost changes nothing here.
_FINISH = Prepared(
    text(
        "UPDATE outbox SET lease = NULL, leased_until = NULL, sent_rev = :sent_rev, "
        "state = CASE WHEN rev = :rev OR :stands = 1 THEN :state ELSE 'due' END, "
        "attempts = CASE WHEN rev = :rev THEN :attempts ELSE attempts END, "
        "next_at = :next_at, last_status = :status, last_error = :error, "
        "seen_value = :seen, seen_at = :seen_at, updated_at = :now "
        "WHERE id = :id AND lease = :lease"
    )
)
_TRIED = Prepared(
    text(
        "UPDATE delivery SET finished_at = :now, outcome = :outcome, status = :status, detail = :error "
        "WHERE outbox_id = :id AND timestamp = :timestamp"
    )
)
_STANDS_SO = Prepared(text("SELECT 1 FROM outbox WHERE id = :id AND state = :state"))
# What was handed back unsent was no try.
_UNTRIED = Prepared(text("DELETE FROM delivery WHERE outbox_id = :id AND timestamp = :timestamp"))
_EXPIRED = Prepared(
    text(
        "UPDATE outbox SET lease = NULL, leased_until = NULL WHERE state = 'due' AND next_at <= :now "
        "AND leased_until <= :now RETURNING id, last_timestamp"
    )
)
_LOST = Prepared(
    text(
        "UPDATE delivery SET finished_at = :now, outcome = 'lost' "
        "WHERE outbox_id = :id AND timestamp = :timestamp AND outcome = 'sending'"
    )
)


def claim(
    connection: Connection, channel: Channel[Any], *, at_most: int, terms: Terms, random: Random, now: datetime
) -> list[Parcel]:
    """Lease due rows of a channel and write down their tries; return what is to be sent once this is committed.

    Rows that the channel cannot send are finished here.
    """
    rows = _lease_due(connection, channel.name, at_most, terms=terms, now=now)
    parcels, hopeless = [], []
    for row, message in zip(rows, channel.prepare(connection, rows) if rows else (), strict=True):
        if isinstance(message, Reason):
            hopeless.append(Finished(row, Result(Outcome.REFUSED, message)))
        else:
            parcels.append(Parcel(row, channel, message))
    _TRY.run_many(connection, [_try(parcel, now) for parcel in parcels])
    finish(connection, hopeless, terms=terms, random=random, now=now)
    return parcels


def finish(
    connection: Connection, finished: Sequence[Finished], *, terms: Terms, random: Random, now: datetime
) -> None:
    """Note the results of tries: rows are done, due again at their time, or wait for a person (with an inbox item)."""
    if not finished:
        return
    changes = [_change(each, terms, random, now) for each in finished]
    _FINISH.run_many(connection, changes)
    _TRIED.run_many(connection, [change for change in changes if change["outcome"] != Outcome.UNSENT])
    _UNTRIED.run_many(connection, [change for change in changes if change["outcome"] == Outcome.UNSENT])
    for each, change in zip(finished, changes, strict=True):
        # Nobody is asked about a row that is due again, since it changed meanwhile or another worker has it.
        if change["state"] in {State.DEAD, State.NEEDS_PERSON} and _STANDS_SO.one(connection, change) is not None:
            _ask_a_person(connection, each.row, State(change["state"]), change["error"], now=now)


def take_over(connection: Connection, now: datetime) -> int:
    """Free the rows whose lease has ended: their worker crashed. Return how many."""
    freed = [
        {"id": row, "timestamp": timestamp, "now": micros(now)}
        for row, timestamp in _EXPIRED.all(connection, {"now": micros(now)})
    ]
    _LOST.run_many(connection, freed)
    return len(freed)


def _lease_due(connection: Connection, channel: str, at_most: int, *, terms: Terms, now: datetime) -> Sequence[Row]:
    """Lease due rows; those whose last timestamp lies in the present second wait rather than run ahead of the clock."""
    lease, timestamp, until = str(uuid.uuid4()), now.replace(microsecond=0), now + terms.lease
    found = _CLAIM[connection.dialect.name].all(
        connection,
        {
            "channel": channel,
            "now": micros(now),
            "timestamp": micros(timestamp),
            "at_most": at_most,
            "lease": lease,
            "until": micros(until),
        },
    )
    return [
        Row(
            id=row,
            organisation_id=organisation_id,
            target=target,
            subject=subject,
            rev=rev,
            sent_rev=sent_rev,
            attempts=attempts,
            channel=channel,
            lease=lease,
            timestamp=timestamp,
            leased_until=until,
        )
        for row, organisation_id, target, subject, rev, sent_rev, attempts in found
    ]


def _try(parcel: Parcel, now: datetime) -> dict[str, Any]:
    """Return the parameters that write a try down."""
    row = parcel.row
    return {
        "organisation_id": row.organisation_id,
        "id": row.id,
        "rev": row.rev,
        "value": parcel.message.value,
        "timestamp": micros(row.timestamp),
        "now": micros(now),
    }


def _change(finished: Finished, terms: Terms, random: Random, now: datetime) -> dict[str, Any]:
    """Return the parameters that note a result."""
    row, result = finished.row, finished.result
    state, attempts, next_at = _next(row, result, terms, random, now=now)
    return {
        "id": row.id,
        "lease": row.lease,
        "timestamp": micros(row.timestamp),
        "rev": row.rev,
        "sent_rev": row.rev if result.outcome is Outcome.DONE else row.sent_rev,
        "state": state.value,
        "stands": int(result.reason is Reason.OVERRIDDEN),
        "attempts": attempts,
        "next_at": micros(next_at),
        "status": result.status,
        "error": result.reason.value if result.reason else None,
        "outcome": result.outcome.value,
        "seen": None if result.seen is None else f"{result.seen:.6f}",
        "seen_at": None if result.seen is None else micros(now),
        "now": micros(now),
    }


def _next(row: Row, result: Result, terms: Terms, random: Random, *, now: datetime) -> tuple[State, int, datetime]:
    """Return state, number of tries and next time of a row after a result."""
    if result.outcome is Outcome.DONE:
        return State.DONE, 0, now
    if result.outcome is Outcome.REFUSED:
        return State.NEEDS_PERSON, row.attempts, now
    if result.outcome is Outcome.UNSENT:
        return State.DUE, row.attempts - 1, now + timedelta(seconds=result.retry_after_s)
    delay = max(terms.delay(row.attempts, random), timedelta(seconds=result.retry_after_s))
    return (State.DEAD if row.attempts >= terms.tries else State.DUE), row.attempts, now + delay


def inbox_subject(channel: str, target: int) -> str:
    """Return under what a channel's failures at one target stand in the inbox: once, not for each person."""
    return f"{channel}:{target}"


def inbox_reason(state: State) -> str:
    """Return the reason of the inbox item that a row in ``state`` makes."""
    return f"delivery-{state.value}"


def _ask_a_person(connection: Connection, row: Row, state: State, error: str | None, *, now: datetime) -> None:
    """Put a row that the machine gives up into the inbox."""
    with Session(connection) as session:
        inbox.put(
            session,
            organisation_id=row.organisation_id,
            reason=inbox_reason(state),
            subject=inbox_subject(row.channel, row.target),
            details={"channel": row.channel, "target": row.target, "subject": row.subject, "error": error},
            owner_role="teacher",
            actions=["send-again", "dismiss"],
            now=now,
        )
