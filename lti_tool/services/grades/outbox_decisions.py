"""What a person decides about rows of the outbox: that they are sent again, or that their failure needs nobody.

One rule for every channel and every page; whoever calls says which rows are meant. A row that is sent again is due at
once, with all of its tries before it. A score that the settings of its link hold back is due when they let it go.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.models import InboxItem, LinkScore, OutboxRow
from lti_tool.services.grades import scores
from lti_tool.services.mechanisms import inbox
from lti_tool.services.mechanisms.delivery_reasons import Reason
from lti_tool.services.mechanisms.outbox import State, inbox_reason, inbox_subject

SEND_AGAIN, DISMISS = "send-again", "dismiss"
FAILED: Final = (State.NEEDS_PERSON, State.DEAD)
"""How rows stand that wait for a person."""

Condition: TypeAlias = ColumnElement[bool]
Place: TypeAlias = tuple[str, int]
"""A channel and a target: what one item of the inbox stands for."""


# -- Which rows


def has_failed() -> Condition:
    """Return the condition that a row waits for a person."""
    return OutboxRow.state.in_([state.value for state in FAILED])


def failed_at(channel: str, target: int) -> Condition:
    """Return the condition that a row failed at one target."""
    return and_(OutboxRow.channel == channel, OutboxRow.target == target, has_failed())


def has_not_arrived() -> Condition:
    """Return the condition that something is still to be delivered; it holds where there is no row yet, too."""
    return OutboxRow.state.is_distinct_from(State.DONE.value)


def may_go_by_itself() -> Condition:
    """Return the condition that nobody changed the grade in the grade book: such a one is sent again when it is picked."""
    return OutboxRow.last_error.is_distinct_from(Reason.OVERRIDDEN.value)


def is_dismissed() -> Condition:
    """Return the condition that somebody has put a failure aside and nothing has changed since."""
    return and_(has_failed(), OutboxRow.dismissed_rev.is_not_distinct_from(OutboxRow.rev))


# -- What becomes of them


def send_again(session: Session, organisation_id: int, which: Condition, *, now: datetime) -> int:
    """Let rows of the organisation be on their way again, and close what the inbox holds about them; return how many."""
    places = session.execute(
        update(OutboxRow)
        .where(OutboxRow.organisation_id == organisation_id, which)
        .values(
            # So that a row that is under way just now is due again afterwards.
            rev=OutboxRow.rev + 1,
            state=State.DUE.value,
            attempts=0,
            next_at=_due_at(now),
            last_error=None,
            seen_value=None,
            seen_at=None,
            updated_at=now,
        )
        .returning(OutboxRow.channel, OutboxRow.target)
        .execution_options(synchronize_session=False)
    ).all()
    close_inbox(session, organisation_id, {(channel, target) for channel, target in places}, action=SEND_AGAIN, now=now)
    return len(places)


def put_aside(session: Session, organisation_id: int, which: Condition, *, now: datetime) -> int:
    """Note that nobody needs to look at rows that have failed; return how many."""
    places = session.execute(
        update(OutboxRow)
        .where(OutboxRow.organisation_id == organisation_id, has_failed(), ~is_dismissed(), which)
        .values(dismissed_rev=OutboxRow.rev)
        .returning(OutboxRow.channel, OutboxRow.target)
        .execution_options(synchronize_session=False)
    ).all()
    close_inbox(session, organisation_id, {(channel, target) for channel, target in places}, action=DISMISS, now=now)
    return len(places)


def close_inbox(
    session: Session, organisation_id: int, places: Collection[Place], *, action: str, now: datetime
) -> None:
    """Close the inbox items of places at which nothing needs anybody any more."""
    subjects = {inbox_subject(*place): place for place in places}
    if not subjects:
        return
    items = session.scalars(
        select(InboxItem).where(
            InboxItem.organisation_id == organisation_id,
            InboxItem.reason.in_([inbox_reason(state) for state in FAILED]),
            InboxItem.state == inbox.OPEN,
        )
    ).all()
    for item in items:
        if item.subject in subjects and not _needs_somebody(session, organisation_id, subjects[item.subject]):
            inbox.resolve(session, organisation_id, item.id, action=action, now=now)


def _due_at(now: datetime) -> ColumnElement[datetime]:
    """Return when a row is due that is sent again now."""
    held_until = (
        select(LinkScore.held_until)
        .where(
            OutboxRow.channel == scores.AGS,
            LinkScore.organisation_id == OutboxRow.organisation_id,
            LinkScore.resource_link_id == OutboxRow.target,
            LinkScore.person_id == OutboxRow.subject,
            LinkScore.held_until > now,
        )
        .scalar_subquery()
    )
    return func.coalesce(held_until, literal(now, OutboxRow.next_at.type))


def _needs_somebody(session: Session, organisation_id: int, place: Place) -> bool:
    """Say whether a row still waits for a person at a place."""
    query = (
        select(OutboxRow.id)
        .where(
            OutboxRow.organisation_id == organisation_id,
            failed_at(*place),
            or_(OutboxRow.dismissed_rev.is_(None), OutboxRow.dismissed_rev != OutboxRow.rev),
        )
        .limit(1)
    )
    return session.scalar(query) is not None
