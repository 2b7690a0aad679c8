"""The score of a person at a link, and the outbox row that carries it to the platform: both in the score's transaction.

`rev` grows with each change; the worker reads the value when it sends, so that a late retry cannot send an old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from lti_tool.db import Prepared, micros, moment
from lti_tool.services.platforms.link_settings import SCHEDULE, schedule_of
from qualoop.assessment import AttemptState, Schedule, counted_score
from qualoop.values import Score

AGS: Final = "ags"
WAIT_AT_MOST: Final = timedelta(minutes=1)
"""How long a new value waits at most for the back-off of the one before it."""

_WORK = Prepared(
    text(
        f"{SCHEDULE} a.id, a.status, a.score, a.earned, coalesce(a.submitted_at, a.updated_at), s.value, s.held_until "
        "FROM attempt a JOIN resource_link l ON l.id = a.resource_link_id "
        "LEFT JOIN link_extension e ON e.resource_link_id = a.resource_link_id AND e.person_id = a.person_id "
        "AND e.taken_back_at IS NULL "
        "LEFT JOIN link_score s ON s.resource_link_id = a.resource_link_id AND s.person_id = a.person_id "
        "WHERE a.resource_link_id = :link AND a.person_id = :person AND a.organisation_id = :organisation_id "
        # Work that people judge has no score before its marks are released.
        "AND a.status <> 'submitted' ORDER BY a.number"
    )
)
_UPSERT = Prepared(
    text(
        "INSERT INTO link_score (organisation_id, resource_link_id, person_id, attempt_id, value, rev, held_until, "
        "updated_at) VALUES (:organisation_id, :link, :person, :attempt_id, :value, 1, :held_until, :now) "
        "ON CONFLICT (resource_link_id, person_id) DO UPDATE SET attempt_id = excluded.attempt_id, "
        "value = excluded.value, rev = link_score.rev + 1, held_until = excluded.held_until, "
        "updated_at = excluded.updated_at"
    )
)
_COLUMN = Prepared(
    text("SELECT id FROM line_item WHERE resource_link_id = :link AND organisation_id = :organisation_id")
)
_ENQUEUE = Prepared(
    text(
        "INSERT INTO outbox (organisation_id, channel, target, subject, rev, sent_rev, state, attempts, next_at, "
        "updated_at) VALUES (:organisation_id, :channel, :target, :subject, 1, 0, 'due', 0, :at, :now) "
        "ON CONFLICT (channel, target, subject) DO UPDATE SET rev = outbox.rev + 1, attempts = 0, "
        # A grade that somebody changed at the platform stands until a person sends ours again.
        "state = CASE WHEN outbox.last_error = 'overridden' THEN outbox.state ELSE 'due' END, "
        "next_at = CASE WHEN :is_held = 1 OR outbox.state <> 'due' THEN excluded.next_at "
        "WHEN outbox.next_at > :soon THEN :soon ELSE outbox.next_at END, updated_at = excluded.updated_at"
    )
)
_RETIME = Prepared(
    text(
        "UPDATE outbox SET next_at = :at WHERE channel = :channel AND target = :link AND subject = :person "
        "AND organisation_id = :organisation_id AND state = 'due'"
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Go:
    """An attempt: its id, whether it is handed in, and what it is worth after the late rule."""

    id: int
    is_done: bool
    value: Score


def update(connection: Connection, organisation_id: int, link: int, person: int, *, now: datetime) -> None:
    """Bring the score of a person at a link up to its attempts and to the link's settings.

    Where it changed, the platform is to hear of it, as soon as the settings let it. The caller has the person's newest
    attempt locked: two changes of one score never cross.
    """
    keys = {"organisation_id": organisation_id, "link": link, "person": person, "now": micros(now)}
    rows = _WORK.all(connection, keys)
    if not rows:
        return
    plan = schedule_of(rows[0])
    counted = _counted([_go(row, plan) for row in rows], plan)
    if counted is None:
        return
    held, (old, old_held) = plan.score_held_until, rows[0][10:12]
    attempt_id, value = counted[0], counted[1].as_text()
    held_until = None if held is None else micros(held)
    if (value, held_until) == (old, old_held):
        return
    _UPSERT.run(connection, {**keys, "attempt_id": attempt_id, "value": value, "held_until": held_until})
    if value == old:
        at = max(now, held or now)
        _RETIME.run(connection, {**keys, "channel": AGS, "at": micros(at)})
    elif _COLUMN.one(connection, keys) is not None:
        enqueue(connection, organisation_id, channel=AGS, target=link, subject=person, now=now, held_until=held)


def enqueue(
    connection: Connection,
    organisation_id: int,
    *,
    channel: str,
    target: int,
    subject: int,
    now: datetime,
    held_until: datetime | None = None,
) -> None:
    """Ask for a delivery, not before ``held_until``.

    Rows of the same channel, target and subject are one: the newest value is what is sent.
    """
    is_held = held_until is not None and held_until > now
    _ENQUEUE.run(
        connection,
        {
            "organisation_id": organisation_id,
            "channel": channel,
            "target": target,
            "subject": subject,
            "now": micros(now),
            "at": micros(held_until if held_until is not None and is_held else now),
            "is_held": int(is_held),
            "soon": micros(now + WAIT_AT_MOST),
        },
    )


def _go(row: Sequence[Any], plan: Schedule) -> _Go:
    """Return one attempt of the rows of `_WORK`."""
    attempt_id, status, score, earned, last = row[5:10]
    value = Score(score)
    if plan.deducts:
        # Where it is not known when the score rose, all of it counts from the last change.
        value = plan.late_score(_earned(earned) or [(moment(last), value)])
    return _Go(id=attempt_id, is_done=status != AttemptState.ACTIVE.value, value=value)


def earned_mark(score: Score, now: datetime) -> str:
    """Return what is added to `Attempt.earned` when the score has risen."""
    return f"{micros(now)} {score.as_text()};"


def _earned(text_: str) -> Sequence[tuple[datetime, Score]]:
    """Return at which moments an attempt rose to which scores."""
    pairs = (mark.split(" ") for mark in text_.split(";") if mark)
    return [(moment(int(at)), Score(score)) for at, score in pairs]


def _counted(goes: Sequence[_Go], plan: Schedule) -> tuple[int, Score] | None:
    """Return the attempt that counts and the score that is the grade; None where nothing may count yet.

    The best counts as it is worked at; latest and mean are of what was handed in, else of the only one. Where learners
    see no score before they hand in, neither does the grade book: only what was handed in counts.
    """
    settings = plan.settings
    done = [go for go in goes if go.is_done]
    if settings.show_score != "after_item":
        goes = done
    if settings.counts != "best":
        goes = done or goes[-1:]
    score = counted_score([go.value for go in goes], settings)
    if score is None:
        return None
    chosen = max(goes, key=lambda go: go.value) if settings.counts == "best" else goes[-1]
    return chosen.id, score
