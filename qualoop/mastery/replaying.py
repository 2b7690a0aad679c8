"""Replays a whole log through the model: columns in ledger order in, tables of states out.

The same `kernel.step` as online, compiled by numba where it is installed and worth it, else as plain Python: both give
the same bits. A replay can stop after any event and go on from its tables. Evidence that weighs nothing counts as a
meeting and moves nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qualoop.mastery.compiling import as_lists, compiled, is_worth_compiling
from qualoop.mastery.constants import Constants
from qualoop.mastery.kernel import belief, new_item, new_learner, new_memory, new_point, new_rater, step
from qualoop.mastery.replay_plan import Floats, Log, Plan
from qualoop.policies import CompetenceNumbers, is_competent

HEAD: Final = 20
POINT: Final = 11
"""How many numbers of an update, and of each knowledge point in it, a trace holds."""
MICROS: Final = 1e6
DAY_S: Final = 86_400.0
NEVER: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """The states after some events of a log, in the kernel's columns; ``done`` events are in them.

    Shapes: learners (l, 5), items (i, 2), raters (r + 1, 2) with a spare row for evidence without a rater, points
    (p, 2), memories (m, 7) and beside each memory its counts (m, 3): distinct items, bits of the forms of evidence, and
    the event since which the status has been competent, `NEVER` where it has not.
    """

    done: int
    learners: Floats
    items: Floats
    raters: Floats
    points: Floats
    memories: Floats
    counts: NDArray[np.int32]

    @property
    def items_met(self) -> NDArray[np.int32]:
        """How many different items are behind each memory."""
        return self.counts[:, 0]

    @property
    def forms(self) -> NDArray[np.int32]:
        """Which forms of evidence are behind each memory."""
        return self.counts[:, 1]

    @property
    def competent(self) -> NDArray[np.int32]:
        """Since which event each status has been competent."""
        return self.counts[:, 2]


def start_tables(log: Log, made: Plan, constants: Constants) -> Tables:
    """Return the tables before the first event."""

    def filled(count: int, row: Sequence[float]) -> Floats:
        return np.tile(np.array(row, np.float64), (count, 1))

    memories = len(made.memory_learner)
    return Tables(
        done=0,
        learners=filled(log.learners, new_learner(constants)),
        items=filled(log.items, new_item(constants)),
        raters=filled(log.raters + 1, new_rater(constants)),
        points=filled(log.points, new_point(constants)),
        memories=filled(memories, new_memory(constants)),
        counts=np.tile(np.array([0, 0, NEVER], np.int32), (memories, 1)),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """What the events from number ``first`` on did, for their explanations.

    The numbers of event j are ``numbers[start[j]:start[j + 1]]``: `HEAD` of the update (the kernel's seven, score and
    omega that counted, practice, options, meeting, difficulty of the item before, ability and its variance before and
    after, how far form moved, severity of the rater before and after) and `POINT` for each knowledge point (share;
    memory, its variance, touches, days since the last, difficulty and its variance before; memory, difficulty and their
    variances after). An event that weighed nothing has zeros.
    """

    first: int
    start: NDArray[np.int64]
    numbers: Floats


class Replaying:
    """One run over a log that can be stopped after any event, looked at, and gone on with.

    ``compile_it`` says whether numba compiles the run; None: where it is installed and the log is long enough. Without
    ``tables`` it begins at the first event. Raises MissingExtraError where it shall compile and numba is missing.
    """

    def __init__(
        self,
        log: Log,
        made: Plan,
        constants: Constants,
        *,
        competence: CompetenceNumbers,
        tables: Tables | None = None,
        compile_it: bool | None = None,
    ) -> None:
        self._log, self._plan = log, made
        self._numbers = (constants.row(), competence)
        self._begun = tables or start_tables(log, made, constants)
        self._compiled = is_worth_compiling(len(log)) if compile_it is None else compile_it
        self._walk: Callable[..., None] = compiled(_walk, *_HELPERS) if self._compiled else _walk
        self.done = self._begun.done
        weights = log.weights
        self._columns = self._fit(
            (
                (log.learner, log.part, log.rater, log.kind, log.occurred_at),
                (made.meeting, made.is_new, made.start, made.row),
                (log.item_of_part, log.first, log.point, log.share),
                (weights.omega, weights.score, weights.practice, weights.guess, weights.options, weights.form),
            )
        )
        mine = tuple(getattr(self._begun, name) for name in _TABLES)
        self._tables = self._fit(mine if tables is None else tuple(table.copy() for table in mine))

    def __len__(self) -> int:
        return len(self._log)

    def advance(self, events: int) -> None:
        """Apply up to ``events`` more."""
        self._run(events, np.empty(0, np.float64))

    def trace(self, events: int) -> Trace:
        """Apply up to ``events`` more and return what they did."""
        first = self.done
        touched = self._plan.start[first : min(first + events, len(self._log)) + 1]
        start = HEAD * np.arange(len(touched)) + POINT * (touched - touched[0])
        numbers = self._run(events, np.zeros(int(start[-1]), np.float64))
        return Trace(first=first, start=start, numbers=numbers)

    def tables(self) -> Tables:
        """Return the states as they stand now; to be read only, and before the next event."""
        arrays = {}
        for name, table in zip(_TABLES, self._tables, strict=True):
            like = getattr(self._begun, name)
            arrays[name] = np.asarray(table, like.dtype).reshape(like.shape)
        return Tables(done=self.done, **arrays)

    def _run(self, events: int, into: Floats) -> Floats:
        """Apply events and fill ``into`` with their trace where it has room for one."""
        last = min(self.done + events, len(self._log))
        out = self._fit(into)
        self._walk((self.done, last, len(into) > 0), self._columns, (self._tables, self._numbers), out)
        self.done = last
        return np.asarray(out, np.float64)

    def _fit(self, arrays: Any) -> Any:
        """Return arrays in the form in which the walk is fast."""
        return arrays if self._compiled else as_lists(arrays)


_TABLES: Final = ("learners", "items", "raters", "points", "memories", "counts")


def _walk(span: Any, columns: Any, states: Any, out: Any) -> None:
    """Apply the events of a span, one after another."""
    first_event, last_event, trace = span
    events, planned, joined, weights = columns
    tables, numbers = states
    learner, part, rater, kind, occurred_at = events
    meeting, is_new, start, row = planned
    item_of_part, first, point, share = joined
    omega, score, practice, guess, options, form = weights
    learners, items, raters, points, memories, _counts = tables
    for event in range(first_event, last_event):
        what, sort, who = part[event], kind[event], rater[event]
        begin, end = start[event], start[event + 1]
        size = omega[sort][min(meeting[event], len(omega[sort])) - 1]
        if size == 0.0:
            continue
        rows = (learners[learner[event]], items[item_of_part[what]], raters[who])
        low, high = first[what], first[what + 1]
        touched = (memories, points, row[begin:end], point[low:high], share[low:high])
        response = (
            occurred_at[event] / MICROS,
            score[sort],
            size,
            practice[sort],
            guess[sort],
            1.0 if who >= 0 else 0.0,
        )
        into = HEAD * (event - first_event) + POINT * (begin - start[first_event])
        if trace:
            _note_before((out, into), rows, touched, (response, options[sort], meeting[event]))
        said = step(rows, touched, response, numbers[0])
        if trace:
            _note_after((out, into), rows, touched, said)
        _count(tables, (rows[0], touched), (event, is_new[event], form[sort]), numbers)


def _count(tables: Any, moved: Any, met: Any, numbers: Any) -> None:
    """Count item and form of an event for its knowledge points, and note those that it makes competent."""
    _learners, _items, _raters, points, memories, counts = tables
    learner, touched = moved
    event, is_new, form = met
    constants, competence = numbers
    base, v_m0 = constants[0][0], constants[1][0]
    k = 0
    while k < len(touched[2]):
        count = counts[touched[2][k]]
        count[0] += 1 if is_new else 0
        count[1] |= form
        if count[2] == NEVER and count[0] >= competence.items:
            memory, point = memories[touched[2][k]], points[touched[3][k]]
            mean, variance = belief(learner, (memory[0], min(v_m0, memory[1])), point, base)
            if is_competent(mean, sqrt(variance), (count[0], count[1]), competence):
                count[2] = event
        k += 1


def _note_before(place: Any, rows: Any, touched: Any, given: Any) -> None:
    """Write down what an event finds."""
    out, into = place
    response, options, meeting = given
    learner, item, rater = rows
    memories, points, places, codes, shares = touched
    out[into + 7], out[into + 8], out[into + 9] = response[1], response[2], response[3]
    out[into + 10], out[into + 11], out[into + 12] = options, meeting, item[0]
    out[into + 13], out[into + 14], out[into + 17], out[into + 18] = learner[0], learner[1], learner[3], rater[0]
    k = 0
    while k < len(places):
        memory, point, at = memories[places[k]], points[codes[k]], into + HEAD + POINT * k
        out[at], out[at + 1], out[at + 2], out[at + 3] = shares[k], memory[0], memory[1], memory[4]
        out[at + 4] = (response[0] - memory[5]) / DAY_S if memory[4] > 0.0 else 0.0
        out[at + 5], out[at + 6] = point[0], point[1]
        k += 1


def _note_after(place: Any, rows: Any, touched: Any, said: Any) -> None:
    """Write down what an event leaves."""
    out, into = place
    learner, _item, rater = rows
    memories, points, places, codes, _shares = touched
    out[into], out[into + 1], out[into + 2], out[into + 3] = said[0], said[1], said[2], said[3]
    out[into + 4], out[into + 5], out[into + 6] = said[4], said[5], said[6]
    out[into + 15], out[into + 16], out[into + 19] = learner[0], learner[1], rater[0]
    # The variance of form, noted before, becomes how far form moved.
    out[into + 17] = out[into + 17] * said[5] / said[6]
    k = 0
    while k < len(places):
        memory, point, at = memories[places[k]], points[codes[k]], into + HEAD + POINT * k
        out[at + 7], out[at + 8], out[at + 9], out[at + 10] = memory[0], memory[1], point[0], point[1]
        k += 1


_HELPERS: Final = (belief, is_competent, _count, _note_before, _note_after)
