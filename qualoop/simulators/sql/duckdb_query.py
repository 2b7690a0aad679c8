"""One query on DuckDB, in a process of its own that gave up everything else. The worker loads this module alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import duckdb

from qualoop.simulators.sql.answers import QueryFaultError, too_many_rows
from qualoop.simulators.sql.duckdb_catalogue import read_rules
from qualoop.simulators.sql.select_rules import Rules, find_breach

SETTINGS: Final = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "threads": "1",
    "memory_limit": "512MB",
    "temp_directory": "",
    "lock_configuration": "true",
}
# Threads that wait for files; releases before 2.0 have none and do not know the setting.
_NO_FURTHER_THREADS: Final = {"async_threads": "0"}
_VIEW: Final = "create temp view sales as select * exclude (unit) from lines where get_bit('SAMPLE'::bit, unit) = 1"
_TABLES: Final = frozenset({"sales"})
_EVERYTHING: Final = "select max(columns(*)) from lines"
_TYPICAL: Final = "select country, sum(quantity * unit_price) from sales group by country order by 2 desc"

_LINE: Final = re.compile(r"LINE (\d+):")
# From DuckDB's classes of errors to ours, the first that fits; what a message says beyond that stays here.
_CAUGHT: Final = (duckdb.Error, MemoryError, RecursionError, ValueError, RuntimeError)
_CODES: Final[Sequence[tuple[type[BaseException], str]]] = (
    (duckdb.OutOfMemoryException, "memory"),
    (MemoryError, "memory"),
    (duckdb.ParserException, "syntax"),
    (duckdb.SyntaxException, "syntax"),
    (duckdb.PermissionException, "forbidden"),
    (duckdb.CatalogException, "unknown-name"),
    (duckdb.BinderException, "binding"),
    (duckdb.ConversionException, "conversion"),
    (duckdb.OutOfRangeException, "conversion"),
    (duckdb.InvalidInputException, "conversion"),
    (RecursionError, "too-deep"),
)


class Opened(NamedTuple):
    """A connection, and what may be asked on it."""

    connection: Any
    rules: Rules


def warm(path: str) -> Opened:
    """Return a locked connection to a data file, read-only, with its columns and what every query needs in memory."""
    further = _NO_FURTHER_THREADS if int(duckdb.__version__.partition(".")[0]) > 1 else {}
    connection = duckdb.connect(path, read_only=True, config={**SETTINGS, **further})
    connection.execute(_EVERYTHING).fetchall()
    opened = Opened(connection, read_rules(connection, _TABLES))
    _check(opened, _TYPICAL)
    return opened


def files_of_queries(_path: str) -> list[str]:
    """Return no file: what `warm` opened stays open."""
    return []


def open_sample(warmed: Opened, sample: str) -> Opened:
    """Return what `warm` made, now with a view `sales` that is the sample.

    ``sample`` has a `1` or `0` for each sampling unit of the file.
    """
    if not re.fullmatch("[01]+", sample):
        raise QueryFaultError("failed")
    warmed.connection.execute(_VIEW.replace("SAMPLE", sample))
    return warmed


def run(opened: Opened, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows of exactly one SELECT, at most ``most`` rows; raise QueryFaultError."""
    try:
        _check(opened, query)
        cursor = opened.connection.execute(query)
        rows = cursor.fetchmany(most + 1)
    except _CAUGHT as error:
        raise _fault(error) from None
    if len(rows) > most:
        raise too_many_rows()
    return [str(column[0]) for column in cursor.description], rows


def _check(opened: Opened, query: str) -> None:
    connection = opened.connection
    statements = connection.extract_statements(query)
    if not statements:
        raise QueryFaultError("empty")
    if len(statements) > 1:
        raise QueryFaultError("several-statements")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryFaultError("not-select")
    (text,) = connection.execute("select json_serialize_sql(?)", [query]).fetchone()
    tree = json.loads(text)
    breach = "not-select" if tree.get("error") else find_breach(tree, opened.rules)
    if breach:
        raise QueryFaultError(breach)


def _fault(error: BaseException) -> QueryFaultError:
    message = str(error)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "failed")
    if "expression depth" in message or "too deep" in message:
        code = "too-deep"
    line = _LINE.search(message)
    return QueryFaultError(code, line=int(line[1]) if line else None)
