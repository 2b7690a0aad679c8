"""What a workbook may hold: a zip file of XML, of which a few kilobytes can unpack to what takes minutes to read.

Of a workbook its first sheet is read, with its texts and formats. All else (other sheets, what formulas remember of other
workbooks, pivot tables, charts, pictures) is left out unread, and may be as large as it likes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Container, Iterable
from typing import Any, Final

from lti_tool.services.mechanisms.zip_files import open_zip, read_entry
from qualoop.classroom.tables import TableRefusedError

MAX_UNPACKED: Final = 16 * 1024 * 1024
"""Bytes of all that is read. 2,000 rows of 120 columns have 13.3 MB where each cell has its own text."""
MAX_ENTRY: Final = 2 * 1024 * 1024
"""Bytes of an entry that is neither the sheet nor the texts: the formats of a workbook have a few kilobytes."""
_MOST_TAGS: Final = 60_000
_MOST_TEXT_TAGS: Final = 250_000
_MOST_SHEET_TAGS: Final = 750_000
"""Elements take the time, about five microseconds each; a cell has two or three."""
_MOST_PARTS: Final = 20
_PARTS: Final = ("[content_types].", "workbook", "styles", "sharedstrings")
"""How the names of the parts that are read begin, in whatever folder: some programs number them, or have other folders."""
_TEXTS: Final = "sharedstrings"
_ENDS: Final = (".xml", ".xml.rels")


def measured(data: bytes, reader: Any) -> io.BytesIO:
    """Return of a workbook what ``reader`` (openpyxl) reads for its first sheet, unpacked.

    What was measured is what is read afterwards: the sizes that a zip file itself tells can be wrong. Raises
    TableRefusedError (`workbook-large`, `workbook-cells`, `workbook-formats`), or what a damaged workbook raises.
    """
    out = io.BytesIO()
    with open_zip(data) as packed:
        entries = {entry.filename: entry for entry in packed.infolist()}
        parts = [entry for name, entry in entries.items() if _is_part(name)]
        if len(parts) > _MOST_PARTS:
            raise TableRefusedError("workbook-formats")
        left = _unpack(packed, parts, out, MAX_UNPACKED)
        sheet = _first_sheet(reader, out, entries)
        if sheet is not None and not _is_part(sheet):
            _unpack(packed, [entries[sheet]], out, left)
    out.seek(0)
    return out


def _unpack(packed: zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo], out: io.BytesIO, left: int) -> int:
    """Add entries to the zip file ``out``, together at most ``left`` bytes; return how many are left."""
    with zipfile.ZipFile(out, "a") as plain:
        for entry in entries:
            name = _last(entry.filename)
            is_cells = not _is_part(name) or name.startswith(_TEXTS)
            found = read_entry(packed, entry, left if is_cells else min(MAX_ENTRY, left))
            if found is None:
                raise TableRefusedError("workbook-large" if is_cells or left < MAX_ENTRY else "workbook-formats")
            if found.count(b"<") - found.count(b"</") > _most_tags(name):
                raise TableRefusedError("workbook-cells" if is_cells else "workbook-formats")
            left -= len(found)
            plain.writestr(entry.filename, found)
    return left


def _first_sheet(reader: Any, parts: io.BytesIO, names: Container[str]) -> str | None:
    """Return the entry of the sheet that openpyxl takes for the first, None where there is none."""
    book = reader.reader.excel.ExcelReader(parts, read_only=True, keep_links=False)
    book.read_manifest()
    book.read_workbook()
    for _, found in book.parser.find_sheets():
        if found.target in names and "chartsheet" not in found.Type:
            return str(found.target)
    return None


def _is_part(name: str) -> bool:
    """Say whether an entry is read whichever sheet is."""
    last = _last(name)
    return last.startswith(_PARTS) and last.endswith(_ENDS)


def _most_tags(last: str) -> int:
    """Return how many elements an entry of this last name may have."""
    if not _is_part(last):
        return _MOST_SHEET_TAGS
    return _MOST_TEXT_TAGS if last.startswith(_TEXTS) else _MOST_TAGS


def _last(name: str) -> str:
    return name.lower().rpartition("/")[2]
