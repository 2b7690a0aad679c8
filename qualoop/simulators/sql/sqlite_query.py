"""One query on SQLite, where DuckDB is missing. The worker loads this module alone.

What is allowed is listed, by the authorizer; what is listed of functions is what is denied, because SQLite's own grow.
Source: SQLite, "Defense Against the Dark Arts".
"""

from __future__ import annotations

import sqlite3
import sys
import time
from typing import Any, Final

from qualoop.simulators.sql.answers import LONGEST_QUERY, QueryFaultError, too_many_rows

_ALLOWED: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_DENIED_FUNCTIONS: Final = frozenset(
    {
        "printf",
        "format",
        "zeroblob",
        "randomblob",
        "hex",
        "unhex",
        "load_extension",
        "readfile",
        "writefile",
        "edit",
        "fts3_tokenizer",
        "random",
        "sqlite_version",
        "sqlite_source_id",
        "sqlite_compileoption_get",
        "sqlite_compileoption_used",
        "sqlite_log",
        "sqlite_offset",
        "current_timestamp",
        "current_date",
        "current_time",
    }
)
_MOST_VALUE: Final = 2 * 1024 * 1024
_SECONDS: Final = 1.9
_STEPS: Final = 20_000

_VIEW: Final = (
    "create temp view sales as select invoice, stock_code, description, quantity, invoice_date, unit_price, customer, "
    "country from lines where unit in (select unit from kept)"
)
# Read by nobody but the view.
_BEHIND: Final = frozenset({"lines", "kept", "units"})
_INNER_NAMES: Final = ("sqlite_", "pragma_", "dbstat", "bytecode", "tables_used", "fts", "rtree")


def warm(path: str) -> str:
    """Return the path, once the file was found to open: SQLite's makers advise against connections across a fork."""
    sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True).close()
    return path


def files_of_queries(path: str) -> list[str]:
    """Return the data file: each query opens its own connection."""
    return [path]


def open_sample(warmed: str, sample: str) -> sqlite3.Connection:
    """Return a defensive read-only connection to a data file, whose view `sales` is the sample."""
    connection = sqlite3.connect(f"file:{warmed}?mode=ro&immutable=1", uri=True, isolation_level=None)
    connection.execute("pragma temp_store = memory")
    connection.execute("create temp table kept (unit integer primary key)")
    kept = ((unit,) for unit, bit in enumerate(sample) if bit == "1")
    connection.executemany("insert into kept values (?)", kept)
    connection.execute(_VIEW)
    _lock(connection)
    return connection


def _lock(connection: sqlite3.Connection) -> None:
    # The pragmas are all that Python 3.11 offers.
    connection.execute("pragma trusted_schema = off")
    connection.execute("pragma query_only = on")
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)
    for category, most in (
        (sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE),
        (sqlite3.SQLITE_LIMIT_SQL_LENGTH, LONGEST_QUERY * 4),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
        (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
        (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
    ):
        connection.setlimit(category, most)
    # Of its own time: the wall clock is the worker's business.
    end = time.process_time() + _SECONDS
    connection.set_progress_handler(lambda: int(time.process_time() > end), _STEPS)


def run(connection: sqlite3.Connection, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows of exactly one SELECT, at most ``most`` rows; raise QueryFaultError."""
    refused: list[str] = []
    connection.set_authorizer(_authorizer(refused))
    try:
        cursor = connection.execute(query)
        rows = cursor.fetchmany(most + 1)
    except (sqlite3.Error, sqlite3.Warning, MemoryError, ValueError) as error:
        raise QueryFaultError(refused[0] if refused else _code(error)) from None
    if cursor.description is None:
        raise QueryFaultError("not-select" if query.strip() else "empty")
    if len(rows) > most:
        raise too_many_rows()
    return [str(column[0]) for column in cursor.description], rows


def _authorizer(refused: list[str]) -> Any:
    def authorize(action: int, *named: str | None) -> int:
        first, second, _database, by = named
        code = _breach(action, (first or "").lower(), (second or "").lower(), by)
        if code:
            refused.append(code)
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return authorize


def _breach(action: int, table: str, function: str, by: str | None) -> str | None:
    if action not in _ALLOWED:
        return "not-select"
    if action == sqlite3.SQLITE_FUNCTION and function in _DENIED_FUNCTIONS:
        return "forbidden"
    if action == sqlite3.SQLITE_READ and (table.startswith(_INNER_NAMES) or (table in _BEHIND and by != "sales")):
        return "unknown-table"
    return None


def _code(error: Exception) -> str:
    message = str(error).lower()
    for sign, code in (
        ("interrupted", "timeout"),
        ("one statement", "several-statements"),
        ("no such", "unknown-name"),
        ("syntax error", "syntax"),
        ("incomplete", "syntax"),
        ("unrecognized", "syntax"),
        ("too big", "too-large"),
        ("out of memory", "memory"),
        ("depth", "too-deep"),
        ("overflow", "too-deep"),
        ("ambiguous", "binding"),
        ("misuse", "binding"),
        ("null character", "syntax"),
    ):
        if sign in message:
            return code
    return "memory" if isinstance(error, MemoryError) else "failed"
