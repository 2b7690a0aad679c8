"""The map of a class as rows for a spreadsheet: one for each learner and knowledge point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from lti_tool.services.classes.level_map import ClassMap
from lti_tool.services.classes.status import STATUSES
from qualoop.spreadsheet_cells import Value


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
