"""The inbox: whatever needs a person, with reason, owner, due date and the actions that are possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import InboxItem
from qualoop.errors import QualoopError

OPEN, RESOLVED = "open", "resolved"
MAX_SUBJECT: Final = 160
DUE_AFTER: Final = timedelta(days=7)


class InboxItemMissingError(QualoopError):
    """There is no such open item in this organisation's inbox."""

    code = "inbox-item-missing"


def put(
    session: Session,
    *,
    organisation_id: int,
    reason: str,
    subject: str,
    details: Mapping[str, Any],
    owner_role: str,
    actions: Sequence[str],
    now: datetime,
) -> InboxItem:
    """Put something into the inbox; the same matter (reason and subject) stands there once and is opened again."""
    item = session.scalar(
        select(InboxItem).where(
            InboxItem.organisation_id == organisation_id, InboxItem.reason == reason, InboxItem.subject == subject
        )
    )
    if item is None:
        item = InboxItem(organisation_id=organisation_id, reason=reason, subject=subject, created_at=now)
        session.add(item)
    item.details, item.owner_role, item.actions = dict(details), owner_role, list(actions)
    item.state, item.due_at, item.resolved_at, item.resolution = OPEN, now + DUE_AFTER, None, None
    session.flush()
    return item


def open_items(session: Session, organisation_id: int) -> Sequence[InboxItem]:
    """Return what is open, the oldest first."""
    return session.scalars(
        select(InboxItem)
        .where(InboxItem.organisation_id == organisation_id, InboxItem.state == OPEN)
        .order_by(InboxItem.created_at, InboxItem.id)
    ).all()


def resolve(session: Session, organisation_id: int, item_id: int, *, action: str, now: datetime) -> InboxItem:
    """Close an item with one of its actions; raise InboxItemMissingError where that is not possible."""
    item = session.scalar(
        select(InboxItem).where(
            InboxItem.id == item_id, InboxItem.organisation_id == organisation_id, InboxItem.state == OPEN
        )
    )
    if item is None or action not in item.actions:
        raise InboxItemMissingError
    item.state, item.resolved_at, item.resolution = RESOLVED, now, action
    session.flush()
    return item
