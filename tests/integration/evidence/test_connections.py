"""The connections of the hot paths: kept open, never more than a few, and as safe as any other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import QueuePool, text

from lti_tool.connections import KEPT_CONNECTIONS, Turns
from lti_tool.db import BUSY_TIMEOUT_S, Database, Direct, Driver

WAIT_S = 0.05


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


def test_the_writers_of_a_process_share_one_connection_to_sqlite(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("a server has as many writers as there are connections")

    def write(number: int) -> int:
        with database.statement() if number % 2 else database.connection() as connection:
            row = (f"school-{number}", f"school-{number}", "School", "school", 0)
            statement = Direct("INSERT INTO organisation (uuid, key, name, kind, created_at) VALUES (?, ?, ?, ?, ?)")
            Driver(connection).run(statement, row)
            return id(connection.connection.dbapi_connection)

    with ThreadPoolExecutor(8) as pool:
        used = set(pool.map(write, range(40)))
    assert len(used) == 1, "each turn finds the pages that the one before left in the connection's cache"
    assert count(database) == 40, "a single statement is a transaction by itself"


def waits(turns: Turns) -> bool:
    """Say whether another thread has to wait for its turn."""

    def wait() -> float:
        began = time.perf_counter()
        with turns.turn():
            return time.perf_counter() - began

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(wait).result() >= WAIT_S


def test_who_has_waited_for_its_turn_long_enough_leaves_it_to_sqlite() -> None:
    turns = Turns(longest_wait_s=WAIT_S)
    with turns.turn():
        assert waits(turns)
        assert waits(turns), "who came in without a turn gave none away"
    assert not waits(turns)


def test_a_thread_does_not_wait_for_itself(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    began = time.perf_counter()
    with database.transaction(), database.connection() as inner:
        inner.execute(text("DELETE FROM organisation"))
    assert time.perf_counter() - began < BUSY_TIMEOUT_S / 2
    database.close()
