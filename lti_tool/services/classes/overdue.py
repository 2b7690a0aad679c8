"""Closes class sessions that nobody closed: else their last round and their roll call would never be recorded."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from lti_tool.db import Database
from lti_tool.models import ClassSession
from lti_tool.services.classes import live
from lti_tool.services.classes.closing import close_session
from lti_tool.services.classes.evidence import SYSTEM, Corrector
from lti_tool.services.content.contents import Contents
from qualoop.classroom.session import SessionState

LONGEST: Final = timedelta(hours=12)
"""How long a session may be on."""
PAGE: Final = 100

log = logging.getLogger(__name__)


def close_overdue(database: Database, contents: Contents, *, secret: str, now: datetime) -> int:
    """Close the sessions that have been on for longer than 12 hours, each in its own transaction; return how many.

    At most 100 at a time. One that cannot be closed is logged, and the others are closed all the same.
    """
    overdue = (
        select(ClassSession.id, ClassSession.organisation_id)
        .where(ClassSession.state == SessionState.OPEN.value, ClassSession.opened_at < now - LONGEST)
        .order_by(ClassSession.opened_at.desc())
        .limit(PAGE)
    )
    with database.reading() as reading:
        found = reading.execute(overdue).all()
    closed = 0
    for session_id, organisation_id in found:
        try:
            closed += _close(database, contents, (organisation_id, session_id), secret=secret, now=now)
        except Exception:
            log.exception("class session %d cannot be closed", session_id)
    return closed


def _close(database: Database, contents: Contents, named: tuple[int, int], *, secret: str, now: datetime) -> bool:
    """Close one session, named by organisation and id; nothing where somebody is at it just now, or was faster."""
    organisation_id, session_id = named
    with database.transaction() as session:
        query = select(ClassSession).where(
            ClassSession.organisation_id == organisation_id,
            ClassSession.id == session_id,
            ClassSession.state == SessionState.OPEN.value,
        )
        row = session.scalar(query.with_for_update(key_share=True, skip_locked=True))
        if row is None:
            return False
        framework = contents.find_framework(session.connection(), organisation_id)
        close_session(session, row, framework, by=Corrector(actor=SYSTEM, secret=secret), now=now)
        changed = row.uuid, (row.organisation_id, row.context_id)
    live.forget(database, *changed)
    return True
