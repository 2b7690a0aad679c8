"""The connections of the hot paths: kept open, never more than a few, and as safe as any other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import QueuePool, text

from lti_tool.db import KEPT_CONNECTIONS, Database, Direct, Driver


def checked_out(database: Database) -> int:
    assert isinstance(database.engine.pool, QueuePool)
    return database.engine.pool.checkedout()


def count(database: Database) -> Any:
    with database.connection() as connection:
        return connection.scalar(text("SELECT count(*) FROM organisation"))


def add(database: Database, key: str) -> None:
    with database.connection() as connection:
        row = (key, key, key, "school", 0)
        statement = Direct("INSERT INTO organisation (uuid, key, name, kind, created_at) VALUES (?, ?, ?, ?, ?)")
        Driver(connection).run(statement, row)
        if key == "bad":
            raise LookupError


def test_what_fails_leaves_nothing_and_the_next_goes_on(database: Database) -> None:
    add(database, "first")
    with pytest.raises(LookupError):
        add(database, "bad")
    assert count(database) == 1
    add(database, "second")
    assert count(database) == 2


def test_a_few_are_kept_open_and_closed_at_the_end(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(database, f"school-{number}"), range(40)))
    assert count(database) == 40
    assert checked_out(database) in range(1, KEPT_CONNECTIONS + 1)
    database.close()
    assert checked_out(database) == 0
    assert count(database) == 40, "a closed database is opened again where somebody asks it"


def test_a_list_is_one_parameter(database: Database) -> None:
    for key in ("a", "b", "c"):
        add(database, key)
    statement = Direct("SELECT key FROM organisation WHERE key IN ? ORDER BY key")
    with database.connection() as connection:
        driver = Driver(connection)
        for wanted, found in ((["a", "c", "x"], ["a", "c"]), ([], [])):
            assert [row[0] for row in driver.all(statement, (driver.listed(wanted),))] == found
