"""The gradebook: line items, the scores in them, and the table that teachers and students see."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any

from demo.lms.database import as_stored, writing
from demo.lms.score_messages import ScoreMessage, ScoreRefusedError

SHOWN_DIGITS = Decimal("0.01")


class Recorded(Enum):
    """What became of a score message."""

    STORED = "stored"
    IGNORED = "ignored"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A column of the gradebook. ``activity_id`` is None for a column that the tool made."""

    id: int
    activity_id: int | None
    resource_link_id: str | None
    label: str
    score_maximum: Decimal
    resource_id: str | None
    tag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """One cell: the value in the column's own maximum, and when the LMS got it."""

    user_id: str
    line_item_id: int
    value: Decimal
    comment: str
    received_at: datetime


def line_items(connection: sqlite3.Connection, course_id: str) -> list[LineItem]:
    """Return the columns of a course: those of shown activities in their order, then those of the tool."""
    rows = connection.execute(
        "SELECT line_item.* FROM line_item LEFT JOIN activity ON activity.id = activity_id"
        " WHERE line_item.course_id = ? AND (activity_id IS NULL OR (shown AND graded))"
        " ORDER BY activity_id IS NULL, position, line_item.id",
        (course_id,),
    )
    return [_line_item(row) for row in rows]


def find_line_item(connection: sqlite3.Connection, course_id: str, line_item_id: str) -> LineItem | None:
    """Return one column of a course."""
    return next((item for item in line_items(connection, course_id) if str(item.id) == line_item_id), None)


def add_line_item(connection: sqlite3.Connection, course_id: str, values: Mapping[str, Any]) -> LineItem:
    """Add a column for the tool; ``values`` are checked column values by name."""
    row = connection.execute(
        "INSERT INTO line_item (course_id, resource_link_id, label, score_maximum, resource_id, tag)"
        " VALUES (:course_id, :resource_link_id, :label, :score_maximum, :resource_id, :tag) RETURNING *",
        {"course_id": course_id, **values},
    ).fetchone()
    return _line_item(row)


def change_line_item(connection: sqlite3.Connection, line_item_id: int, values: Mapping[str, Any]) -> LineItem:
    """Replace what a column says of itself; its grades are shown in the new maximum from then on."""
    row = connection.execute(
        "UPDATE line_item SET resource_link_id = :resource_link_id, label = :label, score_maximum = :score_maximum,"
        " resource_id = :resource_id, tag = :tag WHERE id = :id RETURNING *",
        {"id": line_item_id, **values},
    ).fetchone()
    return _line_item(row)


def remove_line_item(connection: sqlite3.Connection, line_item_id: int) -> None:
    """Remove a column with its grades."""
    connection.execute("DELETE FROM line_item WHERE id = ?", (line_item_id,))


def record_score(
    connection: sqlite3.Connection, course_id: str, line_item_id: int, *, message: ScoreMessage, now: datetime
) -> Recorded:
    """Store a final score that is later than the stored one; raise ScoreRefusedError for no student of the course."""
    with writing(connection):
        student = connection.execute(
            "SELECT 1 FROM membership JOIN user ON user.id = user_id"
            " WHERE course_id = ? AND user_id = ? AND role = 'student'",
            (course_id, message.user_id),
        ).fetchone()
        if student is None:
            raise ScoreRefusedError("userId is no student of this course")
        before = connection.execute(
            "SELECT timestamp FROM score WHERE line_item_id = ? AND user_id = ?", (line_item_id, message.user_id)
        ).fetchone()
        if before is not None and as_stored(message.timestamp) <= before["timestamp"]:
            return Recorded.OUTDATED
        if message.given is None:
            return Recorded.IGNORED
        connection.execute(
            "INSERT INTO score VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (line_item_id, user_id) DO UPDATE SET"
            " given = excluded.given, maximum = excluded.maximum, comment = excluded.comment,"
            " timestamp = excluded.timestamp, received_at = excluded.received_at",
            (
                line_item_id,
                message.user_id,
                str(message.given),
                str(message.maximum),
                message.comment,
                as_stored(message.timestamp),
                as_stored(now),
            ),
        )
    return Recorded.STORED


def grades(connection: sqlite3.Connection, course_id: str) -> list[Grade]:
    """Return every grade of a course."""
    rows = connection.execute(
        "SELECT score.*, score_maximum FROM score JOIN line_item ON line_item.id = line_item_id"
        " WHERE course_id = ? ORDER BY line_item_id, CAST(user_id AS INTEGER)",
        (course_id,),
    )
    return [_grade(row) for row in rows]


def as_shown(number: Decimal) -> str:
    """Return a number of points without needless zeros: 85, 87.5."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _line_item(row: sqlite3.Row) -> LineItem:
    return LineItem(
        id=row["id"],
        activity_id=row["activity_id"],
        resource_link_id=row["resource_link_id"],
        label=row["label"],
        score_maximum=Decimal(row["score_maximum"]),
        resource_id=row["resource_id"],
        tag=row["tag"],
    )


def _grade(row: sqlite3.Row) -> Grade:
    value = Decimal(row["given"]) / Decimal(row["maximum"]) * Decimal(row["score_maximum"])
    return Grade(
        user_id=row["user_id"],
        line_item_id=row["line_item_id"],
        value=value.quantize(SHOWN_DIGITS, ROUND_HALF_UP),
        comment=row["comment"],
        received_at=datetime.fromisoformat(row["received_at"]),
    )
