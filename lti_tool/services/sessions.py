"""The session of a launch after it was opened: what may change in it, what is refused, when it is forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, CursorResult, delete, update

from lti_tool.models import LtiSession
from qualoop.errors import QualoopError


class SessionGoneError(QualoopError):
    """This page belongs to a launch that has ended, or that was opened in another browser."""

    code = "session-gone"


class NotAllowedError(QualoopError):
    """Your role in this course does not allow this."""

    code = "not-allowed"


class ForgedFormError(QualoopError):
    """The form was not sent from a page of this launch."""

    code = "form-token"


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
