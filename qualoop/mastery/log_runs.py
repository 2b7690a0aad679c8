"""Runs the engine through a log of responses: what is said of each before its score is seen (docs/mastery.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qualoop.mastery.constants import Constants
from qualoop.mastery.kernel import belief, compiled, new_item, new_learner, new_memory, new_point, new_rater, step
from qualoop.mastery.logs import ResponseLog, run_order

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

COMPILE_FROM: Final = 20_000
"""Below so many responses compiling, some seconds once a process, costs more than it saves."""


@dataclass(frozen=True, eq=False)
class Responses:
    """The responses of a log in the order in which models meet them: all arrays have a place for each response.

    A *touch* is one knowledge point of one response; touches stand in the order of their responses.
    """

    log: ResponseLog
    rows: Indices

    @classmethod
    def of(cls, log: ResponseLog, *, by_time: bool = False) -> Responses:
        """Return learners one after another, training learners first; or all learners merged by time."""
        rows = run_order(log)
        if by_time:
            rows = rows[np.argsort(log.time[rows], kind="stable")]
        return cls(log, rows)

    def only(self, chosen: Flags) -> Responses:
        """Return only some of the responses, in the same order; ``chosen`` has a place for each."""
        return Responses(self.log, self.rows[chosen])

    @cached_property
    def learner(self) -> Indices:
        """Return the learner of each."""
        return self.log.learner[self.rows]

    @cached_property
    def item(self) -> Indices:
        """Return the item of each."""
        return self.log.item[self.rows]

    @cached_property
    def score(self) -> Floats:
        """Return the score of each, in [0, 1]."""
        return self.log.score[self.rows]

    @cached_property
    def test(self) -> Flags:
        """Return whether its learner is kept for testing."""
        return self.log.tests[self.learner]

    @cached_property
    def touch(self) -> Indices:
        """Return the response of each touch."""
        return np.repeat(np.arange(len(self.rows)), self.points)

    @cached_property
    def points(self) -> Indices:
        """Return the number of knowledge points of each response."""
        counts: Indices = np.diff(self.log.point_start)[self.item]
        return counts

    @cached_property
    def point(self) -> Indices:
        """Return the knowledge point of each touch."""
        first = np.repeat(np.cumsum(self.points) - self.points, self.points)
        within = np.arange(len(self.touch)) - first
        points: Indices = self.log.points[self.log.point_start[self.item[self.touch]] + within]
        return points

    @cached_property
    def touch_start(self) -> Indices:
        """Return where the touches of each response begin; one place more than responses, so that all end too."""
        return np.concatenate(([0], np.cumsum(self.points))).astype(np.int64)

    @cached_property
    def weight(self) -> Floats:
        """Return the weight of each touch: 1/K."""
        return np.repeat(1 / np.maximum(self.points, 1), self.points)

    @property
    def touches(self) -> tuple[Indices, Indices, Indices, Floats]:
        """Return where the touches of each response begin, and memory, point and weight of each touch."""
        return self.touch_start, self.memory, self.point, self.weight

    @cached_property
    def columns(self) -> tuple[Indices, Indices, Indices, Floats]:
        """Return learner, item and rater of each, and what the kernel is told of it: shape (n, 6).

        Rated work was only judged: its practice factor is 0.
        """
        log, rows = self.log, self.rows
        rated = (log.rater[rows] >= 0).astype(np.float64)
        told = (log.time[rows], self.score, log.omega[rows], 1.0 - rated, log.guess[rows], rated)
        return self.learner, self.item, np.maximum(log.rater[rows], 0), np.column_stack(told)

    @cached_property
    def memory(self) -> Indices:
        """Return for each touch the number of its (learner, knowledge point), from 0; those of a learner are near."""
        key = self.learner[self.touch] * len(self.log.point_names) + self.point
        numbers: Indices = np.unique(key, return_inverse=True)[1].astype(np.int64)
        return numbers

    @cached_property
    def memories(self) -> int:
        """Return how many (learner, knowledge point) there are."""
        return int(self.memory.max(initial=-1)) + 1

    @cached_property
    def met(self) -> Indices:
        """Return for each touch how often its learner had met the knowledge point before."""
        return self.before(np.ones(len(self.touch))).astype(np.int64)

    def before(self, amounts: Floats) -> Floats:
        """Return for each touch the sum of ``amounts`` over the earlier touches of its learner and point."""
        order = np.argsort(self.memory, kind="stable")
        sums = np.cumsum(amounts[order]) - amounts[order]
        starts = np.flatnonzero(np.diff(self.memory[order], prepend=-1))
        sizes = np.diff(np.append(starts, len(order)))
        result = np.empty(len(order))
        result[order] = sums - np.repeat(sums[starts], sizes)
        return result

    @cached_property
    def position(self) -> Indices:
        """Return the place of each in its learner's sequence, from 1."""
        order = np.argsort(self.learner, kind="stable")
        starts = np.flatnonzero(np.diff(self.learner[order], prepend=-1))
        sizes = np.diff(np.append(starts, len(order)))
        result = np.empty(len(order), np.int64)
        result[order] = np.arange(len(order)) - np.repeat(starts, sizes) + 1
        return result

    @cached_property
    def first_meeting(self) -> Flags:
        """Return whether a learner meets one of the knowledge points for the first time."""
        return np.bincount(self.touch, weights=self.met == 0, minlength=len(self.rows)) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the engine said on its way through a log."""

    predictions: Floats
    """For each response, before its score was seen."""
    means: Floats
    """For each touch, after its response: base + g + m - c, in logits; empty where it was not asked for."""
    variances: Floats
    """For each touch, v_g + v_m + max(.02, v_c), in logits²; empty where it was not asked for."""


def run_engine(
    responses: Responses,
    constants: Constants,
    *,
    readings: bool = False,
    frozen: Flags | None = None,
    compile_it: bool | None = None,
) -> Run:
    """Run the engine through responses from an empty system, in one pass.

    ``readings`` asks for the level of every knowledge point after each touch; ``frozen`` names responses that leave
    the difficulties of their item and points as they were. The loop is compiled from COMPILE_FROM responses on, or as
    ``compile_it`` says; raises MissingExtraError where it shall be and numba is not installed.
    """
    count = len(responses.rows)
    told = Run(
        predictions=np.empty(count),
        means=np.empty(len(responses.touch) if readings else 0),
        variances=np.empty(len(responses.touch) if readings else 0),
    )
    loop = _compiled_loop() if (count >= COMPILE_FROM if compile_it is None else compile_it) else _run
    loop(
        (responses.columns, responses.touches, np.zeros(count, np.bool_) if frozen is None else frozen),
        (*start_tables(responses, constants), np.empty((int(responses.points.max(initial=0)), 2))),
        (told.predictions, told.means, told.variances),
        constants.row(timed=responses.log.timed),
    )
    return told


def start_tables(responses: Responses, constants: Constants) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return the start rows of learners, items, raters, memories and points, as the kernel has them."""
    log = responses.log
    return (
        np.tile(np.array(new_learner(constants)), (len(log.learners), 1)),
        np.tile(np.array(new_item(constants)), (len(log.items), 1)),
        np.tile(np.array(new_rater(constants)), (max(len(log.raters), 1), 1)),
        np.tile(np.array(new_memory(constants)), (responses.memories, 1)),
        np.tile(np.array(new_point(constants)), (len(log.point_names), 1)),
    )


@cache
def _compiled_loop() -> Callable[..., None]:
    """Return the loop over responses, compiled once in a process."""
    return compiled(_run)


def _run(given: Any, tables: Any, told: Any, constants: Any) -> None:
    """Predict and learn, response by response; nothing is allocated (see `kernel.compiled`)."""
    (learner_of, item_of, rater_of, facts), (starts, memory_of, point_of, weight_of), frozen = given
    learners, items, raters, memories, points, kept = tables
    predictions, means, variances = told
    for e in range(len(predictions)):
        first, last = starts[e], starts[e + 1]
        learner, item = learners[learner_of[e]], items[item_of[e]]
        b, v_b = item[0], item[1]
        if frozen[e]:
            for touch in range(first, last):
                point = points[point_of[touch]]
                kept[touch - first, 0], kept[touch - first, 1] = point[0], point[1]
        predictions[e] = step(
            (learner, item, raters[rater_of[e]]),
            (memories, points, memory_of[first:last], point_of[first:last], weight_of[first:last]),
            (facts[e, 0], facts[e, 1], facts[e, 2], facts[e, 3], facts[e, 4], facts[e, 5]),
            constants,
        )[0]
        if frozen[e]:
            item[0], item[1] = b, v_b
            for touch in range(first, last):
                point = points[point_of[touch]]
                point[0], point[1] = kept[touch - first, 0], kept[touch - first, 1]
        if len(means):
            for touch in range(first, last):
                memory, point = memories[memory_of[touch]], points[point_of[touch]]
                means[touch], variances[touch] = belief(learner, memory, point, constants[0][0])
