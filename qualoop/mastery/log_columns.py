"""Checks the cells of a log of responses and turns them into numbers (the format is that of `logs`).

Every column is checked by its distinct cells: a large log has few, and only a fault costs a look at each row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from qualoop.authored_files import Problems

Column = Sequence[str]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Value = TypeVar("Value")

ORDER_DIGITS: Final = 18
LEAST_OPTIONS: Final = 2

_DECIMAL: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHOLE: Final = re.compile(rf"[0-9]{{1,{ORDER_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Named:
    """A column of names: for each row the index of its name, -1 where the cell is empty."""

    names: tuple[str, ...]
    index: Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The checked columns of a log, n rows."""

    learner: Named
    item: Named
    rater: Named
    sheet: Named
    order: Indices
    time: Floats
    score: Floats
    tests: NDArray[np.bool_]
    """For each learner."""
    item_points: tuple[tuple[str, ...], ...]
    """For each item, its knowledge points."""
    omega: Floats
    guess: Floats


@dataclass(slots=True)
class _Reader:
    """Turns cells into values and notes where they do not fit."""

    cells: Mapping[str, Column]
    lines: Sequence[int]
    file: str
    problems: Problems
    sound: bool = field(default=True)

    def fault(self, row: int, code: str, message: str, *, repair: str = "") -> None:
        self.sound = False
        self.problems.add(self.file, self.lines[row], code, message, repair=repair)

    def values(self, name: str, parse: Callable[[str], Value | None], expected: str) -> list[Value]:
        """Return the value of every cell; ``parse`` returns None for a fault."""
        column = self.cells[name]
        parsed = {text: parse(text) for text in set(column)}
        wrong = {text for text, value in parsed.items() if value is None}
        for row, text in enumerate(column if wrong else ()):
            if text in wrong:
                self.fault(row, "value", f"{name}: {text[:60]!r} is not {expected}")
        good = {text: value for text, value in parsed.items() if value is not None}
        return [] if wrong else [good[text] for text in column]

    def numbers(self, name: str, parse: Callable[[str], float | None], expected: str, absent: float) -> Floats:
        """Return a column of numbers; ``absent`` throughout where the column is not there."""
        if name not in self.cells:
            return np.full(len(self.lines), absent)
        return np.array(self.values(name, parse, expected), np.float64)

    def named(self, name: str, *, must: bool = False) -> Named:
        """Return a column of names in order of first appearance."""
        column = self.cells.get(name, ())
        if must:
            self.values(name, lambda text: text if text.strip() else None, "a name")
        names = tuple(dict.fromkeys(text for text in column if text)) if column else ()
        index = {text: place for place, text in enumerate(names)}
        if not column:
            return Named(names, np.full(len(self.lines), -1, np.int64))
        return Named(names, np.array([index.get(text, -1) for text in column], np.int64))


def checked_columns(cells: Mapping[str, Column], lines: Sequence[int], file: str, problems: Problems) -> Columns | None:
    """Return the columns of a log, or None with every fault added to ``problems``.

    ``cells`` holds the columns under their names without aliases, all as long as ``lines``, the line of each row.
    """
    reader = _Reader(cells, lines, file, problems)
    learner, item = reader.named("learner", must=True), reader.named("item", must=True)
    rater, sheet = reader.named("rater"), reader.named("sheet")
    order = np.array(reader.values("order", _whole, "a whole number from 0"), np.int64)
    splits = reader.values("split", lambda text: text if text in {"train", "test"} else None, "train or test")
    points = reader.values("kps", _points, "distinct knowledge points, joined by `;`")
    numbers = {
        "score": reader.numbers("score", _share, "a decimal from 0 to 1", 0.0),
        "time": _times(reader),
        "omega": reader.numbers("omega", _weight, "a decimal above 0", 1.0),
        "guess": reader.numbers("options", _guess, "a whole number from 2", 0.0),
    }
    _check_order(reader, learner.index, order, numbers["time"])
    _check_split(reader, learner, splits)
    _check_points(reader, item, points)
    for row in np.flatnonzero((rater.index >= 0) & (sheet.index < 0)):
        reader.fault(int(row), "rater-sheet", "a rater without a sheet", repair="name the rated artefact")
    if not reader.sound:
        return None
    first = _first_rows(item.index, len(item.names))
    test = np.array([split == "test" for split in splits], np.bool_)
    return Columns(
        learner=learner,
        item=item,
        rater=rater,
        sheet=sheet,
        order=order,
        tests=test[_first_rows(learner.index, len(learner.names))],
        item_points=tuple(points[row] for row in first),
        **numbers,
    )


def _first_rows(index: Indices, names: int) -> Indices:
    """Return the first row of each name."""
    first = np.empty(names, np.int64)
    first[index[::-1]] = np.arange(len(index) - 1, -1, -1)
    return first


def _times(reader: _Reader) -> Floats:
    """Return the times; a column of empty cells is an absent one."""
    if not any(reader.cells.get("time", ())):
        return np.zeros(len(reader.lines))
    return reader.numbers("time", _time, "a number of seconds from 0", 0.0)


def _check_order(reader: _Reader, learner: Indices, order: Indices, time: Floats) -> None:
    """Note each row whose order does not rise, or whose time falls, within its learner."""
    rows = np.argsort(learner, kind="stable")
    same = learner[rows[1:]] == learner[rows[:-1]]
    if len(order) == len(rows):
        for row in np.sort(rows[1:][same & (order[rows[1:]] <= order[rows[:-1]])]):
            reader.fault(int(row), "order", "order is repeated or falls within the learner")
    if len(time) == len(rows):
        for row in np.sort(rows[1:][same & (time[rows[1:]] < time[rows[:-1]])]):
            reader.fault(int(row), "order", "time falls within the learner")


def _check_split(reader: _Reader, learner: Named, splits: Sequence[str]) -> None:
    """Note the first row at which a learner changes sides."""
    sides: dict[int, str] = {}
    noted: set[int] = set()
    for row, (who, split) in enumerate(zip(learner.index.tolist(), splits, strict=False)):
        if sides.setdefault(who, split) != split and who not in noted:
            noted.add(who)
            reader.fault(row, "split", f"learner {learner.names[who]} is on both sides")


def _check_points(reader: _Reader, item: Named, points: Sequence[tuple[str, ...]]) -> None:
    """Note the first row at which an item has other knowledge points than before."""
    lists: dict[int, tuple[str, ...]] = {}
    noted: set[int] = set()
    for row, (which, its) in enumerate(zip(item.index.tolist(), points, strict=False)):
        if lists.setdefault(which, its) is not its and which not in noted and set(lists[which]) != set(its):
            noted.add(which)
            repair = "one row per response, all its knowledge points in `kps`"
            reader.fault(row, "item-kps", f"item {item.names[which]} has two lists of them", repair=repair)


def _decimal(text: str) -> float | None:
    """Return a finite decimal number."""
    value = float(text) if _DECIMAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def _share(text: str) -> float | None:
    value = _decimal(text)
    return value if value is not None and 0 <= value <= 1 else None


def _time(text: str) -> float | None:
    value = _decimal(text)
    return value if value is not None and value >= 0 else None


def _weight(text: str) -> float | None:
    if not text:
        return 1.0
    value = _decimal(text)
    return value if value is not None and value > 0 else None


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _guess(text: str) -> float | None:
    """Return the floor of guessing of a number of options."""
    if not text:
        return 0.0
    options = _whole(text)
    return 1 / options if options is not None and options >= LEAST_OPTIONS else None


def _points(text: str) -> tuple[str, ...] | None:
    """Return the knowledge points of a cell."""
    if not text:
        return ()
    parts = tuple(text.split(";"))
    sound = all(part and part == part.strip() for part in parts) and len(set(parts)) == len(parts)
    return parts if sound else None
