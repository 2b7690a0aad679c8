"""What comes back from one query: rows as plain JSON, or a fault of ours. The worker loads this module alone."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

MOST_ROWS: Final = 5_000
MOST_BYTES: Final = 64 * 1024
LONGEST_QUERY: Final = 20_000

# What follows lies in numbers that JSON and a double keep exactly.
_MOST_EXACT: Final = 2**53


class QueryFaultError(Exception):
    """A query that brought no rows: a stable code, and the line at fault where it is known. Never the engine's message."""

    def __init__(self, code: str, line: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.line = line

    def as_message(self) -> dict[str, Any]:
        """Return the fault as the worker reports it."""
        return {"fault": self.code, "line": self.line}


def too_many_rows() -> QueryFaultError:
    """Return the fault of a query with more than MOST_ROWS rows."""
    return QueryFaultError("too-many-rows")


def rows_message(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return rows as the worker reports them; raise QueryFaultError where they take more than MOST_BYTES."""
    parts: list[str] = []
    size = 0
    for row in rows:
        parts.append(json.dumps([_plain(value) for value in row], separators=(",", ":")))
        size += len(parts[-1]) + 1
        if size > MOST_BYTES:
            raise QueryFaultError("too-large")
    head = json.dumps([name[:80] for name in columns])
    message = f'{{"columns":{head},"rows":[{",".join(parts)}]}}'.encode()
    if len(message) > MOST_BYTES:
        raise QueryFaultError("too-large")
    return message


def _rounded(value: int) -> float:
    """Return a whole number that is not kept exactly; the database may have larger ones than a double holds."""
    try:
        return float(value)
    except OverflowError:
        raise QueryFaultError("conversion") from None


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < _MOST_EXACT else _rounded(value)
        case float() | Decimal():
            return float(value) if math.isfinite(value) else str(value)
        case dt.datetime():
            day = value.replace(tzinfo=None)
            return day.date().isoformat() if day.time() == dt.time() else day.isoformat(sep=" ")
        case _:
            return str(value)[:MOST_BYTES]
