"""The session of a launch after it was opened: what may change in it, what is refused, when it is forgotten."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, CursorResult, String, delete, insert, literal, select, update

from lti_tool.models import LtiSession
from lti_tool.services.people.logins import digest
from qualoop.errors import QualoopError

#: What is new in a copy of a session; all else stays.
_NEW = frozenset({"id", "uuid", "secret_hash", "created_at"})


class SessionGoneError(QualoopError):
    """This page belongs to a launch that has ended, or that was opened in another browser."""

    code = "session-gone"


class SessionLostError(SessionGoneError):
    """This page was loaded anew in a frame in which the browser keeps no cookie, so that nothing says whose it is."""

    code = "session-lost"


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


def copy_session(connection: Connection, organisation_id: int, session_uuid: str, *, now: datetime) -> tuple[str, str]:
    """Open for a window of its own what a launch opened in a frame; return uuid and secret. It ends with the launch."""
    copy, secret = str(uuid.uuid4()), secrets.token_urlsafe(24)
    kept = [column for column in LtiSession.__table__.columns if column.name not in _NEW]
    new = [
        literal(copy, String).label("uuid"),
        literal(digest(secret), String).label("secret_hash"),
        literal(now, LtiSession.created_at.type).label("created_at"),
    ]
    ours = (LtiSession.uuid == session_uuid, LtiSession.organisation_id == organisation_id)
    names = [column.name for column in (*new, *kept)]
    connection.execute(insert(LtiSession).from_select(names, select(*new, *kept).where(*ours)))
    return copy, secret


def purge_sessions(connection: Connection, now: datetime) -> int:
    """Delete sessions that have ended; return how many."""
    result = connection.execute(delete(LtiSession).where(LtiSession.expires_at < now))
    return cast("CursorResult[object]", result).rowcount
