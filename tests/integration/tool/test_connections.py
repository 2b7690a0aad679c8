"""Connections to the database: given back clean, and made anew where the server has gone away in the meantime."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from lti_tool import connections
from lti_tool.db import Database, Prepared

ONE = Prepared(text("SELECT count(*) FROM organisation"))
ADD = Prepared(
    text("INSERT INTO organisation (uuid, key, name, kind, created_at) VALUES (:key, :key, :key, 'school', 0)")
)


@pytest.fixture
def served(postgresql_url: str) -> Iterator[Database]:
    """A database on the server."""
    opened = Database(postgresql_url)
    yield opened
    opened.close()


def _hang_up(database: Database) -> None:
    """End every connection to the database, as a restart of its server does."""
    others = create_engine(database.engine.url, isolation_level="AUTOCOMMIT")
    with others.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    others.dispose()


def _add_and_fail(opened: AbstractContextManager[Connection], key: str) -> None:
    """Add a row, then leave the connection by an error."""
    with opened as connection:
        ADD.run(connection, {"key": key})
        raise InterruptedError


def test_a_connection_that_rested_while_the_server_restarted_is_made_anew(
    served: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "TRUSTED_FOR_S", 0.0)
    with served.connection() as connection:
        assert ONE.one(connection, {}) == (0,)
    _hang_up(served)
    with served.connection() as connection:
        assert ONE.one(connection, {}) == (0,)


def test_a_connection_that_broke_in_use_fails_once(served: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TRUSTED_FOR_S", 3600.0)
    with served.snapshot() as connection:
        assert ONE.one(connection, {}) == (0,)
    _hang_up(served)
    with pytest.raises((served.engine.dialect.dbapi.OperationalError, DBAPIError)), served.snapshot() as connection:
        ONE.one(connection, {})
    with served.snapshot() as connection:
        assert ONE.one(connection, {}) == (0,)


def test_a_statement_outside_of_a_transaction_stands_by_itself(database: Database) -> None:
    with pytest.raises(InterruptedError):
        _add_and_fail(database.snapshot(), "kept")
    with pytest.raises(InterruptedError):
        _add_and_fail(database.connection(), "rolled-back")
    with database.snapshot() as connection:
        assert ONE.one(connection, {}) == (1,)


def test_a_transaction_that_a_snapshot_began_unasked_is_not_left_open(database: Database) -> None:
    with database.snapshot() as connection:
        connection.execute(text("SELECT count(*) FROM organisation"))
    with database.connection() as connection:
        ADD.run(connection, {"key": "added"})
    with database.snapshot() as connection:
        assert ONE.one(connection, {}) == (1,)
