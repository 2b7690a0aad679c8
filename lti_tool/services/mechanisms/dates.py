"""Dates and numbers as a language writes them, on pages and in what other systems are told."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final, Literal

from babel.dates import format_date
from babel.numbers import format_decimal

from qualoop.values import DEFAULT_LANGUAGE

# British English, because its dates cannot be misread: 3 Mar 2026.
_LOCALES: Final = {"en": "en_GB", "zh-Hans": "zh_Hans"}


# A page names few dates and numbers, and each of them often.
@lru_cache(maxsize=4096)
def written_date(day: date, length: Literal["medium", "full"], language: str) -> str:
    """Return a date as a language that we have writes it, else as English does; ``full`` has the weekday."""
    return format_date(day, length, locale=_locale(language))


@lru_cache(maxsize=1024)
def written_number(text: str, language: str) -> str:
    """Return a decimal string as a language that we have writes it, else as English does."""
    return format_decimal(text, locale=_locale(language))


def _locale(language: str) -> str:
    return _LOCALES.get(language, _LOCALES[DEFAULT_LANGUAGE])
