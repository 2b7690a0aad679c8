"""Hands in, as they stand, the attempts whose time is over and whose learners do not come back to see it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Attempt, Person, ResourceLink
from lti_tool.services.attempts import attempts, stepping
from lti_tool.services.attempts.attempts import Who
from lti_tool.services.attempts.flipped_progress import settle_around
from lti_tool.services.content.contents import Contents
from qualoop.errors import QualoopError
from qualoop.simulators.errors import EngineUnavailableError

PAGE: Final = 100
BEING_WORKED_OUT: Final = timedelta(seconds=30)
"""How long what was sent in time may still be on its way into an attempt: the clock comes after it."""

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
        due = _due(database, after, clock() - BEING_WORKED_OUT)
        for row in due:
            after = row.id
            closed += _close(database, contents, row, secret=secret, now=clock())
        if len(due) < PAGE:
            break
    return closed


def _due(database: Database, after: int, before: datetime) -> Sequence[Any]:
    """Return a page of the attempts that seem to have been over before a moment, of every organisation: each row says which."""
    query = (
        select(Attempt.id, Attempt.organisation_id, Attempt.person_id, Attempt.resource_link_id, Person.uuid)
        .add_columns(ResourceLink.activity_id)
        .join(Person, Person.id == Attempt.person_id)
        .join(ResourceLink, ResourceLink.id == Attempt.resource_link_id)
        .where(
            Attempt.status == "active", Attempt.closes_at.is_not(None), Attempt.closes_at < before, Attempt.id > after
        )
        .order_by(Attempt.id)
        .limit(PAGE)
    )
    with database.reading() as session:
        return session.execute(query).all()


def _close(database: Database, contents: Contents, row: Any, *, secret: str, now: datetime) -> bool:
    """Hand in one attempt; one that cannot be read is left alone from now on, and the log says so.

    Where its engine cannot work just now the attempt stays as it is, and is tried again at the next tick.
    """
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

    def settle(connection: Connection) -> None:
        with Session(connection) as session:
            settle_around(session, who, now=now)

    try:
        is_closed = stepping.hand_in_if_over(database, contents, who, now=now, also=settle)
    except EngineUnavailableError as error:
        log.warning("attempt %d is handed in later: %s", row.id, error)
        return False
    except (QualoopError, KeyError, TypeError, ValueError):
        log.exception("attempt %d cannot be handed in", row.id)
    except Exception:
        # Whatever it is, it holds up nobody else's attempt.
        log.exception("attempt %d is handed in later", row.id)
        return False
    else:
        if not is_closed:
            with database.connection() as connection:
                attempts.learn_closing(connection, who)
        return is_closed
    _give_up(database, row)
    return False


def _give_up(database: Database, row: Any) -> None:
    """Let an attempt that cannot be read never be looked at again."""
    with database.connection() as connection:
        connection.execute(
            update(Attempt)
            .where(Attempt.id == row.id, Attempt.organisation_id == row.organisation_id)
            .values(closes_at=None)
        )
