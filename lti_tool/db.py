"""The database: engine, transactions, and statements that are compiled once.

Ordinary pages use the ORM on `Database.transaction()`. The hot paths (launch, evidence, outbox) write their
statements in Core, compile them once and run them on the driver's cursor in the same transaction: there the ORM
would be the cost. SQLite runs in WAL mode with BEGIN IMMEDIATE, so that two writers queue instead of failing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeDecorator

from lti_tool.connections import KeptConnections, Turns, ask_rested_connections

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
BUSY_TIMEOUT_S: Final = 10
CACHE_KIB: Final = 16_384
"""Of SQLite, per connection: with its own 2 MiB the pages of a few answers push each other out."""
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


class Chained:
    """Statements that feed one another and are sent as one where a round trip costs more than they do.

    Each step is an INSERT of one row in SQL that every database reads, with `:name` for each parameter. What a step
    returns (`RETURNING id AS person_id`) is a parameter of those that follow; one at least returns something.
    PostgreSQL gets them as one WITH whose parts cannot see each other's rows but through these names; SQLite, which
    knows no such thing, one after another. Raises RuntimeError where a step that returns something has no row.
    """

    __slots__ = ("_names", "_steps", "_together")

    def __init__(self, **steps: str) -> None:
        self._steps = [(sql, _returned_names(sql)) for sql in steps.values()]
        sources: dict[str, str] = {}
        parts = []
        for (name, sql), (_, returned) in zip(steps.items(), self._steps, strict=True):
            fed = _NAMED.sub(partial(_source, sources), sql)
            parts.append(f"new_{name} AS ({fed})")
            sources |= {each: _RETURNED.format(each, name) for each in returned}
        self._names = tuple(sources)
        feeding = [f"new_{name}" for name, (_, returned) in zip(steps, self._steps, strict=True) if returned]
        # Joined, so that a step without its row leaves none of the others' either.
        self._together = _TOGETHER.format(", ".join(parts), ", ".join(sources), ", ".join(feeding))

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Run the steps in the transaction of ``connection``; return the parameters and what the steps returned."""
        cursor = _driver_cursor(connection)
        known = dict(parameters)
        if connection.dialect.name != "sqlite":
            cursor.execute(self._together, known)
            return known | _returned(cursor, self._names)
        for sql, returned in self._steps:
            cursor.execute(sql, known)
            if returned:
                known |= _returned(cursor, returned)
        return known


def _returned(cursor: DBAPICursor, names: Sequence[str]) -> dict[str, Any]:
    """Return the one row of a statement by the names of its columns."""
    row = cursor.fetchone()
    if row is None:
        raise RuntimeError("a step of a chain of statements returned no row")
    return dict(zip(names, row, strict=True))


_NAMED: Final = re.compile(r":([a-z_]+)")
_RETURNED: Final = "(SELECT {} FROM new_{})"
_TOGETHER: Final = "WITH {} SELECT {} FROM {}"


def _source(sources: Mapping[str, str], parameter: re.Match[str]) -> str:
    """Return where the value of a parameter comes from: an earlier step, else whoever runs the statement."""
    return sources.get(parameter[1], f"%({parameter[1]})s")


def _returned_names(sql: str) -> tuple[str, ...]:
    """Return what the columns are called that a statement returns."""
    _, _, returned = sql.partition(" RETURNING ")
    return tuple(column.split()[-1] for column in returned.split(",")) if returned else ()


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
        single = {"qualoop_reading": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        is_asked = not self.is_sqlite
        self._kept = KeptConnections(self.engine, is_asked=is_asked)
        self._kept_single = KeptConnections(self.engine.execution_options(**single), is_asked=is_asked)
        self._turn = Turns(BUSY_TIMEOUT_S).turn if self.is_sqlite else nullcontext

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
        with self._turn(), self._kept.taken() as connection, connection.begin():
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection that reads outside any transaction of ours: each statement is one by itself.

        SQLite's driver begins nothing unasked, and where SQLAlchemy does, that never waits for a writer; of PostgreSQL's,
        BEGIN and ROLLBACK would be two more round trips.
        """
        with self._kept_single.taken() as connection:
            yield connection

    @contextmanager
    def statement(self) -> Iterator[Connection]:
        """Open a connection for one statement that writes, and is a transaction by itself."""
        if not self.is_sqlite:
            with self.snapshot() as connection:
                yield connection
            return
        with self._turn(), self._kept.taken() as connection:
            yield connection

    def check(self) -> None:
        """Ask the database for nothing: raises as its driver does where it does not answer."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection that nobody uses."""
        self._kept.close()
        self._kept_single.close()
        self.engine.dispose()


def _engine(url: URL, synchronous: str, pool_size: int) -> Engine:
    """Make the engine of ``url`` with its pragmas."""
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, pool_size=pool_size, max_overflow=8)
        ask_rested_connections(engine)
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
