"""Finds the texts in what an engine shows, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from qualoop.values import Text


def texts_in(shown: Any) -> Iterator[Text]:
    """Iterate over every Text in dataclasses, sequences and mappings, however deep."""
    if isinstance(shown, Text):
        yield shown
    elif is_dataclass(shown) and not isinstance(shown, type):
        for each in fields(shown):
            yield from texts_in(getattr(shown, each.name))
    elif isinstance(shown, Mapping):
        for value in shown.values():
            yield from texts_in(value)
    elif isinstance(shown, list | tuple):
        for value in shown:
            yield from texts_in(value)
