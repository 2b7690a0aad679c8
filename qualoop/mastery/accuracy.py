"""How well predictions meet scores: AUC, RMSE, log-loss, accuracy, calibration error (docs/mastery.md, benchmark).

Everywhere ``scores`` and ``predictions`` are float arrays of one shape (n,), each value in [0, 1]. A measure of no rows
is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

CLIP: Final = 1e-6
"""How near to 0 and 1 a prediction may come before its logarithm is taken."""
CALIBRATION_BINS: Final = 20
EVEN: Final = 0.5
SEED: Final = 0
"""Of the draws of learners: every model meets the same ones."""


def auc(scores: Floats, predictions: Floats) -> float:
    """Return the chance that a full success was predicted higher than a full failure; ties count half.

    Rows with a score between 0 and 1 are left out. NaN where one of the two kinds is absent.
    """
    whole = (scores == 0) | (scores == 1)
    return float(RankedScores(scores[whole], predictions[whole]).auc(np.ones(int(whole.sum()))))


class RankedScores:
    """Scores of 0 and 1 in the order of their predictions: sorted once, weighed many times."""

    def __init__(self, scores: Floats, predictions: Floats) -> None:
        self._order = np.argsort(predictions, kind="stable")
        ranked = predictions[self._order]
        self._starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1]))) if len(ranked) else None
        self._successes = scores[self._order] == 1

    def auc(self, weights: Floats) -> float:
        """Return the AUC with a weight (at least 0) for each row, in the rows' own order."""
        if self._starts is None:
            return float("nan")
        weight = weights[self._order]
        good = np.add.reduceat(np.where(self._successes, weight, 0.0), self._starts)
        bad = np.add.reduceat(np.where(self._successes, 0.0, weight), self._starts)
        pairs = good.sum() * bad.sum()
        won = float(good @ (np.cumsum(bad) - bad / 2))
        return won / float(pairs) if pairs else float("nan")


def resampled(groups: Indices, draws: int) -> Iterator[Floats]:
    """Yield weights for rows, ``draws`` times: how often the group of each is drawn (bootstrap, always alike).

    ``groups`` has shape (n,): rows of one learner stay together. Models that get the same weights are paired.
    """
    numbers: Indices = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    count = int(numbers.max(initial=-1)) + 1
    random = np.random.default_rng(SEED)
    for _ in range(draws if count else 0):
        yield np.bincount(random.integers(count, size=count), minlength=count).astype(np.float64)[numbers]


def rmse(scores: Floats, predictions: Floats) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((scores - predictions) ** 2))) if len(scores) else float("nan")


def log_loss(scores: Floats, predictions: Floats) -> float:
    """Return the mean of `losses`."""
    return float(np.mean(losses(scores, predictions))) if len(scores) else float("nan")


def losses(scores: Floats, predictions: Floats) -> Floats:
    """Return -y ln p - (1 - y) ln(1 - p) of each row, with p kept CLIP away from 0 and 1."""
    p = np.clip(predictions, CLIP, 1 - CLIP)
    each: Floats = -(scores * np.log(p) + (1 - scores) * np.log1p(-p))
    return each


def accuracy(scores: Floats, predictions: Floats) -> float:
    """Return the share of rows where score and prediction lie on the same side of one half."""
    return float(np.mean((scores >= EVEN) == (predictions >= EVEN))) if len(scores) else float("nan")


def calibration_error(scores: Floats, predictions: Floats) -> float:
    """Return the expected calibration error: |mean score - mean prediction| of equally wide bins, by rows (ECE)."""
    if not len(scores):
        return float("nan")
    bins = np.minimum((predictions * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=scores - predictions, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(scores))
