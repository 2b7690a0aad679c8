"""Numbers and cells as people read them on a project's page."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from typing import Final

from qualoop.simulators.decisions import Cell, Column
from qualoop.values import Text

NOTHING: Final = "–"
MINUS: Final = "\N{MINUS SIGN}"


def number_text(value: float | None, places: int = 0, unit: str = "", *, signed: bool = False) -> str:
    """Return a number with grouped digits and its unit; `%` takes a share of 1, a currency sign stands in front.

    What is no number is a dash. ``signed`` writes a plus too.
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    shown = round(value * 100 if unit == "%" else value, places) or 0.0
    sign = MINUS if shown < 0 else "+" if signed and shown > 0 else ""
    digits = f"{abs(shown):,.{places}f}"
    if unit == "%":
        return f"{sign}{digits}%"
    if _stands_in_front(unit):
        return f"{sign}{unit}{digits}"
    # The blank is one that does not break.
    return f"{sign}{digits}\N{NO-BREAK SPACE}{unit}" if unit else f"{sign}{digits}"


@lru_cache(maxsize=256)
def _stands_in_front(unit: str) -> bool:
    return bool(unit) and all(unicodedata.category(char) == "Sc" for char in unit)


def cell_text(cell: Cell, column: Column, language: str) -> str:
    """Return a fact as it stands in its column."""
    if isinstance(cell, bool):
        return str(cell)
    if cell is None or isinstance(cell, int | float):
        return number_text(cell, column.places, column.unit)
    return cell[language] if isinstance(cell, Text) else cell


def is_number(cell: Cell) -> bool:
    """Return whether a cell holds a number."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def breadth(text: str) -> int:
    """Return how many digits wide a text is: Chinese takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1 for char in text)
