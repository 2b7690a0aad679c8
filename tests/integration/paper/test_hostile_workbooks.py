"""Workbooks that cost more than they show, and those of whole classes, which are read."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any, Final

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from lti_tool.services.sheets import marks_files_reading
from lti_tool.services.sheets.marks_files_reading import read_bytes
from lti_tool.services.sheets.workbook_limits import MAX_UNPACKED, measured
from lti_tool.views.marks_words import TABLE_REFUSED
from qualoop.classroom.tables import MAX_COLUMNS, MAX_ROWS, TableRefusedError
from tests.factories.hostile_files import changed_workbook, padded_workbook

SHEET: Final = "xl/worksheets/sheet1.xml"
SPACE: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


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


def own_texts(rows: int, columns: int, text: str = "50") -> bytes:
    """Return a sheet whose every cell has its own text, as many programs write them."""
    cell = f' t="inlineStr"><is><t>{text}</t></is></c>'
    lines = (
        f'<row r="{row}">'
        + "".join(f'<c r="{get_column_letter(column)}{row}" s="0"{cell}' for column in range(1, columns + 1))
        + "</row>"
        for row in range(1, rows + 1)
    )
    return f"<worksheet {SPACE}><sheetData>{''.join(lines)}</sheetData></worksheet>".encode()


def test_a_sheet_of_the_largest_table_is_read_where_each_cell_has_its_own_text() -> None:
    sheet = own_texts(MAX_ROWS + 1, MAX_COLUMNS)
    assert len(sheet) > 13_000_000
    table = read_bytes(changed_workbook(workbook(), {SHEET: sheet}))
    assert (len(table.rows), len(table.header)) == (MAX_ROWS, MAX_COLUMNS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("xl/externalLinks/externalLink1.xml", "<externalLink {}>{}</externalLink>".format(SPACE, "<v>1</v>" * 70_000)),
        ("xl/calcChain.xml", "<calcChain {}>{}</calcChain>".format(SPACE, '<c r="A1" i="1"/>' * 70_000)),
        ("xl/pivotCache/pivotCacheRecords1.xml", "<r {}>{}</r>".format(SPACE, '<n v="1"/>' * 300_000)),
        ("xl/worksheets/sheet7.xml", "<a/>" * 5_000_000),
    ],
)
def test_what_is_not_read_may_be_as_large_as_it_likes(name: str, content: str) -> None:
    data = workbook(30, 3)
    assert read_bytes(changed_workbook(data, {name: content.encode()})).rows == read_bytes(data).rows


def ordered(first: str) -> bytes:
    """Return a workbook of a chart, marks and a large sheet, the sheet called ``first`` in front."""
    book = openpyxl.Workbook()
    book.create_chartsheet("Chart", 0)
    for title in ("Marks", "Raw"):
        sheet = book.create_sheet(title)
        sheet.append(["Name", title])
        sheet.append(["Ada", 1])
    del book["Sheet"]
    book.move_sheet(first, -2)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("first", ["Marks", "Raw"])
def test_the_first_sheet_is_read_wherever_it_is_kept(first: str) -> None:
    assert read_bytes(ordered(first)).header == ("Name", first)


def test_only_what_is_read_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[list[str]] = []

    def watched(data: bytes, reader: Any) -> io.BytesIO:
        out = measured(data, reader)
        found.append(zipfile.ZipFile(out).namelist())
        return out

    monkeypatch.setattr(marks_files_reading, "measured", watched)
    read_bytes(ordered("Raw"))
    assert sum("sheets/" in name for name in found[0]) == 1
    assert not any("chart" in name or "drawing" in name or "docProps" in name for name in found[0])


@pytest.mark.parametrize(
    ("name", "inside", "padding", "reason"),
    [
        ("xl/styles.xml", b"fonts", b"<font/>" * 300_000, "workbook-formats"),
        ("xl/styles.xml", b"fonts", b"<font/>" * 60_001, "workbook-formats"),
        ("xl/workbook.xml", b"sheets", b"<sheet/>" * 60_001, "workbook-formats"),
        (SHEET, b"row", b"<c/>" * 800_000, "workbook-cells"),
        (SHEET, b"row", b" " * MAX_UNPACKED, "workbook-large"),
    ],
)
def test_what_takes_minutes_is_refused_at_once(name: str, inside: bytes, padding: bytes, reason: str) -> None:
    data = padded_workbook(workbook(), name, inside, padding, 1)
    assert len(data) < 30_000
    assert reason in TABLE_REFUSED
    started = time.process_time()
    with pytest.raises(TableRefusedError, match=reason):
        read_bytes(data)
    assert time.process_time() - started < 1


def with_texts(more: bytes = b"") -> bytes:
    """Return a workbook whose cells refer to texts that it keeps apart, as Excel writes them; ``more`` at their end."""
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    data = workbook()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read("[Content_Types].xml").replace(b"</Types>", override)
    lines = '<row r="1"><c r="A1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>0</v></c></row>'
    space = SPACE.encode()
    changes = {
        "[Content_Types].xml": types,
        SHEET: f"<worksheet {SPACE}><sheetData>{lines}</sheetData></worksheet>".encode(),
        "xl/sharedStrings.xml": b"<sst %s><si><t>Ada</t></si><si><t>Name</t></si>%s</sst>" % (space, more),
    }
    return changed_workbook(data, changes)


def test_texts_that_are_kept_apart_are_read() -> None:
    table = read_bytes(with_texts())
    assert (table.header, table.rows) == (("Name",), (("Ada",),))


def test_texts_that_take_long_are_refused() -> None:
    with pytest.raises(TableRefusedError, match="workbook-cells"):
        read_bytes(with_texts(b"<si/>" * 250_001))
