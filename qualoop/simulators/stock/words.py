"""Words and columns that the pages of this package share, in both languages."""

from __future__ import annotations

from typing import Final

from qualoop.simulators.decisions import Column
from qualoop.values import Text


def text(en: str, zh: str) -> Text:
    """Return a text in both languages."""
    return Text({"en": en, "zh-Hans": zh})


MONEY: Final = "¥"
PRODUCT: Final = text("Product", "商品")
CATEGORY: Final = text("Category", "品类")
WEEK: Final = Column(label=text("Week", "周"))
PIECES: Final = text("pieces", "件")


def money(en: str, zh: str, places: int = 0) -> Column:
    """Return a column of amounts."""
    return Column(label=text(en, zh), places=places, unit=MONEY)


def share(en: str, zh: str, places: int = 0) -> Column:
    """Return a column of shares of 1, shown in per cent."""
    return Column(label=text(en, zh), places=places, unit="%")


def count(en: str, zh: str, places: int = 0) -> Column:
    """Return a column of plain numbers."""
    return Column(label=text(en, zh), places=places)


def week_labels(first: int, weeks: int) -> tuple[int, ...]:
    """Return the labels of an axis of weeks, from ``first``, counted from 1."""
    return tuple(range(first + 1, first + weeks + 1))
