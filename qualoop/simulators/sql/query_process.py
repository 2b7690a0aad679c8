"""The life of one query: a fork of the worker that limits itself, makes the sample, gives up the rest, and answers.

The worker loads this module alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Protocol

from qualoop.simulators.sql import confinement, frames
from qualoop.simulators.sql.answers import LONGEST_QUERY, MOST_ROWS, QueryFaultError, rows_message

MEMORY: Final = 1_200_000_000
SECONDS: Final = 3


class QueryEngine(Protocol):
    """A module that opens a sample and runs a query on it: `duckdb_query` or `sqlite_query`."""

    def warm(self, path: str, /) -> Any:
        """Return what all forks inherit, made once in the worker: a locked connection, or what stands for the file."""

    def files_of_queries(self, path: str, /) -> list[str]:
        """Return the files that a fork still has to open."""

    def open_sample(self, warmed: Any, sample: str, /) -> Any:
        """Return a connection to the sample. It belongs to this fork alone."""

    def run(self, connection: Any, query: str, most: int, /) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return columns and rows; raise QueryFaultError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where queries run: the engine, what it warmed up, and whether the kernel lets a query give up system calls."""

    engine: QueryEngine
    warmed: Any
    filtered: bool


def answer_in_fork(place: Place, request: dict[str, Any], output: int) -> NoReturn:
    """Answer a request on a descriptor and end the process. Call it in a fresh fork only: it never returns."""
    message = b"[]"
    try:
        confinement.die_with_parent()
        confinement.limit_resources(memory=MEMORY, seconds=SECONDS)
        message = _answers(place, request["queries"], str(request["sample"]))
    finally:
        # Whatever else went wrong: no fork may run on as a second worker.
        _end(output, message)


def _answers(place: Place, queries: Sequence[str], sample: str) -> bytes:
    """Return the answers to queries, all on one connection, as a JSON list."""
    connection = place.engine.open_sample(place.warmed, sample)
    if place.filtered:
        confinement.allow_query_calls()
    return b"[" + b",".join(_answer(place, connection, str(query)) for query in queries) + b"]"


def _answer(place: Place, connection: Any, query: str) -> bytes:
    try:
        return _rows(place, connection, query)
    except QueryFaultError as fault:
        return json.dumps(fault.as_message()).encode()
    except MemoryError:
        return b'{"fault":"memory","line":null}'


def _rows(place: Place, connection: Any, query: str) -> bytes:
    if not query.strip():
        raise QueryFaultError("empty")
    if len(query) > LONGEST_QUERY:
        raise QueryFaultError("too-long")
    if "\0" in query:
        raise QueryFaultError("syntax")
    columns, rows = place.engine.run(connection, query, MOST_ROWS)
    return rows_message(columns, rows)


def _end(output: int, message: bytes) -> NoReturn:
    try:
        frames.send_packed(output, message)
    finally:
        os._exit(0)
