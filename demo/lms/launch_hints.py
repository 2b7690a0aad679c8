"""Message hints: what a launch that was begun is about, to be asked for once.

A hint is made when the login initiation is sent to the tool, and taken when the tool asks for the id_token.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from demo.lms.database import as_stored

DocumentTarget = Literal["iframe", "window"]

LIFE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchHint:
    """A launch that was begun: by whom, of what, into what. ``for_user`` is whose work is to be reviewed, if anybody's."""

    user_id: str
    activity_id: str
    document_target: DocumentTarget
    for_user: str | None = None


def give_hint(
    connection: sqlite3.Connection,
    user_id: str,
    activity_id: int,
    *,
    document_target: DocumentTarget,
    for_user: str | None = None,
    now: datetime,
) -> str:
    """Store a new hint and return it; hints that were never taken are cleared away."""
    hint = secrets.token_urlsafe(24)
    connection.execute("DELETE FROM launch_hint WHERE expires_at < ?", (as_stored(now),))
    connection.execute(
        "INSERT INTO launch_hint VALUES (?, ?, ?, ?, ?)",
        (hint, user_id, activity_id, document_target, as_stored(now + LIFE)),
    )
    if for_user is not None:
        connection.execute("INSERT INTO review_hint VALUES (?, ?)", (hint, for_user))
    return hint


def take_hint(connection: sqlite3.Connection, hint: str, user_id: str, *, now: datetime) -> LaunchHint | None:
    """Return the user's unexpired hint and delete it in the same statement: of two takers one gets it."""
    # It goes with the hint.
    review = connection.execute("SELECT for_user FROM review_hint WHERE hint = ?", (hint,)).fetchone()
    row = connection.execute(
        "DELETE FROM launch_hint WHERE hint = ? AND user_id = ? AND expires_at >= ?"
        " RETURNING user_id, CAST(activity_id AS TEXT) AS activity_id, document_target",
        (hint, user_id, as_stored(now)),
    ).fetchone()
    return None if row is None else LaunchHint(**dict(row), for_user=review["for_user"] if review else None)
