"""What a workbook may hold: a zip file of XML, of which a few kilobytes can unpack to what takes minutes to read."""

from __future__ import annotations

import io
import zipfile
from typing import Final

from lti_tool.services.mechanisms.zip_files import open_zip, read_entry
from qualoop.classroom.tables import TableRefusedError

MAX_UNPACKED: Final = 10 * 1024 * 1024
"""Bytes of all entries that are read. A sheet of 2,000 rows and 24 columns has 2 MB."""
MAX_ENTRY: Final = 2 * 1024 * 1024
"""Bytes of an entry that is neither a sheet nor the texts of the sheets: the formats of a workbook have a few kilobytes."""
_MAX_ENTRIES: Final = 1000
_MOST_TAGS: Final = 60_000
_MOST_TEXT_TAGS: Final = 250_000
_MOST_SHEET_TAGS: Final = 750_000
"""Elements take the time, about five microseconds each; a cell has two or three."""
_SHEETS, _TEXTS = "xl/worksheets/", "xl/sharedstrings.xml"
_READ: Final = (".xml", ".rels")


def measured(data: bytes) -> io.BytesIO:
    """Return a workbook with its XML alone, unpacked; raise TableRefusedError (`workbook-heavy`), or a fault of `zipfile`.

    What was measured is what is read afterwards: the sizes that a zip file itself tells can be wrong.
    """
    out, left = io.BytesIO(), MAX_UNPACKED
    with open_zip(data) as packed, zipfile.ZipFile(out, "w") as plain:
        entries = [entry for entry in packed.infolist() if entry.filename.lower().endswith(_READ)]
        if len(entries) > _MAX_ENTRIES:
            raise TableRefusedError("workbook-heavy")
        for entry in entries:
            most, tags = _limits(entry.filename.lower())
            found = read_entry(packed, entry, min(most, left))
            if found is None or found.count(b"<") - found.count(b"</") > tags:
                raise TableRefusedError("workbook-heavy")
            left -= len(found)
            plain.writestr(entry.filename, found)
    out.seek(0)
    return out


def _limits(name: str) -> tuple[int, int]:
    """Return how many bytes and how many elements an entry may have."""
    if name.startswith(_SHEETS):
        return MAX_UNPACKED, _MOST_SHEET_TAGS
    return (MAX_UNPACKED, _MOST_TEXT_TAGS) if name == _TEXTS else (MAX_ENTRY, _MOST_TAGS)
