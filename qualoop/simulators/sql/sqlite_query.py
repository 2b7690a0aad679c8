"""One query on SQLite, where DuckDB is missing. The worker loads this module alone.

What is allowed is listed, by the authorizer. Of functions those are allowed that SQLite's own list calls deterministic, and
aggregates, but for a few that take too much or tell too much.
Source: SQLite, "Defense Against the Dark Arts".
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import time
from typing import Any, Final, NamedTuple

from qualoop.simulators.sql.answers import LONGEST_QUERY, QueryFaultError, too_many_rows
from qualoop.simulators.sql.sqlite_clock import replace_clock

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
        "sqlite_version",
        "sqlite_source_id",
        "sqlite_compileoption_get",
        "sqlite_compileoption_used",
        "sqlite_log",
        "sqlite_offset",
        "subtype",
    }
)
_MOST_VALUE: Final = 2 * 1024 * 1024
_SECONDS: Final = 1.9
_STEPS: Final = 20_000

# What a query may begin with; EXPLAIN gives rows as well, and the authorizer takes it for what it explains.
_BEGINNINGS: Final = frozenset({"select", "with", "values"})
_WORD: Final = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*(\w*)", re.DOTALL)
# The sample itself has a name that nobody guesses: the authorizer is told by what name a table is read, and a query may
# call its own expressions `sales`.
_SAMPLE: Final = (
    "create temp view NAME as select invoice, stock_code, description, quantity, invoice_date, unit_price, customer, "
    "country from lines where unit in (select unit from kept)"
)
_VIEW: Final = "create temp view sales as select * from NAME"
_NAME_BYTES: Final = 16
_DETERMINISTIC: Final = 0x800
_FUNCTIONS: Final = "select lower(name) from pragma_function_list where type in ('a', 'w') or flags & ?"
# Read by nobody but the sample.
_BEHIND: Final = frozenset({"lines", "kept", "units"})
_INNER_NAMES: Final = ("sqlite_", "pragma_", "dbstat", "bytecode", "tables_used", "fts", "rtree")


class Warmed(NamedTuple):
    """The data file, and the functions that may be called."""

    path: str
    functions: frozenset[str]


class Opened(NamedTuple):
    """A connection to a sample; what is read in its name is the sample's. ``refused`` are the rules broken so far."""

    connection: sqlite3.Connection
    name: str
    functions: frozenset[str]
    refused: list[str]


def warm(path: str) -> Warmed:
    """Return the path, once the file was found to open: SQLite's makers advise against connections across a fork."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    functions = {name for (name,) in connection.execute(_FUNCTIONS, [_DETERMINISTIC])}
    connection.close()
    return Warmed(path, frozenset(functions - _DENIED_FUNCTIONS))


def files_of_queries(path: str) -> list[str]:
    """Return the data file: each query opens its own connection."""
    return [path]


def open_sample(warmed: Warmed, sample: str) -> Opened:
    """Return a defensive read-only connection to a data file, whose view `sales` is the sample."""
    connection = sqlite3.connect(f"file:{warmed.path}?mode=ro&immutable=1", uri=True, isolation_level=None)
    opened = Opened(connection, f"s{os.urandom(_NAME_BYTES).hex()}", warmed.functions, [])
    connection.execute("pragma temp_store = memory")
    connection.execute("create temp table kept (unit integer primary key)")
    kept = ((unit,) for unit, bit in enumerate(sample) if bit == "1")
    connection.executemany("insert into kept values (?)", kept)
    for view in (_SAMPLE, _VIEW):
        connection.execute(view.replace("NAME", opened.name))
    replace_clock(connection, lambda: opened.refused.append("unrepeatable"))
    _lock(connection)
    return opened


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


def run(opened: Opened, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows of exactly one SELECT, at most ``most`` rows; raise QueryFaultError."""
    opened.refused.clear()
    _check_beginning(query)
    opened.connection.set_authorizer(_authorizer(opened))
    try:
        cursor = opened.connection.execute(query)
        rows = cursor.fetchmany(most + 1)
    except (sqlite3.Error, sqlite3.Warning, MemoryError, ValueError) as error:
        raise QueryFaultError(opened.refused[0] if opened.refused else _code(error)) from None
    if cursor.description is None:
        raise QueryFaultError("not-select")
    if len(rows) > most:
        raise too_many_rows()
    return [str(column[0]) for column in cursor.description], rows


def _check_beginning(query: str) -> None:
    beginning = _WORD.match(query)
    word = beginning[1].lower() if beginning else ""
    if beginning and beginning.end() == len(query) and not word:
        raise QueryFaultError("empty")
    if word not in _BEGINNINGS:
        raise QueryFaultError("not-select" if word else "syntax")


def _authorizer(opened: Opened) -> Any:
    def authorize(action: int, *named: str | None) -> int:
        first, second, _database, by = named
        code = _breach(opened, action, ((first or "").lower(), (second or "").lower()), by)
        if code:
            opened.refused.append(code)
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return authorize


def _breach(opened: Opened, action: int, named: tuple[str, str], by: str | None) -> str | None:
    table, function = named
    if action not in _ALLOWED:
        return "not-select"
    if action == sqlite3.SQLITE_FUNCTION and function not in opened.functions:
        return "forbidden" if function in _DENIED_FUNCTIONS else "unrepeatable"
    if action == sqlite3.SQLITE_READ and (
        table.startswith(_INNER_NAMES)
        or (table in _BEHIND and by != opened.name)
        or (table == opened.name and by != "sales")
    ):
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
