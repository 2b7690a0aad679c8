"""Reads a file that somebody brings as a table: CSV, or the first sheet of a workbook."""

from __future__ import annotations

from typing import Any, Final

from lti_tool.services.sheets.extra import workbook_reader
from lti_tool.services.sheets.workbook_limits import measured
from qualoop.classroom.tables import MAX_COLUMNS, Table, TableRefusedError, number_text, read_csv

MAX_BYTES: Final = 2 * 1024 * 1024
_ZIP: Final = b"PK\x03\x04"


def read_bytes(data: bytes) -> Table:
    """Return the table in a file; raise TableRefusedError, PaperUnavailableError for a workbook.

    To be called before the transaction that keeps it: on SQLite nobody else could write meanwhile.
    """
    if len(data) > MAX_BYTES:
        raise TableRefusedError("too-large")
    return _workbook(data) if data.startswith(_ZIP) else read_csv(data)


def _workbook(data: bytes) -> Table:
    """Return the first sheet of a workbook: values, never formulas."""
    reader = workbook_reader()
    try:
        book = reader.load_workbook(measured(data, reader), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What it says of its own size can be wrong, and rows beyond that would be lost in silence.
        sheet.reset_dimensions()
        return Table.of([_shown(cell) for cell in row[: MAX_COLUMNS + 1]] for row in sheet.iter_rows())
    except TableRefusedError:
        raise
    # A damaged workbook fails anywhere in it, in whatever way.
    except Exception as error:
        raise TableRefusedError("unreadable") from error


def _shown(cell: Any) -> Any:
    """Return the value of a cell, a share as the per cent that it is shown as."""
    value = cell.value
    if type(value) in {int, float} and "%" in (cell.number_format or ""):
        return f"{number_text(100 * value)}%"
    return value
