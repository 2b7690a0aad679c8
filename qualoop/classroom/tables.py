"""Tables that people bring: CSV in whatever separator and encoding their program writes, or rows from a workbook."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from qualoop.errors import QualoopError

MAX_ROWS: Final = 2000
MAX_LINES: Final = 20 * MAX_ROWS
"""With those that are empty: a workbook may say that its next row has any number."""
MAX_COLUMNS: Final = 120
MAX_CELL: Final = 400
_SEPARATORS: Final = ",;\t|"
_SAMPLE: Final = 16_384
_PLACES: Final = 6
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""UTF-8, else what Excel writes in China; it takes all that ASCII is, too."""
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class TableRefusedError(QualoopError):
    """A file is no table that can be read: ``reason`` is `unreadable`, `empty` or `too-large`, or of a workbook
    `workbook-large`, `workbook-cells` or `workbook-formats`.
    """

    code = "table-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of texts: ``rows`` are as long as ``header``. A row's number is its place in the file, 2 for the first."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, lines: Iterable[Sequence[Any]]) -> Self:
        """Return the table of lines, the first that is not empty being the header; raise TableRefusedError."""
        found: list[tuple[int, tuple[str, ...]]] = []
        for number, line in enumerate(lines, 1):
            cells = tuple(_cell(value) for value in line[: MAX_COLUMNS + 1])
            if any(cells):
                found.append((number, cells))
            if number > MAX_LINES or len(found) > MAX_ROWS + 1 or len(cells) > MAX_COLUMNS:
                raise TableRefusedError("too-large")
        if len(found) <= 1:
            raise TableRefusedError("empty")
        header = found[0][1]
        width = len(header)
        rows = tuple((*cells[:width], *[""] * (width - len(cells))) for _, cells in found[1:])
        return cls(header=header, rows=rows, numbers=tuple(number for number, _ in found[1:]))


def _cell(value: Any) -> str:
    """Return a cell as text: numbers as people write them, not as a workbook has them (0.1 + 0.2 is 0.3)."""
    if isinstance(value, float):
        value = number_text(value)
    return "" if value is None else "".join(each for each in str(value) if each.isprintable()).strip()[:MAX_CELL]


def number_text(value: float) -> str:
    """Return a number without what counting in twos has added: at most six places, none where they are 0."""
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.{_PLACES}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def read_csv(data: bytes) -> Table:
    """Return the table in a CSV file; raise TableRefusedError."""
    text = _decoded(data)
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:_SAMPLE], _SEPARATORS)
    except csv.Error:
        dialect = csv.excel
    try:
        return Table.of(csv.reader(io.StringIO(text, newline=""), dialect))
    except csv.Error as error:
        raise TableRefusedError("unreadable") from error


def _decoded(data: bytes) -> str:
    encodings = ("utf-16",) if data.startswith(_UTF_16) else _ENCODINGS
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableRefusedError("unreadable")
