"""The database: engine, transactions, and statements that are compiled once.

Ordinary pages use the ORM on `Database.transaction()`. The hot paths (launch, evidence, outbox) write their
statements in Core, compile them once and run them on the driver's cursor in the same transaction: there the ORM
would be the cost. SQLite runs in WAL mode with BEGIN IMMEDIATE, so that two writers queue instead of failing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeDecorator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
BUSY_TIMEOUT_S: Final = 10
KEPT_CONNECTIONS: Final = 4
CACHE_KIB: Final = 16_384
"""Of SQLite, per connection: with its own 2 MiB the pages of a few answers push each other out."""
TRUSTED_FOR_S: Final = 2.0
"""How long a connection to PostgreSQL may have rested without being asked whether it still stands."""
CHECKPOINT_PAGES: Final = 8_000
"""How long SQLite's write-ahead log grows before it is worked into the database, which waits for the disk: 32 MiB."""


def micros(moment: datetime) -> int:
    """Return an aware moment as whole microseconds since 1970, the form in which moments are stored."""
    return (moment - EPOCH) // MICROSECOND


def moment(value: int) -> datetime:
    """Return stored microseconds as an aware moment in UTC."""
    return EPOCH + value * MICROSECOND


def stored_json(value: Any) -> Any:
    """Return a JSON column as a driver's cursor gives it: SQLite's gives text, PostgreSQL's what the text says."""
    return json.loads(value) if isinstance(value, str | bytes) else value


class Instant(TypeDecorator[datetime]):
    """A moment, stored as microseconds since 1970: exact, ordered and the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Store an aware moment."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return an aware moment."""
        return None if value is None else moment(value)


class Prepared:
    """A Core statement that is compiled once per dialect and then run on the driver's cursor.

    Parameters are bound as the driver knows them: text, bytes, whole numbers (moments as `micros`), None.
    """

    __slots__ = ("_compiled", "_statement")

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[str] | None, Mapping[str, Any]]] = {}

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> DBAPICursor:
        """Run the statement once in the transaction of ``connection``; return the driver's cursor."""
        sql, order, fixed = self._of(connection.dialect)
        cursor = _driver_cursor(connection)
        cursor.execute(sql, _bound(order, fixed, parameters))
        return cursor

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> DBAPICursor:
        """Run the statement once for each row of parameters."""
        sql, order, fixed = self._of(connection.dialect)
        cursor = _driver_cursor(connection)
        cursor.executemany(sql, [_bound(order, fixed, row) for row in rows])
        return cursor

    def one(self, connection: Connection, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        row: tuple[Any, ...] | None = self.run(connection, parameters).fetchone()
        return row

    def all(self, connection: Connection, parameters: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Return every row."""
        rows: Sequence[tuple[Any, ...]] = self.run(connection, parameters).fetchall()
        return rows

    def _of(self, dialect: Dialect) -> tuple[str, Sequence[str] | None, Mapping[str, Any]]:
        """Return the statement's text, the order of its parameters (None: by name) and its fixed parameters."""
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = self._statement.compile(dialect=dialect)
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            found = (str(compiled), getattr(compiled, "positiontup", None), fixed)
            self._compiled[dialect.name] = found
        return found


def _driver_cursor(connection: Connection) -> DBAPICursor:
    """Return a cursor of the driver inside the connection's transaction."""
    return connection.connection.cursor()


def _bound(order: Sequence[str] | None, fixed: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """Return the parameters as the driver wants them."""
    if order is None:
        return {**fixed, **given}
    if not fixed:
        return [given[name] for name in order]
    return [given[name] if name in given else fixed[name] for name in order]


class Direct:
    """A statement in SQL that every database reads, with `?` for each parameter: the cheapest way to run one.

    Parameters are bound in their order. `IN ?` takes a whole list, made by `Driver.listed`. There is no other `?` and
    no `%` in it.
    """

    __slots__ = ("others", "sqlite")

    def __init__(self, sql: str) -> None:
        self.sqlite = sql.replace("IN ?", "IN (SELECT value FROM json_each(?))")
        self.others = sql.replace("IN ?", "= ANY(?)").replace("?", "%s")


class Driver:
    """The driver's cursor in the transaction of a connection, for the statements of the hottest paths."""

    __slots__ = ("cursor", "is_sqlite")

    def __init__(self, connection: Connection) -> None:
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.cursor: Any = _driver_cursor(connection)

    def run(self, statement: Direct, parameters: Sequence[Any]) -> Any:
        """Run the statement; return the cursor, whose rows are good until the next statement."""
        self.cursor.execute(statement.sqlite if self.is_sqlite else statement.others, parameters)
        return self.cursor

    def run_many(self, statement: Direct, rows: Sequence[Sequence[Any]]) -> None:
        """Run the statement once for each row of parameters."""
        sql = statement.sqlite if self.is_sqlite else statement.others
        if len(rows) == 1:
            self.cursor.execute(sql, rows[0])
        elif rows:
            self.cursor.executemany(sql, rows)

    def listed(self, values: Iterable[str | int]) -> Any:
        """Return texts or whole numbers as the one parameter of `IN ?`."""
        return json.dumps([*values]) if self.is_sqlite else [*values]

    def one(self, statement: Direct, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
        """Return the first row, or None."""
        row: tuple[Any, ...] | None = self.run(statement, parameters).fetchone()
        return row

    def all(self, statement: Direct, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return every row."""
        rows: list[tuple[Any, ...]] = self.run(statement, parameters).fetchall()
        return rows


class Database:
    """One database of one process: hands out transactions."""

    def __init__(self, url: str, *, synchronous: str = "NORMAL", pool_size: int = 8) -> None:
        self.engine = _engine(make_url(url), synchronous, pool_size)
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._kept: list[Connection] = []

    @property
    def is_sqlite(self) -> bool:
        """Say whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a transaction for an edge (view, command, task): committed at the end, rolled back on an error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that only reads: on SQLite it never waits for a writer."""
        with (
            self.engine.connect().execution_options(qualoop_reading=True) as connection,
            Session(connection) as session,
        ):
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Open a transaction without the ORM, for the hot paths."""
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._keeping() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection for prepared statements outside any transaction of ours: each is one by itself.

        SQLite's driver begins nothing unasked; of PostgreSQL's, BEGIN and ROLLBACK would be two more round trips.
        """
        with self._keeping() if self.is_sqlite else self._single.connect() as connection:
            yield connection

    @contextmanager
    def _keeping(self) -> Iterator[Connection]:
        """Give one of a few connections to SQLite that are kept open.

        To take one from the pool and to give it back costs three times as much as to begin and to commit.
        """
        try:
            connection = self._kept.pop()
        except IndexError:
            connection = self.engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if connection.in_transaction():
            connection.rollback()
        if len(self._kept) < KEPT_CONNECTIONS:
            self._kept.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close every connection that nobody uses."""
        while self._kept:
            self._kept.pop().close()
        self.engine.dispose()


def _ask_rested_connections(engine: Engine) -> None:
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


def _engine(url: URL, synchronous: str, pool_size: int) -> Engine:
    """Make the engine of ``url`` with its pragmas."""
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, pool_size=pool_size, max_overflow=8)
        _ask_rested_connections(engine)
        return engine
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=pool_size, connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("qualoop_reading")
        # On the driver's cursor: SQLAlchemy's own execution would cost more than the statement.
        connection.connection.cursor().execute("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
