"""One auction against unknown rivals in closed form: what a rank gets, and what it pays, on average.

J rivals draw ad ranks iid LogN(mu, sigma). All that matters is y = ln(rank) − mu, so one table serves every query with
the same (J, sigma). Quality-weighted generalised second price: Edelman, Ostrovsky and Schwarz (2007); Varian (2007).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.simulators.distributions import normal_cdf
from qualoop.simulators.streams import Floats, Integers

EXAMINATION: Final = (1.0, 0.66, 0.48, 0.36)
"""How likely an ad in slot 0, 1, … is looked at, compared with slot 0."""

_POINTS: Final = 512
_LOWEST: Final = -6.0
_HIGHEST: Final = 4.5
_TINY: Final = 1e-300

_ENVELOPE_POINTS: Final = 2048
_ENVELOPE_FROM: Final = 1e-3
_ENVELOPE_TO: Final = 1e4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseTable:
    """Expectations on an even grid of y: (point, 3) of examination, mean next rank over e^mu, chance of being shown.

    ``margins[i]`` is the largest of examined · (worth − next rank) at ``worths[i]``, both over e^mu: convex, so that
    interpolation never understates it; ``best[i]`` is the grid point that reaches it.
    """

    low: float
    step: float
    ranks: Floats
    values: Floats
    slopes: Floats
    worths: Floats
    margins: Floats
    best: Integers

    def at(self, y: Floats) -> Floats:
        """Return (…, 3) by linear interpolation; below the grid nothing is shown, above it nothing changes."""
        place = (y - self.low) * (1.0 / self.step)
        inside = np.minimum(np.maximum(place, 0.0), len(self.values) - 1.000001)
        index = inside.astype(np.int64)
        found: Floats = self.values[index] + (inside - index)[..., None] * self.slopes[index]
        found[place < 0.0] = 0.0
        return found

    def best_margin(self, worth: Floats) -> Floats:
        """Return the most that a search can bring if a click is worth ``worth``, in units of e^mu and of a click."""
        steepest = self.values[-1, 0]
        beyond = np.maximum(worth - self.worths[-1], 0.0) * steepest
        found: Floats = np.interp(worth, self.worths, self.margins) + beyond
        return found

    def best_point(self, worth: Floats) -> Integers:
        """Return the grid point that reaches it, or just about; point 0, where nothing is shown, if nothing pays."""
        found: Integers = self.best[np.minimum(np.searchsorted(self.worths, worth), len(self.worths) - 1)]
        return found


@lru_cache(maxsize=32)
def response_table(rivals: int, sigma: float, examination: tuple[float, ...] = EXAMINATION) -> ResponseTable:
    """Return the table for ``rivals`` (at least as many as slots) and the spread ``sigma`` of their log ranks."""
    y = np.linspace(_LOWEST * sigma, _HIGHEST * sigma, _POINTS)
    values = _expectations(y, rivals, sigma, examination)
    slopes = np.vstack((np.diff(values, axis=0), np.zeros((1, 3))))
    worths, margins, best = _envelope(values)
    return ResponseTable(
        low=float(y[0]),
        step=float(y[1] - y[0]),
        ranks=np.exp(y),
        values=values,
        slopes=slopes,
        worths=worths,
        margins=margins,
        best=best,
    )


def _expectations(y: Floats, rivals: int, sigma: float, examination: tuple[float, ...]) -> Floats:
    rank, below = np.exp(y), normal_cdf(y / sigma)
    looked, paid, shown = np.zeros_like(y), np.zeros_like(y), np.zeros_like(y)
    for position, looks in enumerate(examination):
        left = rivals - position
        chance = math.comb(rivals, position) * (1.0 - below) ** position * below**left
        power = np.maximum(below**left, _TINY)
        next_rank = np.clip(rank - _cumulative(power, rank) / power, 0.0, rank)
        looked += looks * chance
        paid += looks * chance * next_rank
        shown += chance
    return np.column_stack((looked, paid / np.maximum(looked, _TINY), shown))


def _cumulative(heights: Floats, at: Floats) -> Floats:
    areas = 0.5 * (heights[1:] + heights[:-1]) * np.diff(at)
    return np.concatenate(([0.0], np.cumsum(areas)))


def _envelope(values: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    looked, paid = values[:, 0], values[:, 1]
    worths = np.concatenate(([0.0], np.geomspace(_ENVELOPE_FROM, _ENVELOPE_TO, _ENVELOPE_POINTS - 1)))
    each = looked * (worths[:, None] - paid)
    best = each.argmax(axis=1)
    # Between two points both factors are linear, so that a cell may exceed its ends by a quarter of their changes.
    excess = 0.25 * float(np.max(np.diff(looked) * np.abs(np.diff(paid))))
    margins = np.maximum(each[np.arange(len(worths)), best], 0.0)
    paying = margins > 0.0
    return worths, np.where(paying, margins + excess, 0.0), np.where(paying, best, 0).astype(np.int64)
