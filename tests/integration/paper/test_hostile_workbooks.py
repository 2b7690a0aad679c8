"""Workbooks that cost more than they show, and those of whole classes, which are read."""

from __future__ import annotations

import io
import time

import openpyxl
import pytest

from lti_tool.services.sheets.marks_files_reading import read_bytes
from qualoop.classroom.tables import MAX_ROWS, TableRefusedError
from tests.factories.hostile_files import padded_workbook


def workbook(rows: int = 1, columns: int = 1) -> bytes:
    """Return a class export: numbers, names, marks, and a comment in each row."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Student number", "Name", *(f"Task {number}" for number in range(columns)), "Comment"])
    for row in range(rows):
        marks = [round(row * number % 100 / 7, 2) for number in range(columns)]
        sheet.append([f"2026{row:06}", f"王小明 {row}", *marks, "As teachers write it: clear aim, weak evidence. " * 2])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_workbook_of_a_large_class_is_read() -> None:
    table = read_bytes(workbook(MAX_ROWS, 30))
    assert (len(table.rows), len(table.header)) == (MAX_ROWS, 33)
    assert table.rows[-1][1] == f"王小明 {MAX_ROWS - 1}"


@pytest.mark.parametrize(
    ("name", "inside", "element", "count"),
    [
        ("xl/styles.xml", b"fonts", b"<font/>", 200_000),
        ("xl/styles.xml", b"fonts", b"<font/>", 60_001),
        ("xl/workbook.xml", b"sheets", b"<sheet/>", 60_001),
        ("xl/worksheets/sheet1.xml", b"row", b"<c/>", 800_000),
    ],
)
def test_formats_that_take_minutes_are_refused_at_once(name: str, inside: bytes, element: bytes, count: int) -> None:
    data = padded_workbook(workbook(), name, inside, element, count)
    assert len(data) < 20_000
    started = time.process_time()
    with pytest.raises(TableRefusedError, match="workbook-heavy"):
        read_bytes(data)
    assert time.process_time() - started < 1
