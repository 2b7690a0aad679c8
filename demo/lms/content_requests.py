"""What is kept of a choice of activities: the request until it is answered, then the chosen links of the course."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from demo.lms.content_items import ContentItem
from demo.lms.database import as_stored, writing
from qualoop.values import LANGUAGES

LIFE: Final = timedelta(hours=2)


def open_request(connection: sqlite3.Connection, user_id: str, now: datetime) -> str:
    """Store a new request and return its message hint; requests that were never answered are cleared away."""
    hint = secrets.token_urlsafe(24)
    connection.execute("DELETE FROM content_request WHERE expires_at < ?", (as_stored(now),))
    connection.execute(
        "INSERT INTO content_request VALUES (?, ?, ?, 0, ?)",
        (hint, user_id, secrets.token_urlsafe(24), as_stored(now + LIFE)),
    )
    return hint


def send_request(connection: sqlite3.Connection, hint: str, user_id: str, *, now: datetime) -> str | None:
    """Return the data of the user's request that the tool has to send back, once; None where there is no such."""
    row = connection.execute(
        "UPDATE content_request SET sent = 1 WHERE hint = ? AND user_id = ? AND NOT sent AND expires_at >= ?"
        " RETURNING data",
        (hint, user_id, as_stored(now)),
    ).fetchone()
    return None if row is None else str(row["data"])


def store_answer(
    connection: sqlite3.Connection,
    course_id: str,
    user_id: str,
    *,
    data: str,
    items: Sequence[ContentItem],
    now: datetime,
) -> bool:
    """Put the items of an answer into the course; return False where the user has no such request open (any more)."""
    with writing(connection):
        answered = connection.execute(
            "DELETE FROM content_request WHERE data = ? AND user_id = ? AND sent AND expires_at >= ? RETURNING 1",
            (data, user_id, as_stored(now)),
        ).fetchone()
        if answered is None:
            return False
        for item in items:
            _store_item(connection, course_id, item)
    return True


def _store_item(connection: sqlite3.Connection, course_id: str, item: ContentItem) -> None:
    """Make an item the last activity of the course, with its column in the gradebook."""
    # The tool gives its texts in the language in which the teacher chose.
    title, text = (json.dumps(dict.fromkeys(LANGUAGES, words), ensure_ascii=False) for words in (item.title, item.text))
    row = connection.execute(
        "INSERT INTO activity (course_id, key, title, description, graded, position, shown)"
        " SELECT ?, ?, ?, ?, ?, coalesce(max(position), 0) + 1, 1 FROM activity RETURNING id",
        (course_id, f"chosen-{secrets.token_hex(4)}", title, text, int(item.maximum is not None)),
    ).fetchone()
    connection.execute("INSERT INTO chosen_link VALUES (?, ?, ?)", (row["id"], item.url, json.dumps(item.custom)))
    if item.maximum is not None:
        connection.execute(
            "INSERT INTO line_item (course_id, activity_id, resource_link_id, label, score_maximum, resource_id, tag)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (course_id, row["id"], str(row["id"]), item.title, str(item.maximum), item.resource_id, item.tag),
        )
