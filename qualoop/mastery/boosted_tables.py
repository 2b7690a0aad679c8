"""Look-up tables of single features and of pairs, grown as boosted trees and kept without loss (docs/mastery.md).

Each tree may use at most two features on the path to a leaf. A leaf is then a rectangle of one pair's bins, and its
value is added to all cells there: the sum of the tables is the sum of the trees, cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qualoop.mastery.accuracy import log_loss
from qualoop.mastery.kernel import compiled
from qualoop.mastery.log_runs import COMPILE_FROM, Flags, Floats, Indices
from qualoop.mastery.second_stage import logistic

Bins = NDArray[np.uint8]

MOST_BINS: Final = 64
MOST_LEAVES: Final = 16
LEAST_ROWS: Final = 100
RATE: Final = 0.08
PENALTY: Final = 2.0
MOST_TREES: Final = 600
PATIENCE: Final = 30
"""So many trees in vain end the growth; only those up to the best are kept."""
PAIR: Final = 2
LEAST_GAIN: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """A trained sum of look-up tables over binned features."""

    edges: tuple[Floats, ...]
    """For each feature the inner borders of its bins, rising; a value is in the first bin whose border it is under."""
    pairs: tuple[tuple[int, int], ...]
    """The two features of each table; a table of one feature names it twice and has one column."""
    values: tuple[Floats, ...]
    """For each table, its cells in logits: (bins of the first, bins of the second)."""
    intercept: float

    @property
    def cells(self) -> int:
        """Return how many numbers the tables hold."""
        return sum(table.size for table in self.values)

    def predict(self, features: Floats) -> Floats:
        """Return the chance of success for features of shape (n, features)."""
        return logistic(self.logits(features))

    def logits(self, features: Floats) -> Floats:
        """Return the sum of the look-ups for features of shape (n, features)."""
        binned = bins_of(features, self.edges)
        total = np.full(len(features), self.intercept)
        for (one, other), table in zip(self.pairs, self.values, strict=True):
            total += table[binned[:, one], 0 if one == other else binned[:, other]]
        return total


@dataclass(slots=True, kw_only=True, eq=False)
class _Leaf:
    """Rows of one leaf, with the sums of gradient, curvature and count by feature and bin: (features, bins, 3)."""

    rows: Indices
    sums: Floats
    ranges: dict[int, tuple[int, int]] = field(default_factory=dict)
    """For each feature on the path, the first bin and the one behind the last."""
    gain: float = 0.0
    feature: int = 0
    bin: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rectangle:
    """A leaf that is done: its bins and its value."""

    ranges: dict[int, tuple[int, int]]
    value: float


def fit_tables(features: Floats, scores: Floats, check: Flags, *, order: int = PAIR) -> Tables:
    """Return tables that fit scores, shape (n,), by features, shape (n, k).

    ``check`` names the rows on whose log-loss the growth stops; they are not fitted. ``order`` is how many features
    meet in a table: 1 (curves only) or 2.
    """
    edges = tuple(_edges(column[~check]) for column in features.T)
    binned = bins_of(features, edges)
    counted = (~check).astype(np.float64)
    mean = float(np.clip(np.average(scores, weights=counted), 0.01, 0.99))
    intercept = float(np.log(mean / (1 - mean)))
    logits = np.full(len(scores), intercept)
    trees: list[list[_Rectangle]] = []
    best, least = 0, log_loss(scores[check], logistic(logits[check]))
    while len(trees) < MOST_TREES and len(trees) - best < PATIENCE:
        chances = logistic(logits)
        told = np.column_stack((scores - chances, chances * (1 - chances), np.ones(len(scores)))) * counted[:, None]
        tree = _grown(binned, told, logits, order)
        if not tree:
            break
        trees.append(tree)
        if (loss := log_loss(scores[check], logistic(logits[check]))) < least:
            best, least = len(trees), loss
    return _summed(edges, [leaf for tree in trees[:best] for leaf in tree], intercept)


def bins_of(features: Floats, edges: tuple[Floats, ...]) -> Bins:
    """Return the bin of every value, shape (n, k)."""
    columns = [
        np.searchsorted(borders, column, side="right") for borders, column in zip(edges, features.T, strict=True)
    ]
    return np.column_stack(columns).astype(np.uint8)


def _edges(column: Floats) -> Floats:
    """Return borders between quantiles, at most MOST_BINS - 1, each a value that occurs."""
    shares = np.arange(1, MOST_BINS) / MOST_BINS
    borders: Floats = np.unique(np.quantile(column, shares, method="higher"))
    inner: Floats = borders[borders > column.min()]
    return inner


def _grown(binned: Bins, told: Floats, logits: Floats, order: int) -> list[_Rectangle]:
    """Grow one tree, best leaf first, and add it to the logits; no leaves where nothing is gained."""
    root = _Leaf(rows=np.arange(len(binned)), sums=_summed_bins(binned, np.arange(len(binned)), told))
    _judge(root, order)
    leaves = [root]
    while len(leaves) < MOST_LEAVES:
        leaf = max(leaves, key=lambda each: each.gain)
        if leaf.gain <= LEAST_GAIN:
            break
        leaves.remove(leaf)
        leaves += _split(leaf, binned, told, order)
    if len(leaves) == 1:
        return []
    done = []
    for leaf in leaves:
        gradient, curvature, _ = leaf.sums[0].sum(axis=0)
        value = float(RATE * gradient / (curvature + PENALTY))
        logits[leaf.rows] += value
        done.append(_Rectangle(ranges=leaf.ranges, value=value))
    return done


def _judge(leaf: _Leaf, order: int) -> None:
    """Find the split of a leaf that gains most; at most ``order`` features may meet on its path."""
    left = leaf.sums.cumsum(axis=1)
    total = left[:1, -1:]
    right = total - left
    gains = _worth(left) + _worth(right) - _worth(total)
    enough = (left[..., 2] >= LEAST_ROWS) & (right[..., 2] >= LEAST_ROWS)
    if len(leaf.ranges) >= order:
        allowed = np.zeros(len(gains), np.bool_)
        allowed[list(leaf.ranges)] = True
        enough &= allowed[:, None]
    gains = np.where(enough, gains, 0.0)
    leaf.feature, leaf.bin = (int(place) for place in np.unravel_index(int(gains.argmax()), gains.shape))
    leaf.gain = float(gains[leaf.feature, leaf.bin])


def _worth(sums: Floats) -> Floats:
    """Return what a leaf of such sums takes off the objective, twice."""
    worth: Floats = sums[..., 0] ** 2 / (sums[..., 1] + PENALTY)
    return worth


def _split(leaf: _Leaf, binned: Bins, told: Floats, order: int) -> list[_Leaf]:
    """Return both parts of a leaf; only the smaller one is summed anew."""
    under = binned[leaf.rows, leaf.feature] <= leaf.bin
    first, behind = leaf.ranges.get(leaf.feature, (0, MOST_BINS))
    parts = [
        _Leaf(rows=leaf.rows[chosen], sums=leaf.sums, ranges={**leaf.ranges, leaf.feature: limits})
        for chosen, limits in ((under, (first, leaf.bin + 1)), (~under, (leaf.bin + 1, behind)))
    ]
    small, large = sorted(parts, key=lambda part: len(part.rows))
    small.sums = _summed_bins(binned, small.rows, told)
    large.sums = leaf.sums - small.sums
    for part in parts:
        _judge(part, order)
    return parts


def _summed_bins(binned: Bins, rows: Indices, told: Floats) -> Floats:
    """Return the sums of what is told of rows, by feature and bin: (features, MOST_BINS, 3)."""
    sums = np.zeros((binned.shape[1], MOST_BINS, told.shape[1]))
    if len(binned) >= COMPILE_FROM:
        _compiled_adding()(binned, rows, told, sums)
    else:
        for part in range(told.shape[1]):
            for feature in range(binned.shape[1]):
                column = binned[rows, feature]
                sums[feature, :, part] = np.bincount(column, told[rows, part], MOST_BINS)
    return sums


@cache
def _compiled_adding() -> Callable[..., None]:
    return compiled(_add)


def _add(binned: Any, rows: Any, told: Any, sums: Any) -> None:
    for row in rows:
        gradient, curvature, count = told[row, 0], told[row, 1], told[row, 2]
        for feature in range(binned.shape[1]):
            place = binned[row, feature]
            sums[feature, place, 0] += gradient
            sums[feature, place, 1] += curvature
            sums[feature, place, 2] += count


def _summed(edges: tuple[Floats, ...], leaves: list[_Rectangle], intercept: float) -> Tables:
    """Add leaves up to tables."""
    tables: dict[tuple[int, int], Floats] = {}
    for leaf in leaves:
        names = sorted(leaf.ranges)
        one, other = names[0], names[-1]
        shape = (len(edges[one]) + 1, 1 if one == other else len(edges[other]) + 1)
        table = tables.setdefault((one, other), np.zeros(shape))
        columns = slice(None) if one == other else slice(*leaf.ranges[other])
        table[slice(*leaf.ranges[one]), columns] += leaf.value
    pairs = tuple(sorted(tables))
    return Tables(edges=edges, pairs=pairs, values=tuple(tables[pair] for pair in pairs), intercept=intercept)
