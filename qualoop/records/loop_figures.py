"""What a difference between two moments comes to: paired means with a band, and delays.

The band is that of the paired t test (Student, *Biometrika* 6, 1908): the mean difference plus and minus the 95 %
quantile of t times its standard error, so that it holds the true mean in nine classes of ten like this one. The
quantile is the expansion 26.7.5 of Abramowitz and Stegun, *Handbook of Mathematical Functions*, whose error here is below
0.002.

There is no band for fewer than LEAST_FOR_A_BAND learners, nor where all changed by the same: of a few single questions
that are right or wrong it would be of no width, and say surely what two or three learners happened to do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Z_95: Final = 1.6448536269514722
"""The 95 % quantile of the normal distribution."""
SECONDS_AN_HOUR: Final = 3600.0
LEAST_FOR_A_BAND: Final = 6
NINE_IN_TEN: Final = 0.9
DIGITS: Final = 9
"""To how many digits means are kept: more would tell in which order they were added up."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A mean difference over the ``n`` learners who have both ends, in [-1, 1], and its 90 % band.

    ``before`` and ``after`` are the means of those same learners, in [0, 1]. The band is None where nobody could say how sure it is:
    for few learners, or where all changed by the same.
    """

    n: int
    before: float
    after: float
    gain: float
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Say whether the band leaves out that nothing changed."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How many hours pass, for ``n`` learners: the median, and what nine of ten do not exceed."""

    n: int
    median: float
    ninth: float


def t_quantile(freedom: int) -> float:
    """Return the 95 % quantile of Student's t for at least three degrees of freedom."""
    z, v = Z_95, float(freedom)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / v ** (power + 1) for power, term in enumerate(terms))


def paired(before: Floats, after: Floats) -> Paired | None:
    """Return the difference of two columns, one row a learner, NaN where there is nothing; None where nobody has both."""
    both = ~(np.isnan(before) | np.isnan(after))
    n = int(both.sum())
    if not n:
        return None
    early, late = before[both], after[both]
    # Of what is the same to DIGITS digits the rest is no difference.
    differences = (late - early).round(DIGITS)
    gain = _mean(differences)
    low = high = None
    if n >= LEAST_FOR_A_BAND and np.ptp(differences) > 0:
        half = t_quantile(n - 1) * float(differences.std(ddof=1)) / math.sqrt(n)
        low, high = max(round(gain - half, DIGITS), -1.0), min(round(gain + half, DIGITS), 1.0)
    return Paired(n=n, before=_mean(early), after=_mean(late), gain=gain, low=low, high=high)


def delay(seconds: Floats) -> Delay | None:
    """Return what passes between two moments, of seconds that are NaN where there is no such pair; None for nobody."""
    there = seconds[~np.isnan(seconds)]
    if not there.size:
        return None
    # One of the delays that there are: between two of them more than one in ten could lie above it.
    ninth = np.quantile(there, NINE_IN_TEN, method="inverted_cdf")
    return Delay(
        n=int(there.size), median=float(np.median(there)) / SECONDS_AN_HOUR, ninth=float(ninth) / SECONDS_AN_HOUR
    )


def mean_of(values: Floats) -> float | None:
    """Return the mean of what is there; None where nothing is."""
    there = values[~np.isnan(values)]
    return _mean(there) if there.size else None


def row_means(table: Floats) -> Floats:
    """Return the mean of each row over what is there, NaN where nothing is."""
    there = ~np.isnan(table)
    counts = there.sum(axis=1)
    sums = np.where(there, table, 0.0).sum(axis=1)
    return divided(sums, counts)


def divided(totals: NDArray[Any], weights: NDArray[Any]) -> Floats:
    """Return totals by their weights to DIGITS digits, NaN where a weight is 0."""
    found: Floats = np.divide(totals, weights, out=np.full(totals.shape, np.nan), where=weights > 0)
    return found.round(DIGITS)


def _mean(values: Floats) -> float:
    return round(float(values.mean()), DIGITS)
