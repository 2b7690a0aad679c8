"""The score of a person at a link, and the outbox row that carries it to the platform: both in the score's transaction.

`rev` grows with each change; the worker reads the value when it sends, so that a late retry cannot send an old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, text

from lti_tool.db import Prepared, micros
from qualoop.assessment import AttemptState
from qualoop.values import Score

AGS: Final = "ags"
WAIT_AT_MOST: Final = timedelta(minutes=1)
"""How long a new value waits at most for the back-off of the one before it."""

_ATTEMPTS = Prepared(
    text(
        "SELECT id, status, score FROM attempt WHERE resource_link_id = :link AND person_id = :person "
        "AND organisation_id = :organisation_id ORDER BY number"
    )
)
_UPSERT = Prepared(
    text(
        "INSERT INTO link_score (organisation_id, resource_link_id, person_id, attempt_id, value, rev, updated_at) "
        "VALUES (:organisation_id, :link, :person, :attempt_id, :value, 1, :now) "
        "ON CONFLICT (resource_link_id, person_id) DO UPDATE SET attempt_id = excluded.attempt_id, "
        "value = excluded.value, rev = link_score.rev + 1, updated_at = excluded.updated_at "
        "WHERE link_score.value <> excluded.value RETURNING rev"
    )
)
_COLUMN = Prepared(
    text("SELECT id FROM line_item WHERE resource_link_id = :link AND organisation_id = :organisation_id")
)
_ENQUEUE = Prepared(
    text(
        "INSERT INTO outbox (organisation_id, channel, target, subject, rev, sent_rev, state, attempts, next_at, "
        "updated_at) VALUES (:organisation_id, :channel, :target, :subject, 1, 0, 'due', 0, :now, :now) "
        "ON CONFLICT (channel, target, subject) DO UPDATE SET rev = outbox.rev + 1, attempts = 0, "
        # A grade that somebody changed at the platform stands until a person sends ours again.
        "state = CASE WHEN outbox.last_error = 'overridden' THEN outbox.state ELSE 'due' END, "
        "next_at = CASE WHEN outbox.state <> 'due' THEN excluded.next_at "
        "WHEN outbox.next_at > :soon THEN :soon ELSE outbox.next_at END, updated_at = excluded.updated_at"
    )
)


def update(
    connection: Connection,
    organisation_id: int,
    link: int,
    person: int,
    *,
    counts: Literal["best", "latest"],
    now: datetime,
) -> None:
    """Bring the score of a person at a link up to its attempts; where it changed, the platform is to hear of it."""
    keys = {"organisation_id": organisation_id, "link": link, "person": person, "now": micros(now)}
    attempt_id, value = _counted(_ATTEMPTS.all(connection, keys), counts)
    changed = _UPSERT.one(connection, {**keys, "attempt_id": attempt_id, "value": value.as_text()})
    if changed is not None and _COLUMN.one(connection, keys) is not None:
        enqueue(connection, organisation_id, channel=AGS, target=link, subject=person, now=now)


def enqueue(
    connection: Connection, organisation_id: int, *, channel: str, target: int, subject: int, now: datetime
) -> None:
    """Ask for a delivery. Rows of the same channel, target and subject are one: the newest value is what is sent."""
    _ENQUEUE.run(
        connection,
        {
            "organisation_id": organisation_id,
            "channel": channel,
            "target": target,
            "subject": subject,
            "now": micros(now),
            "soon": micros(now + WAIT_AT_MOST),
        },
    )


def _counted(rows: Sequence[tuple[Any, ...]], counts: str) -> tuple[int, Score]:
    """Return the attempt that counts and its score: the best, or the latest that was handed in (else the only one)."""
    attempts = [(row[0], row[1], Score(row[2])) for row in rows]
    if counts == "latest":
        done = [row for row in attempts if row[1] != AttemptState.ACTIVE.value]
        chosen = (done or attempts)[-1]
    else:
        chosen = max(attempts, key=lambda row: row[2])
    return chosen[0], chosen[2]
