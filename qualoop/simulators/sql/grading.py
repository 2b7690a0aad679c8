"""How far a query's rows are those that were asked for: F1 over the multiset of rows, and in what they differ.

What comes out never holds a row, a count or a value of the solution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Any, Final

Row = Sequence[Any]

ORDER_SHARE: Final = 0.2
"""What of the marks hangs on the order of the rows, where one is asked for."""
CONSTRUCT_SHARE: Final = 0.2
"""What of the marks hangs on the constructs, where some are asked for."""
CONSTRUCTS_FROM: Final = 0.5
"""The least F1 from which constructs are evidence of anything: a window function in a wrong query shows little."""

# Half a unit of the last decimal, and a little for numbers that end in a five.
_TOLERANCE: Final = 0.51


class Difference(StrEnum):
    """In what a result differs from the one that was asked for."""

    NONE = "none"
    NO_ROWS = "no-rows"
    COLUMN_COUNT = "column-count"
    TYPE = "type"
    DUPLICATES = "duplicates"
    MISSING_ROWS = "missing-rows"
    EXTRA_ROWS = "extra-rows"
    WRONG_COLUMN = "wrong-column"
    ROWS_DIFFER = "rows-differ"
    WRONG_ORDER = "wrong-order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """``f1`` of the rows in [0, 1]; whether their order is the one asked for; how they differ, and in which column."""

    f1: float
    ordered: bool = True
    difference: Difference = Difference.NONE
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How rows are compared: ``places`` decimals; ``order`` names columns (from 1), such as `2 desc`; none: any order."""

    places: int = 2
    order: tuple[str, ...] = ()


def grade(mine: Sequence[Row], expected: Sequence[Row], rule: Rule) -> Grade:
    """Return how far rows are the expected ones. Columns count by position; their names do not."""
    if not mine or not expected:
        same = not mine and not expected
        return Grade(f1=float(same), difference=Difference.NONE if same else Difference.NO_ROWS)
    if len(mine[0]) != len(expected[0]):
        return Grade(f1=0.0, difference=Difference.COLUMN_COUNT)
    common = matches(mine, expected, rule.places)
    f1 = 2.0 * common / (len(mine) + len(expected))
    ordered = _in_order(mine, rule)
    if common == len(mine) == len(expected):
        return Grade(f1=1.0, ordered=ordered, difference=Difference.NONE if ordered else Difference.WRONG_ORDER)
    difference, column = _difference(mine, expected, common, rule.places)
    return Grade(f1=f1, ordered=ordered, difference=difference, column=column)


def matches(mine: Sequence[Row], expected: Sequence[Row], places: int) -> int:
    """Return how many rows can be paired, each with one that is equal to it within the tolerance."""
    left = Counter(_key(row, places) for row in mine)
    right = Counter(_key(row, places) for row in expected)
    common = left & right
    return sum(common.values()) + _close_matches(left - common, right - common, places)


def _close_matches(left: Counter[Any], right: Counter[Any], places: int) -> int:
    """Return how many of the rows that rounding tore apart are close: same words, numbers within the tolerance."""
    found = 0
    others = {words: sorted(rows) for words, rows in _by_words(right)}
    for words, rows in _by_words(left):
        found += _paired(sorted(rows), others.get(words, []), _TOLERANCE * 10.0**-places)
    return found


def _by_words(rows: Counter[Any]) -> Iterator[tuple[Any, list[tuple[float, ...]]]]:
    """Iterate over what rows say in words, with the numbers of all rows that say it."""
    split = sorted(
        (
            (tuple(cell if cell[0] != _NUMBER else (_NUMBER,) for cell in row), tuple(_numbers(row)))
            for row in rows.elements()
        ),
        key=repr,
    )
    for words, group in groupby(split, key=lambda pair: pair[0]):
        yield words, [numbers for _, numbers in group]


def _numbers(row: Any) -> Iterator[float]:
    return (cell[1] for cell in row if cell[0] == _NUMBER)


def _paired(mine: Sequence[tuple[float, ...]], expected: Sequence[tuple[float, ...]], tolerance: float) -> int:
    found = here = there = 0
    while here < len(mine) and there < len(expected):
        a, b = mine[here], expected[there]
        if all(abs(x - y) <= tolerance * 2.0 for x, y in zip(a, b, strict=True)):
            found, here, there = found + 1, here + 1, there + 1
        elif a < b:
            here += 1
        else:
            there += 1
    return found


_NUMBER: Final = 1
_NULL: Final = 0
_WORD: Final = 2


def _key(row: Row, places: int) -> tuple[Any, ...]:
    return tuple(_cell(value, places) for value in row)


def _cell(value: Any, places: int) -> tuple[Any, ...]:
    if value is None:
        return (_NULL,)
    if isinstance(value, int | float):
        # Adding 0.0 makes -0.0 and 0.0 the same.
        return (_NUMBER, round(float(value), places) + 0.0)
    return (_WORD, str(value))


def _difference(
    mine: Sequence[Row], expected: Sequence[Row], common: int, places: int
) -> tuple[Difference, int | None]:
    column = _column_of_other_type(mine, expected)
    if column is not None:
        return Difference.TYPE, column
    if common == len(expected):
        kinds = {_key(row, places) for row in expected}
        doubled = all(_key(row, places) in kinds for row in mine)
        return (Difference.DUPLICATES if doubled else Difference.EXTRA_ROWS), None
    if common == len(mine):
        return Difference.MISSING_ROWS, None
    column = _wrong_column(mine, expected, places)
    return (Difference.ROWS_DIFFER, None) if column is None else (Difference.WRONG_COLUMN, column)


def _column_of_other_type(mine: Sequence[Row], expected: Sequence[Row]) -> int | None:
    """Return the first column (from 1) that holds words where numbers were asked for, or the other way round."""
    for column, (own, theirs) in enumerate(zip(zip(*mine, strict=True), zip(*expected, strict=True), strict=True), 1):
        kinds, asked = _kinds(own), _kinds(theirs)
        if kinds and asked and not kinds & asked:
            return column
    return None


def _kinds(values: Sequence[Any]) -> set[int]:
    return {_NUMBER if isinstance(value, int | float) else _WORD for value in values if value is not None}


def _wrong_column(mine: Sequence[Row], expected: Sequence[Row], places: int) -> int | None:
    """Return the column (from 1) without which the rows are the same; None where there is none such."""
    if len(mine) != len(expected) or len(mine[0]) == 1:
        return None
    for column in range(len(mine[0])):
        own = [[*row[:column], *row[column + 1 :]] for row in mine]
        theirs = [[*row[:column], *row[column + 1 :]] for row in expected]
        if matches(own, theirs, places) == len(mine):
            return column + 1
    return None


def _in_order(rows: Sequence[Row], rule: Rule) -> bool:
    """Whether rows stand in the order asked for; equal ones may stand either way."""
    keys = [(int(text.split()[0]) - 1, text.endswith("desc")) for text in rule.order]
    return all(not _after(first, second, keys, rule.places) for first, second in pairwise(rows))


def _after(first: Row, second: Row, keys: Sequence[tuple[int, bool]], places: int) -> bool:
    for column, descending in keys:
        a, b = _cell(first[column], places), _cell(second[column], places)
        if a != b:
            return (a < b) if descending else (a > b)
    return False


def credit(found: Grade, *, shows_constructs: bool, asks_order: bool, asks_constructs: bool) -> float:
    """Return the marks of an answer in [0, 1]: F1, less what hangs on the order and on the constructs."""
    marks = found.f1
    if asks_order and not found.ordered:
        marks -= ORDER_SHARE * found.f1
    if asks_constructs and not (shows_constructs and found.f1 >= CONSTRUCTS_FROM):
        marks -= CONSTRUCT_SHARE * found.f1
    return max(marks, 0.0)
