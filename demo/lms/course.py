"""Reads the course: who is in it and what there is to do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from demo.lms.school import Person
from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An activity of the course. ``id`` is also the resource link id; ``line_item_id`` is None where not graded.

    ``url`` and ``custom`` are what the tool said of an activity that was chosen in it.
    """

    id: int
    key: str
    title: Text
    description: Text
    line_item_id: int | None
    maximum: str | None
    url: str | None
    custom: Mapping[str, str] | None


ACTIVITIES_SQL = (
    "SELECT activity.id, key, title, description, graded, line_item.id AS line_item_id, score_maximum,"
    " url, custom FROM activity LEFT JOIN chosen_link ON chosen_link.activity_id = activity.id LEFT JOIN line_item ON line_item.activity_id = activity.id AND graded"
    " WHERE shown"
)


def find_person(connection: sqlite3.Connection, user_id: str) -> Person | None:
    """Return a member of the college."""
    row = connection.execute("SELECT * FROM user WHERE id = ?", (user_id,)).fetchone()
    return None if row is None else Person(**dict(row))


def members(connection: sqlite3.Connection, course_id: str, role: str | None = None) -> list[Person]:
    """Return the members of a course in the order of their ids, or those of one role."""
    rows = connection.execute(
        "SELECT user.* FROM membership JOIN user ON user.id = user_id"
        " WHERE course_id = ? AND (? IS NULL OR role = ?) ORDER BY CAST(user.id AS INTEGER)",
        (course_id, role, role),
    )
    return [Person(**dict(row)) for row in rows]


def activities(connection: sqlite3.Connection) -> list[Activity]:
    """Return what the course shows, in its order."""
    return [_activity(row) for row in connection.execute(f"{ACTIVITIES_SQL} ORDER BY position")]


def find_activity(connection: sqlite3.Connection, key: str) -> Activity | None:
    """Return an activity that the course shows."""
    row = connection.execute(f"{ACTIVITIES_SQL} AND key = ?", (key,)).fetchone()
    return None if row is None else _activity(row)


def find_activity_by_id(connection: sqlite3.Connection, activity_id: str) -> Activity | None:
    """Return an activity that the course shows, by its resource link id."""
    row = connection.execute(f"{ACTIVITIES_SQL} AND CAST(activity.id AS TEXT) = ?", (activity_id,)).fetchone()
    return None if row is None else _activity(row)


def _activity(row: sqlite3.Row) -> Activity:
    return Activity(
        id=row["id"],
        key=row["key"],
        title=Text(json.loads(row["title"])),
        description=Text(json.loads(row["description"])),
        line_item_id=row["line_item_id"],
        maximum=row["score_maximum"],
        url=row["url"],
        custom=json.loads(row["custom"]) if row["custom"] else None,
    )
