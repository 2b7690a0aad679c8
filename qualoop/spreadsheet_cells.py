"""Cells of files that people open in a spreadsheet: no text of anybody's is run there as a formula (OWASP, CSV injection).

A text that begins as a formula gets an apostrophe, which spreadsheets do not show; whoever reads such a file takes it off.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes UTF-8 for the machine's own encoding, and Chinese names come out garbled."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula begins with; Excel in Chinese and Japanese takes the full-width signs too."""
_GUARD: Final = "'"

Value = str | int | None


def as_csv(rows: Iterable[Sequence[Value]]) -> bytes:
    """Return rows as CSV that Excel and LibreOffice open as UTF-8; no text in it is run as a formula."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(value) if isinstance(value, str) else value for value in row] for row in rows)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"{_GUARD}{text}" if _is_formula(text) else text


def without_guard(text: str) -> str:
    """Return a text without the apostrophe that `guarded` put before it."""
    rest = text.removeprefix(_GUARD)
    return rest if _is_formula(rest) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(" ").startswith(_FORMULA)
