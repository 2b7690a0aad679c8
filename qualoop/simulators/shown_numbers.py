"""Finds the numbers in what an engine shows, each with its place: what tells whether a view gives an answer away."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from math import isfinite
from operator import itemgetter
from typing import Any, Final, TypeAlias

import numpy as np

from qualoop.values import Text

Place: TypeAlias = tuple[str | int, ...]
Placed: TypeAlias = Mapping[Place, float]

_NUMBER: Final = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")
_MOST_PLACES: Final = 12
_EXACT_DIGITS: Final = 7
"""A shown number of so many digits is the hidden one, and no other that is like it."""


def numbers_in(shown: Any, at: Place = ()) -> Iterator[tuple[Place, float]]:
    """Iterate over every number in dataclasses, sequences, mappings and texts, however deep, with its place."""
    if isinstance(shown, str):
        for count, found in enumerate(_NUMBER.findall(shown)):
            yield (*at, count), float(found.replace(",", ""))
    elif isinstance(shown, int | float | Decimal):
        if not isinstance(shown, bool) and isfinite(shown):
            yield at, float(shown)
    else:
        for name, part in _parts(shown):
            yield from numbers_in(part, (*at, name))


def _parts(shown: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(shown, Text):
        return shown.by_language.items()
    if is_dataclass(shown):
        return [(each.name, getattr(shown, each.name)) for each in fields(shown)]
    if isinstance(shown, Mapping):
        return [(str(key), value) for key, value in shown.items()]
    if isinstance(shown, list | tuple):
        # A panel is found again by its key, whatever stands before it.
        return [(getattr(value, "key", count), value) for count, value in enumerate(shown)]
    return ()


def shown_at_a_place(shown: Sequence[Placed], hidden: Sequence[Placed]) -> tuple[Place, Place] | None:
    """Return where what is hidden stands in what is shown, as far as it is shown at all, in every one of some worlds.

    The same place must hold it in each of the worlds, and differ from world to world: one number like another is chance,
    and one that is always the same tells nothing. Returns the place of the hidden number and that of the shown one.
    """
    answers = sorted(_in_all(hidden), key=itemgetter(1))
    truths = np.array([numbers for _, numbers in answers]).reshape(len(answers), len(hidden))
    firsts = truths[:, 0].tolist()
    for place, numbers in _in_all(shown):
        slack = [_rounding(number) for number in numbers]
        low, high = bisect_left(firsts, numbers[0] - slack[0]), bisect_right(firsts, numbers[0] + slack[0])
        if low < high:
            alike = np.flatnonzero((np.abs(truths[low:high] - numbers) <= slack).all(axis=1))
            if len(alike):
                return answers[low + int(alike[0])][0], place
    return None


def shown_exactly(shown: Sequence[Placed], hidden: Sequence[Placed]) -> tuple[Place, Place] | None:
    """Return where a hidden number of many digits stands in what is shown, at whatever place, in every one of some worlds."""
    found = None
    for here, there in zip(shown, hidden, strict=True):
        exact = sorted(
            ((place, number) for place, number in here.items() if _digits(number) >= _EXACT_DIGITS), key=itemgetter(1)
        )
        found = _first_exact(exact, there)
        if found is None:
            return None
    return found


def _first_exact(exact: Sequence[tuple[Place, float]], hidden: Placed) -> tuple[Place, Place] | None:
    numbers = [number for _, number in exact]
    for place, truth in hidden.items():
        slack = abs(truth) * 10.0 ** (1 - _EXACT_DIGITS)
        for shown_place, number in exact[bisect_left(numbers, truth - slack) : bisect_right(numbers, truth + slack)]:
            if abs(number - truth) <= _rounding(number):
                return place, shown_place
    return None


def _in_all(worlds: Sequence[Placed]) -> Iterator[tuple[Place, tuple[float, ...]]]:
    """Iterate over the places that all worlds have and whose numbers differ, more often than not."""
    for place in worlds[0]:
        if all(place in world for world in worlds):
            numbers = tuple(world[place] for world in worlds)
            if len(set(numbers)) > len(worlds) // 2:
                yield place, numbers


def _rounding(number: float) -> float:
    """Return by how much a number that is shown so may be off: half a unit of its last decimal place."""
    text = _plain(number)
    places = min(len(text.partition(".")[2]), _MOST_PLACES)
    return 0.5 * 10.0**-places + abs(number) * 1e-12


def _digits(number: float) -> int:
    return len(_plain(number).replace(".", "").lstrip("-0"))


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{Decimal(repr(number)):f}"
