"""Statements that feed one another: the same rows and the same values on every database, however they are sent."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from lti_tool.db import Chained, Database, Prepared

ORGANISATION = (
    "INSERT INTO organisation (uuid, key, name, kind, created_at) VALUES (:key, :key, :key, 'school', 0) "
    "RETURNING id AS organisation_id"
)
PERSON = (
    "INSERT INTO person (organisation_id, uuid, created_at) VALUES (:organisation_id, :person_uuid, :now) "
    "ON CONFLICT (uuid) DO UPDATE SET created_at = excluded.created_at RETURNING id AS person_id, created_at AS seen_at"
)
NOTHING_RETURNED = "INSERT INTO person (organisation_id, uuid, created_at) VALUES (:organisation_id, :other_uuid, :now)"
NO_ROW = PERSON.replace("DO UPDATE SET created_at = excluded.created_at", "DO NOTHING")
PEOPLE = Prepared(text("SELECT id, organisation_id, uuid, created_at FROM person ORDER BY uuid"))


def _ran(database: Database, chained: Chained, **more: Any) -> dict[str, Any]:
    parameters = {"key": "school", "person_uuid": "p", "other_uuid": "q", "now": 1, "unused": "x", **more}
    with database.connection() as connection:
        return chained.run(connection, parameters)


def test_what_a_step_returns_feeds_those_that_follow(database: Database) -> None:
    found = _ran(database, Chained(organisation=ORGANISATION, other=NOTHING_RETURNED, person=PERSON))
    assert (found["seen_at"], found["unused"]) == (1, "x")
    with database.snapshot() as connection:
        other, person = sorted(PEOPLE.all(connection, {}), key=lambda row: row[2] == "p")
    assert person == (found["person_id"], found["organisation_id"], "p", 1)
    assert other[1:] == (found["organisation_id"], "q", 1)


def test_a_row_that_was_there_is_the_one_that_is_returned(database: Database) -> None:
    first = _ran(database, Chained(organisation=ORGANISATION, person=PERSON))
    again = _ran(database, Chained(person=PERSON), organisation_id=first["organisation_id"], now=2)
    assert (again["person_id"], again["seen_at"]) == (first["person_id"], 2)


def test_a_step_without_its_row_fails_and_nothing_is_stored(database: Database) -> None:
    _ran(database, Chained(organisation=ORGANISATION, person=PERSON))
    with pytest.raises(RuntimeError, match="no row"):
        _ran(database, Chained(organisation=ORGANISATION, person=NO_ROW), key="another")
    with database.snapshot() as connection:
        assert len(PEOPLE.all(connection, {})) == 1
        assert connection.scalar(text("SELECT count(*) FROM organisation")) == 1
