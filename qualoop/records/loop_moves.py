"""What was done in class, one by one: what the second vote gained, and what the same learners did next in practice.

What followed is no effect: whoever was there may have learnt it anywhere. So it is called "followed by", and compared
with where the same learners were before, on the same knowledge points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.records.loop import STAGES, Flags, Indices, Pieces, Stage
from qualoop.records.loop_figures import Delay, Floats, Paired, delay, divided, paired

_PRACTICE: Final = STAGES.index(Stage.PRACTICE)
_FIRST: Final = STAGES.index(Stage.FIRST_VOTE)
_SECOND: Final = STAGES.index(Stage.SECOND_VOTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What was done in class, by its number, with the indices of its knowledge points, by ``n`` learners.

    ``votes`` is from the first vote to the second, None for what is no vote or had one round. ``followed`` is from where
    the learners were on these knowledge points before it to their next practice, ``delay`` how long that took to come.
    """

    done: int
    points: tuple[int, ...]
    n: int
    votes: Paired | None
    followed: Paired | None
    delay: Delay | None


def measure_moves(pieces: Pieces, learners: int) -> Sequence[Moved]:
    """Return what each thing that was done in class moved, of ``pieces`` of a number of learners, by its number."""
    if not len(pieces):
        return []
    by_point = _ByPoint(pieces)
    found = []
    order = np.argsort(pieces.done, kind="stable")
    numbers, starts = np.unique(pieces.done[order], return_index=True)
    for number, rows in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
        if number >= 0:
            found.append(_moved(pieces, by_point, number=number, rows=rows, learners=learners))
    return found


class _ByPoint:
    """The rows of each knowledge point."""

    def __init__(self, pieces: Pieces) -> None:
        order = np.argsort(pieces.point, kind="stable")
        codes, starts = np.unique(pieces.point[order], return_index=True)
        self._rows = dict(zip(codes.tolist(), np.split(order, starts[1:]), strict=True))

    def rows(self, points: Sequence[int]) -> Indices:
        """Return the rows of some knowledge points."""
        return np.concatenate([self._rows[point] for point in points])


def _moved(pieces: Pieces, by_point: _ByPoint, *, number: int, rows: Indices, learners: int) -> Moved:
    own = pieces.where(rows)
    points = tuple(np.unique(own.point).tolist())
    begun, over = _least(own, own.at, learners), -_least(own, -own.at, learners)
    around = pieces.where(by_point.rows(points))
    since, until = begun[around.learner], over[around.learner]
    before = _mean(around, around.at < since, learners)
    following = (around.stage == _PRACTICE) & (around.at > until)
    practised = around.where(following)
    next_at = _least(practised, practised.at, learners)
    after = _mean(practised, _next_sitting(practised, next_at), learners)
    return Moved(
        done=number,
        points=points,
        n=int((~np.isnan(begun)).sum()),
        votes=paired(_mean(own, own.stage == _FIRST, learners), _mean(own, own.stage == _SECOND, learners)),
        followed=paired(before, after),
        delay=delay(next_at - over),
    )


def _next_sitting(practised: Pieces, next_at: Floats) -> Flags:
    """Say which pieces are of the sittings in which a learner practised next: one may have several at one moment."""
    if not len(practised):
        return np.zeros(0, np.bool_)
    opening = practised.at == next_at[practised.learner]
    size = int(practised.sitting.max()) + 1
    key = practised.learner * size + practised.sitting
    return np.isin(key, key[opening])


def _least(pieces: Pieces, values: Floats, learners: int) -> Floats:
    found = np.full(learners, np.inf)
    np.minimum.at(found, pieces.learner, values)
    found[np.isinf(found)] = np.nan
    return found


def _mean(pieces: Pieces, wanted: Flags, learners: int) -> Floats:
    """Return the mean of some pieces by learner, weighted by their shares; NaN where a learner has none."""
    learner, share = pieces.learner[wanted], pieces.share[wanted]
    weight = np.bincount(learner, weights=share, minlength=learners)
    total = np.bincount(learner, weights=share * pieces.score[wanted], minlength=learners)
    return divided(total, weight)
