"""The map of a class as rows for a spreadsheet: one for each learner and knowledge point.

What people typed (names, titles of other systems) is never run as a formula: a text that begins as one gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from lti_tool.services.classes.level_map import ClassMap
from lti_tool.services.classes.status import STATUSES

BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes UTF-8 for the machine's own encoding, and Chinese names come out garbled."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Value = str | int | None


def as_csv(rows: Iterable[Sequence[Value]]) -> bytes:
    """Return rows as CSV that Excel and LibreOffice open as UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_safe(value) for value in row] for row in rows)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def sheet_rows(found: ClassMap, names: Mapping[str, str], *, language: str) -> Iterator[Sequence[Value]]:
    """Return what is wanted of a class; ``names`` names each status.

    A row: learner, pseudonym, unit, code, title, status, level, low, high (whole per cent), answers, different
    questions, date of the last answer.
    """
    cells = found.cells
    for row in found.rows:
        member = found.members[row]
        for column in found.columns:
            if not found.wanted[row, column]:
                continue
            status = STATUSES[found.status[row, column]]
            point, n = found.points[column], int(cells.n[row, column])
            level: Sequence[Value] = (None, None, None)
            if n:
                level = [round(100 * float(each[row, column])) for each in (cells.level, cells.low, cells.high)]
            yield (
                member.name or member.short,
                member.subject.uuid,
                found.unit_of[point.code].code,
                point.code,
                point.title[language],
                names[status],
                *level,
                n,
                int(cells.items[row, column]),
                _day(float(cells.at[row, column])) if n else None,
            )


def _day(seconds: float) -> str:
    """Return a date as spreadsheets sort and read it everywhere."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _safe(value: Value) -> Value:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) else value
