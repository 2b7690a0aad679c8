"""What a teacher sees of the deliveries of one resource link, and "send again"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Delivery, InboxItem, LineItem, LinkScore, OutboxRow
from lti_tool.services import inbox, scores
from lti_tool.services.delivery_reasons import Reason, find_reason
from lti_tool.services.outbox import Outcome, State, inbox_reason, inbox_subject

SHOWN_TRIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try, as it is shown. ``timestamp`` is the one that the request bore; ``value`` is the share of the whole."""

    value: str
    timestamp: datetime
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    status: int | None
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryState:
    """How the delivery of a person's score stands. ``next_at`` is None where nothing is tried any more by itself.

    ``seen`` is the grade that stands in the grade book instead of ours, as a share of the maximum.
    """

    state: State
    reason: Reason | None
    attempts: int
    next_at: datetime | None
    seen: Decimal | None
    tries: Sequence[Try]


def delivery_states(session: Session, organisation_id: int, link: int) -> Mapping[int, DeliveryState]:
    """Return the state by person id for everybody whose score is or was to be delivered; tries newest first."""
    rows = session.scalars(
        select(OutboxRow).where(
            OutboxRow.organisation_id == organisation_id, OutboxRow.channel == scores.AGS, OutboxRow.target == link
        )
    ).all()
    tries = _tries(session, organisation_id, link)
    return {
        row.subject: DeliveryState(
            state=State(row.state),
            reason=find_reason(row.last_error),
            attempts=row.attempts,
            next_at=row.next_at if row.state == State.DUE else None,
            seen=None if row.seen_value is None else Decimal(row.seen_value),
            tries=tries.get(row.id, ()),
        )
        for row in rows
    }


def resend(session: Session, organisation_id: int, link: int, *, person: int | None, now: datetime) -> int:
    """Send again at once: one person's score whatever its state, or (None) every score that is not delivered yet.

    Delivered scores of others are left alone, and so are grades that somebody changed in the grade book: each of those is
    sent again by itself. Returns how many are sent; 0 where the platform takes no scores for this link.
    """
    column = select(LineItem.id).where(LineItem.resource_link_id == link, LineItem.organisation_id == organisation_id)
    if session.scalar(column) is None:
        return 0
    people = _to_resend(session, organisation_id, link, person)
    for each in people:
        scores.enqueue(session.connection(), organisation_id, channel=scores.AGS, target=link, subject=each, now=now)
    session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.organisation_id == organisation_id,
            OutboxRow.channel == scores.AGS,
            OutboxRow.target == link,
            OutboxRow.subject.in_(people),
        )
        .values(next_at=now, state=State.DUE.value, last_error=None, seen_value=None, seen_at=None)
    )
    _resolve(session, organisation_id, link, now)
    return len(people)


def _to_resend(session: Session, organisation_id: int, link: int, person: int | None) -> Sequence[int]:
    """Return the people whose scores are to be sent again."""
    query = (
        select(LinkScore.person_id)
        .join(
            OutboxRow,
            (OutboxRow.channel == scores.AGS)
            & (OutboxRow.target == LinkScore.resource_link_id)
            & (OutboxRow.subject == LinkScore.person_id),
            isouter=True,
        )
        .where(LinkScore.organisation_id == organisation_id, LinkScore.resource_link_id == link)
    )
    if person is not None:
        return session.scalars(query.where(LinkScore.person_id == person)).all()
    return session.scalars(
        query.where(
            OutboxRow.state.is_distinct_from(State.DONE.value),
            OutboxRow.last_error.is_distinct_from(Reason.OVERRIDDEN.value),
        )
    ).all()


def _resolve(session: Session, organisation_id: int, link: int, now: datetime) -> None:
    """Close what the inbox holds about this link."""
    items = session.scalars(
        select(InboxItem.id).where(
            InboxItem.organisation_id == organisation_id,
            InboxItem.reason.in_([inbox_reason(State.DEAD), inbox_reason(State.NEEDS_PERSON)]),
            InboxItem.subject == inbox_subject(scores.AGS, link),
            InboxItem.state == inbox.OPEN,
        )
    ).all()
    for item in items:
        inbox.resolve(session, organisation_id, item, action="send-again", now=now)


def _tries(session: Session, organisation_id: int, link: int) -> Mapping[int, Sequence[Try]]:
    """Return the newest tries by outbox row."""
    newest = (
        select(
            Delivery.id, func.row_number().over(partition_by=Delivery.outbox_id, order_by=Delivery.id.desc()).label("n")
        )
        .join(OutboxRow, OutboxRow.id == Delivery.outbox_id)
        .where(OutboxRow.organisation_id == organisation_id, OutboxRow.channel == scores.AGS, OutboxRow.target == link)
        .subquery()
    )
    found: dict[int, list[Try]] = {}
    for row in session.scalars(
        select(Delivery)
        .join(newest, newest.c.id == Delivery.id)
        .where(newest.c.n <= SHOWN_TRIES)
        .order_by(Delivery.id.desc())
    ):
        found.setdefault(row.outbox_id, []).append(_shown(row))
    return found


def _shown(row: Delivery) -> Try:
    """Return a stored try as it is shown."""
    return Try(
        value=row.value,
        timestamp=row.timestamp,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outcome=Outcome(row.outcome),
        status=row.status,
        reason=find_reason(row.detail),
    )
