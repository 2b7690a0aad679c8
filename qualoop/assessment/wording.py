"""When two typed answers are the same word, and which number a typed text means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

_INVISIBLE: Final = {"Cc", "Cf", "Cs"}
_MINUS_SIGNS: Final = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{IDEOGRAPHIC FULL STOP}": "."})
_GROUP_MARKS: Final = str.maketrans("", "", " '\N{RIGHT SINGLE QUOTATION MARK}")

# Each notation with the mark that only groups its digits. The first that fits wins, so `1,234` is a thousand
# (as both English and Chinese write it) and `2,5` or `0,125`, which no thousands mark explains, are decimals.
_NOTATIONS: Final = (
    (re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"), ""),
    (re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?"), ","),
    (re.compile(r"[+-]?[0-9]*,[0-9]+"), ""),
    (re.compile(r"[+-]?[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+,[0-9]*|(?:\.[0-9]{3}){2,})"), "."),
)


def clean(text: str) -> str:
    """Return ``text`` in NFKC with single inner blanks and without what nobody can see (controls, zero widths).

    Full-width letters, digits and signs, as Chinese keyboards give them, become their ordinary forms.
    """
    spaced = " ".join(unicodedata.normalize("NFKC", text).split())
    visible = "".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE)
    return " ".join(visible.split())


def comparable(text: str, *, case_sensitive: bool = False) -> str:
    """Return the form of ``text`` in which two answers are the same where it is equal."""
    cleaned = clean(text)
    return cleaned if case_sensitive else unicodedata.normalize("NFKC", cleaned.casefold())


def find_number(text: str, units: Iterable[str] = ()) -> Decimal | None:
    """Return the number that ``text`` means, or None where it means none.

    One of ``units``, a per cent sign or a currency sign may stand at either end and says nothing: the unit asked for
    is shown beside the field. Blanks and apostrophes between digits are dropped. A comma is a thousands separator
    where it can be one (`1,234`, `1,234.5`), else the decimal mark (`2,5`, `0,125`); a point is the decimal mark
    (`1.234`) unless it can only group (`1.234.567`, `1.234,5`). Exponents and fractions are no numbers here.
    """
    bare = _without_units(comparable(text).translate(_MINUS_SIGNS), units).translate(_GROUP_MARKS)
    for notation, group_mark in _NOTATIONS:
        if notation.fullmatch(bare):
            digits = bare.replace(group_mark, "") if group_mark else bare
            number = Decimal(digits.replace(",", "."))
            return number or Decimal(0)  # never "-0"
    return None


def _without_units(text: str, units: Iterable[str]) -> str:
    for unit in sorted((comparable(unit) for unit in units), key=len, reverse=True):
        if unit and (text.startswith(unit) or text.endswith(unit)):
            text = text.removeprefix(unit).removesuffix(unit)
            break
    return text.strip().strip(_signs(text)).strip()


def _signs(text: str) -> str:
    """Return the per cent and currency signs at the ends of ``text``."""
    return "%" + "".join(char for char in text if unicodedata.category(char) == "Sc")
