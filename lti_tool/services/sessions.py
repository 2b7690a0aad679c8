"""What may change in the session of a launch after it was opened, and when it is forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, CursorResult, delete, update

from lti_tool.models import LtiSession


def choose_language(connection: Connection, organisation_id: int, session_uuid: str, language: str) -> None:
    """Keep the language that somebody chose for the pages of a launch."""
    connection.execute(
        update(LtiSession)
        .where(LtiSession.uuid == session_uuid, LtiSession.organisation_id == organisation_id)
        .values(language=language)
    )


def purge_sessions(connection: Connection, now: datetime) -> int:
    """Delete sessions that have ended; return how many."""
    result = connection.execute(delete(LtiSession).where(LtiSession.expires_at < now))
    return cast("CursorResult[object]", result).rowcount
