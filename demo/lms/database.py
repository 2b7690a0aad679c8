"""The one SQLite file of the LMS: made at the first start, kept and brought up to date at every later one."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from demo.lms.school import School
from demo.lms.settings import ActivityDeclaration, LmsSettings
from qualoop.values import DEFAULT_LANGUAGE, Text

SCHEMA_FILE: Final = Path(__file__).with_name("schema.sql")
BUSY_TIMEOUT_S: Final = 10
KEY_BITS: Final = 2048


def connect(path: Path) -> sqlite3.Connection:
    """Open the file; statements commit singly unless they stand in `writing`."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Hold the write lock from the first read to the commit; roll back on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def as_stored(moment: datetime) -> str:
    """Return an aware time as the text whose order is the order in time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def prepare(settings: LmsSettings, school: School) -> None:
    """Make or update the file: tables, people, course, activities, line items, secrets. Grades stay as they are."""
    path = settings.database_path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Before SQLite makes it: the file holds the private key of the platform.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        _widen_roles(connection)
        connection.executescript(SCHEMA_FILE.read_text(encoding="utf-8"))
        with writing(connection):
            _keep_secrets(connection)
            _seed_school(connection, school)
            _seed_activities(connection, school.course.id, settings.activities)
    finally:
        connection.close()


def get_setting(connection: sqlite3.Connection, name: str) -> str:
    """Return a stored setting: `private_key` and `public_key` (PEM), `session_secret`."""
    row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return str(row["value"])


def _widen_roles(connection: sqlite3.Connection) -> None:
    """Let people of a file from before mentors be mentors: the table of people is made anew, with the people in it."""
    row = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'user'").fetchone()
    if row is None or "'mentor'" in row["sql"]:
        return
    made = row["sql"].replace("'student')", "'student', 'mentor')").replace("TABLE user", "TABLE user_wide")
    connection.execute("PRAGMA foreign_keys = OFF")
    with writing(connection):
        connection.execute(made)
        connection.execute("INSERT INTO user_wide SELECT * FROM user")
        connection.execute("DROP TABLE user")
        connection.execute("ALTER TABLE user_wide RENAME TO user")
    connection.execute("PRAGMA foreign_keys = ON")


def _keep_secrets(connection: sqlite3.Connection) -> None:
    """Make the platform's key and the session secret once; a new key each start would break every launch."""
    if connection.execute("SELECT 1 FROM setting WHERE name = 'private_key'").fetchone():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    connection.executemany(
        "INSERT INTO setting (name, value) VALUES (?, ?)",
        [("private_key", private), ("public_key", public), ("session_secret", secrets.token_hex(32))],
    )


def _seed_school(connection: sqlite3.Connection, school: School) -> None:
    course = school.course
    connection.execute(
        "INSERT INTO course (id, label, title) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET label = excluded.label, title = excluded.title",
        (course.id, course.label, _text_json(course.title)),
    )
    for person in school.people:
        connection.execute(
            "INSERT INTO user (id, role, given, family, name, email) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET role = excluded.role, given = excluded.given,"
            " family = excluded.family, name = excluded.name, email = excluded.email",
            (person.id, person.role, person.given, person.family, person.name, person.email),
        )
        connection.execute("INSERT OR IGNORE INTO membership VALUES (?, ?)", (course.id, person.id))


def _seed_activities(
    connection: sqlite3.Connection, course_id: str, activities: tuple[ActivityDeclaration, ...]
) -> None:
    """Bring the course in line with the list: the key decides which activity is which."""
    connection.execute("UPDATE activity SET shown = 0 WHERE id NOT IN (SELECT activity_id FROM chosen_link)")
    for position, activity in enumerate(activities):
        texts = (_text_json(activity.title), _text_json(activity.description))
        row = connection.execute(
            "INSERT INTO activity (course_id, key, title, description, graded, position, shown)"
            " VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT (key) DO UPDATE SET title = excluded.title,"
            " description = excluded.description, graded = excluded.graded, position = excluded.position, shown = 1"
            " RETURNING id",
            (course_id, activity.key, *texts, int(activity.graded), position),
        ).fetchone()
        if activity.graded:
            connection.execute(
                "INSERT INTO line_item (course_id, activity_id, resource_link_id, label, score_maximum, resource_id)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (activity_id) DO UPDATE SET label = excluded.label",
                (
                    course_id,
                    row["id"],
                    str(row["id"]),
                    activity.title[DEFAULT_LANGUAGE],
                    str(activity.maximum),
                    activity.key,
                ),
            )


def _text_json(text: Text) -> str:
    return json.dumps(dict(text.by_language), ensure_ascii=False)
