"""Writes what a replay computed into the tables of its generation: many rows at a time, in the order of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lti_tool.db import Direct, Driver
from lti_tool.services.mastery import cache
from lti_tool.services.mastery import tables as mastery_tables
from lti_tool.services.mastery.cache import Place
from lti_tool.services.mastery.tables import Kind
from qualoop.mastery.joining import Joined
from qualoop.mastery.replay_plan import Plan
from qualoop.mastery.replaying import NEVER, Tables, Trace

Rows = NDArray[np.intp]

UPDATE_COLUMNS: Final = ("learner", "event_seq", "codes", "numbers")
_SOME_LEARNERS: Final = Direct("SELECT learner FROM mastery_learner WHERE generation_id = ? ORDER BY learner LIMIT ?")
_CLEAR_LEARNERS: Final = (
    Direct("DELETE FROM mastery_update WHERE generation_id = ? AND learner IN ?"),
    Direct("DELETE FROM mastery_memory WHERE generation_id = ? AND learner IN ?"),
    Direct("DELETE FROM mastery_meeting WHERE generation_id = ? AND learner IN ?"),
    Direct("DELETE FROM mastery_learner WHERE generation_id = ? AND learner IN ?"),
)
_INSERT: Final = "INSERT INTO {table} ({names}) VALUES ({marks})"


def insert(connection: Connection, place: Place, target: tuple[str, Sequence[str]], rows: Iterator[Any]) -> None:
    """Insert rows into a table by the fastest way that the database has; ``target`` is its name and their columns."""
    table, columns = target
    names = ", ".join(("organisation_id", "generation_id", *columns))
    driver = Driver(connection)
    cursor: Any = driver.cursor
    if driver.is_sqlite:
        marks = ", ".join((f"{place.organisation_id:d}", f"{place.generation_id:d}", *("?" * len(columns))))
        cursor.executemany(_INSERT.format(table=table, names=names, marks=marks), rows)
        return
    with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((place.organisation_id, place.generation_id, *row))


def write_updates(connection: Connection, place: Place, joined: Joined, trace: Trace) -> None:
    """Write why each event of a trace moved mastery; those that moved nothing have no row."""
    log = joined.log
    packed = trace.numbers.astype("<f4").tobytes()
    bounds = (4 * trace.start).tolist()
    codes = _codes_of_parts(joined)
    last = trace.first + len(bounds) - 1
    columns = (joined.seq[trace.first : last], log.learner[trace.first : last], log.part[trace.first : last])
    omega = trace.numbers[trace.start[:-1] + 8] if last > trace.first else np.empty(0)
    listed = zip(*(column.tolist() for column in columns), omega.tolist(), bounds[:-1], bounds[1:], strict=True)
    rows = (
        (joined.learners[learner], seq, codes[part], packed[begin:end])
        for seq, learner, part, size, begin, end in listed
        if size > 0.0
    )
    insert(connection, place, ("mastery_update", UPDATE_COLUMNS), rows)


def _codes_of_parts(joined: Joined) -> list[str]:
    """Return for each part its knowledge points as updates name them: ';A;B;'."""
    bounds = joined.log.first.tolist()
    names = [joined.codes[point] for point in joined.log.point.tolist()]
    pairs = pairwise(bounds)
    return ["".join(f";{name}" for name in names[a:z]) + (";" if z > a else "") for a, z in pairs]


@dataclass(frozen=True, slots=True)
class _Table:
    """One table to be written: which rows, in the order of their keys, and how a slice of them is made."""

    kind: Kind
    order: Rows
    make: Callable[[Rows], Iterator[tuple[Any, ...]]]


class Writing:
    """The tables of a whole replay as rows."""

    def __init__(self, joined: Joined, plan: Plan, tables: Tables) -> None:
        self._joined, self._plan, self._states = joined, plan, tables
        ranks = [_rank(names) for names in (joined.learners, joined.codes, joined.items)]
        memories = np.flatnonzero(tables.memories[:, 4] > 0)
        order = np.lexsort((ranks[1][plan.memory_point[memories]], ranks[0][plan.memory_learner[memories]]))
        pairs = np.lexsort((ranks[2][plan.pairs[:, 1]], ranks[0][plan.pairs[:, 0]]))
        moved = joined.log.moving(plan.meeting)
        items, raters = joined.log.item_of_part[joined.log.part[moved]], joined.log.rater[moved]
        self._tables = (
            _Table(mastery_tables.LEARNER, np.flatnonzero(tables.learners[:, 4] > 0), self._learners),
            _Table(mastery_tables.MEMORY, memories[order], self._memories),
            _Table(mastery_tables.ITEM, _distinct(items), self._of(joined.items, tables.items)),
            _Table(mastery_tables.POINT, _distinct(plan.memory_point[memories]), self._of(joined.codes, tables.points)),
            _Table(mastery_tables.RATER, _distinct(raters[raters >= 0]), self._of(joined.raters, tables.raters)),
            _Table(mastery_tables.MEETING, pairs, self._meetings),
        )

    def write(self, connection: Connection, place: Place, table: int, span: slice) -> int | None:
        """Write a slice of the rows of a table, by its number; return how many, None behind the last table."""
        if table >= len(self._tables):
            return None
        chosen = self._tables[table]
        rows = chosen.order[span]
        if len(rows):
            kind = chosen.kind
            insert(connection, place, (kind.table, (*kind.keys, *kind.columns)), chosen.make(rows))
        return len(rows)

    def _learners(self, rows: Rows) -> Iterator[tuple[Any, ...]]:
        return self._of(self._joined.learners, self._states.learners)(rows)

    @staticmethod
    def _of(names: Sequence[str], table: NDArray[np.float64]) -> Callable[[Rows], Iterator[tuple[Any, ...]]]:
        """Return what makes rows of a name and the numbers of a table."""

        def make(rows: Rows) -> Iterator[tuple[Any, ...]]:
            return ((names[row], *numbers) for row, numbers in zip(rows.tolist(), table[rows].tolist(), strict=True))

        return make

    def _memories(self, rows: Rows) -> Iterator[tuple[Any, ...]]:
        learners, codes = self._joined.learners, self._joined.codes
        since = self._states.competent[rows]
        moments = self._joined.log.occurred_at[np.maximum(since, 0)].tolist()
        columns = (
            self._plan.memory_learner[rows].tolist(),
            self._plan.memory_point[rows].tolist(),
            self._states.memories[rows].tolist(),
            self._states.items_met[rows].tolist(),
            self._states.forms[rows].tolist(),
            [None if event == NEVER else at for event, at in zip(since.tolist(), moments, strict=True)],
        )
        return (
            (learners[learner], codes[code], *numbers, *counted)
            for learner, code, numbers, *counted in zip(*columns, strict=True)
        )

    def _meetings(self, rows: Rows) -> Iterator[tuple[Any, ...]]:
        learners, items = self._joined.learners, self._joined.items
        return ((learners[learner], items[item], count) for learner, item, count in self._plan.pairs[rows].tolist())


def clear_some(connection: Connection, generation_id: int, learners: int) -> bool:
    """Delete the rows of some learners of a generation; at the end everything that is left. Say whether that was it."""
    driver = Driver(connection)
    some = [row[0] for row in driver.all(_SOME_LEARNERS, (generation_id, learners))]
    if not some:
        cache.clear(connection, [generation_id])
        return True
    for statement in _CLEAR_LEARNERS:
        driver.run(statement, (generation_id, driver.listed(some)))
    return False


def _rank(names: Sequence[str]) -> Rows:
    """Return the place of each name in alphabetical order."""
    rank = np.empty(len(names), np.intp)
    rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return rank


def _distinct(values: NDArray[np.int32]) -> Rows:
    """Return the different values."""
    return np.unique(values).astype(np.intp)
