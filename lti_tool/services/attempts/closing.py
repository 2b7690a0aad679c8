"""Hands in, as they stand, the attempts whose time is over and whose learners do not come back to see it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Attempt, Person, ResourceLink
from lti_tool.services.attempts import attempts
from lti_tool.services.attempts.attempts import Who
from lti_tool.services.attempts.flipped_progress import settle_around
from lti_tool.services.content.contents import Contents
from qualoop.errors import QualoopError

PAGE: Final = 100

log = logging.getLogger(__name__)


def close_due(
    database: Database,
    contents: Contents,
    *,
    secret: str,
    clock: Callable[[], datetime],
    is_ending: Callable[[], bool],
) -> int:
    """Hand in every attempt that is over now, each in its own transaction; return how many."""
    closed, after = 0, 0
    while not is_ending():
        due = _due(database, after, clock())
        for row in due:
            after = row.id
            closed += _close(database, contents, row, secret=secret, now=clock())
        if len(due) < PAGE:
            break
    return closed


def _due(database: Database, after: int, now: datetime) -> Sequence[Any]:
    """Return a page of the attempts that seem to be over, of every organisation: each row says which."""
    query = (
        select(Attempt.id, Attempt.organisation_id, Attempt.person_id, Attempt.resource_link_id, Person.uuid)
        .add_columns(ResourceLink.activity_id)
        .join(Person, Person.id == Attempt.person_id)
        .join(ResourceLink, ResourceLink.id == Attempt.resource_link_id)
        .where(Attempt.status == "active", Attempt.closes_at.is_not(None), Attempt.closes_at < now, Attempt.id > after)
        .order_by(Attempt.id)
        .limit(PAGE)
    )
    with database.reading() as session:
        return session.execute(query).all()


def _close(database: Database, contents: Contents, row: Any, *, secret: str, now: datetime) -> bool:
    """Hand in one attempt; one that cannot be read is left alone from now on, and the log says so."""
    who = Who(
        organisation_id=row.organisation_id,
        person_id=row.person_id,
        person_uuid=row.uuid,
        resource_link_id=row.resource_link_id,
        activity_id=row.activity_id,
        counts=True,
        is_bound=True,
        secret=secret,
    )
    try:
        with database.connection() as connection:
            is_closed = attempts.hand_in_if_over(connection, contents, who, now)
            if is_closed:
                with Session(connection) as session:
                    settle_around(session, who, now=now)
            return is_closed
    except (QualoopError, KeyError, TypeError, ValueError):
        log.exception("attempt %d cannot be handed in", row.id)
    with database.connection() as connection:
        connection.execute(
            update(Attempt)
            .where(Attempt.id == row.id, Attempt.organisation_id == row.organisation_id)
            .values(closes_at=None)
        )
    return False
