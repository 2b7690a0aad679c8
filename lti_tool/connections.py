"""Connections that are kept open for the hot paths, and the turns in which one process writes to SQLite."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

KEPT_CONNECTIONS: Final = 4
TRUSTED_FOR_S: Final = 2.0
"""How long a connection to a server may have rested without being asked whether it still stands."""


class KeptConnections:
    """A few connections of one engine that stay open between their uses.

    To take one from the pool and to give it back costs three times as much as to begin and to commit.
    """

    def __init__(self, engine: Engine, *, is_asked: bool) -> None:
        """``is_asked`` says whether a connection that has rested is asked first: one to a server, which may have gone."""
        self._engine = engine
        self._is_asked = is_asked
        self._kept: list[tuple[Connection, float]] = []

    @contextmanager
    def taken(self) -> Iterator[Connection]:
        """Give the connection that was used last, or a new one; what was left open in it is rolled back."""
        connection = self._find() or self._engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if connection.in_transaction():
            connection.rollback()
        if len(self._kept) < KEPT_CONNECTIONS:
            self._kept.append((connection, time.monotonic()))
        else:
            connection.close()

    def close(self) -> None:
        """Close every connection that nobody uses."""
        while self._kept:
            self._kept.pop()[0].close()

    def _find(self) -> Connection | None:
        """Return the kept connection that was used last, None where none is free or its server has gone away."""
        try:
            connection, rests_since = self._kept.pop()
        except IndexError:
            return None
        if not self._is_asked or _stands(connection, rests_since):
            return connection
        # What has broken once has broken for all: the pool asks each of its own before it gives it.
        connection.invalidate()
        connection.close()
        return None


class Turns:
    """The turns of the threads of one process that write to SQLite.

    SQLite has one writer at a time, and lets the others sleep for longer and longer until it is free. Here they wait
    for each other instead, and so the connection that wrote last finds its pages as it left them. That is for quick
    writing, which begins with its first statement: another process, and a page's transaction, which may think for long
    before it writes, are still waited for in SQLite's way.
    """

    def __init__(self, longest_wait_s: float) -> None:
        self._lock = threading.RLock()
        self._longest_wait_s = longest_wait_s

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the other writers; after the longest wait it is left to SQLite to say that it is locked."""
        is_mine = self._lock.acquire(timeout=self._longest_wait_s)
        try:
            yield
        finally:
            if is_mine:
                self._lock.release()


def ask_rested_connections(engine: Engine) -> None:
    """Ask a connection that has rested a while whether its server is there; if not, the pool makes new ones.

    SQLAlchemy's own ping would ask before every transaction, and cost each a round trip. A connection that broke in
    use is seen without asking.
    """

    @event.listens_for(engine, "checkin")
    def note(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, proxy: object) -> None:
        now = time.monotonic()
        rested = now - record.info.get("rests_since", now)
        try:
            if connection.closed or (rested > TRUSTED_FOR_S and not engine.dialect.do_ping(connection)):
                raise InvalidatePoolError
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _stands(connection: Connection, rests_since: float) -> bool:
    """Say whether a connection that has rested since a moment can be used: after a while its server is asked."""
    driver = connection.connection.dbapi_connection
    if driver is None or getattr(driver, "closed", False):
        return False
    if time.monotonic() - rests_since <= TRUSTED_FOR_S:
        return True
    try:
        return bool(connection.dialect.do_ping(driver))
    except connection.dialect.loaded_dbapi.Error:
        return False
