"""What a teacher sees of the deliveries of one resource link or one grade column, and "send again"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.models import Delivery, LineItem, LinkScore, OutboxRow
from lti_tool.services.grades import outbox_decisions, scores
from lti_tool.services.mechanisms.delivery_reasons import Reason, find_reason
from lti_tool.services.mechanisms.outbox import Outcome, State

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

    ``seen`` is the grade that stands in the grade book instead of ours, as a share of the maximum. ``held_until`` is when
    the settings of the link let the score go.
    """

    state: State
    reason: Reason | None
    attempts: int
    next_at: datetime | None
    seen: Decimal | None
    tries: Sequence[Try]
    held_until: datetime | None = None


def delivery_states(
    session: Session, organisation_id: int, target: int, *, channel: str = scores.AGS
) -> Mapping[int, DeliveryState]:
    """Return the state by person id for everybody whose grade is or was to be delivered; tries newest first.

    ``target`` is the link, or what else the channel sends to.
    """
    rows = session.scalars(
        select(OutboxRow).where(
            OutboxRow.organisation_id == organisation_id, OutboxRow.channel == channel, OutboxRow.target == target
        )
    ).all()
    tries = _tries(session, organisation_id, channel, target)
    held = _held(session, organisation_id, target) if channel == scores.AGS else {}
    return {
        row.subject: DeliveryState(
            state=State(row.state),
            reason=find_reason(row.last_error),
            attempts=row.attempts,
            next_at=row.next_at if row.state == State.DUE else None,
            seen=None if row.seen_value is None else Decimal(row.seen_value),
            tries=tries.get(row.id, ()),
            held_until=held.get(row.subject) if row.state == State.DUE and not row.attempts else None,
        )
        for row in rows
    }


def _held(session: Session, organisation_id: int, link: int) -> Mapping[int, datetime]:
    """Return until when the scores at a link are held back, by person."""
    rows = session.execute(
        select(LinkScore.person_id, LinkScore.held_until).where(
            LinkScore.organisation_id == organisation_id,
            LinkScore.resource_link_id == link,
            LinkScore.held_until.is_not(None),
        )
    )
    return {person: moment for person, moment in rows if moment is not None}


def resend(session: Session, organisation_id: int, link: int, *, person: int | None, now: datetime) -> int:
    """Send again at once: one person's score whatever its state, or (None) every score that is not delivered yet.

    Delivered scores of others are left alone, and so are grades that somebody changed in the grade book: each of those is
    sent again by itself. Returns how many are sent; 0 where the platform takes no scores for this link.
    """
    column = select(LineItem.id).where(LineItem.resource_link_id == link, LineItem.organisation_id == organisation_id)
    if session.scalar(column) is None:
        return 0
    people = _to_resend(session, organisation_id, link, person, now=now)
    send_now(session, organisation_id, people, channel=scores.AGS, target=link, now=now)
    return len(people)


def send_now(
    session: Session, organisation_id: int, people: Sequence[int], *, channel: str, target: int, now: datetime
) -> None:
    """Let a channel send the grades of some people to a target at once, also of those who have no row yet."""
    theirs = and_(OutboxRow.channel == channel, OutboxRow.target == target, OutboxRow.subject.in_(people))
    rows = session.scalars(select(OutboxRow.subject).where(OutboxRow.organisation_id == organisation_id, theirs)).all()
    for new in set(people).difference(rows):
        scores.enqueue(session.connection(), organisation_id, channel=channel, target=target, subject=new, now=now)
    outbox_decisions.send_again(session, organisation_id, theirs, now=now)


def _to_resend(
    session: Session, organisation_id: int, link: int, person: int | None, *, now: datetime
) -> Sequence[int]:
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
        .where(
            LinkScore.organisation_id == organisation_id,
            LinkScore.resource_link_id == link,
            # Nobody sends what the settings of the link still hold back.
            or_(LinkScore.held_until.is_(None), LinkScore.held_until <= now),
        )
    )
    if person is not None:
        return session.scalars(query.where(LinkScore.person_id == person)).all()
    return session.scalars(query.where(outbox_decisions.has_not_arrived(), outbox_decisions.may_go_by_itself())).all()


def _tries(session: Session, organisation_id: int, channel: str, target: int) -> Mapping[int, Sequence[Try]]:
    """Return the newest tries by outbox row."""
    newest = (
        select(
            Delivery.id, func.row_number().over(partition_by=Delivery.outbox_id, order_by=Delivery.id.desc()).label("n")
        )
        .join(OutboxRow, OutboxRow.id == Delivery.outbox_id)
        .where(OutboxRow.organisation_id == organisation_id, OutboxRow.channel == channel, OutboxRow.target == target)
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
