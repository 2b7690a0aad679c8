"""The arithmetic of A/B tests: sample size, ratio check, and what looking more than once does.

A test compares two rates by z = difference / standard error, two-sided at .05, and is planned for a power of .8.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from qualoop.simulators.distributions import normal_cdf
from qualoop.simulators.streams import Floats

Z_ALPHA: Final = 1.959963984540054
Z_POWER: Final = 0.8416212335729143
POWER: Final = 0.8
ALPHA: Final = 0.05
DRIFT: Final = Z_ALPHA + Z_POWER
"""Mean of z at the planned size, if the effect is the least that matters."""

MISMATCH_AT: Final = 0.001
"""A split is not what was planned where chi-square's p is below this."""

BOUNDS: Final = {1: 1.96, 2: 2.178, 5: 2.413, 10: 2.555, 20: 2.672}
"""By number of looks: the |z| that, asked for at each, keeps false alarms at .05 in all (Pocock, 1977)."""

_NODES: Final = 96


def planned_size(rate: float, effect: float) -> float:
    """Return the visitors that each arm needs: 2 (z_.975 + z_.8)² p (1 − p) / effect², about 15.7 σ²/δ²."""
    return 2.0 * DRIFT**2 * rate * (1.0 - rate) / effect**2


def power_at(ratio: Floats) -> Floats:
    """Return the power of a test that has ``ratio`` times the planned size."""
    power: Floats = normal_cdf(DRIFT * np.sqrt(ratio) - Z_ALPHA)
    return power


def ratio_p(a: int, b: int, share_of_b: float) -> float:
    """Return the p-value of a split into ``a`` and ``b`` visitors: chi-square with one degree of freedom."""
    total = a + b
    expected = total * (1.0 - share_of_b), total * share_of_b
    chi_square = (a - expected[0]) ** 2 / expected[0] + (b - expected[1]) ** 2 / expected[1]
    return chi_square_survival(chi_square)


def chi_square_survival(value: float) -> float:
    """Return the chance that chi-square with one degree of freedom is larger: the square of a normal variate."""
    return math.erfc(math.sqrt(value / 2.0))


@lru_cache(maxsize=256)
def crossing(looks: int, bound: float, drift: float = 0.0) -> tuple[float, float]:
    """Return the chances that z crosses −bound, and +bound, first, at one of so many equally spaced looks.

    ``drift`` is the mean of z at the last look. The density of what has not crossed is carried from look to look by
    quadrature (Armitage, McPherson and Rowe, 1969).
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    step = drift / math.sqrt(looks)
    low = high = 0.0
    points, mass = np.zeros(1), np.ones(1)
    for look in range(1, looks + 1):
        edge = bound * math.sqrt(look)
        low += float(mass @ normal_cdf(-edge - points - step))
        high += float(mass @ normal_cdf(points + step - edge))
        inside = edge * nodes
        kernel = np.exp(-0.5 * (inside[:, None] - points[None, :] - step) ** 2) / math.sqrt(2.0 * math.pi)
        points, mass = inside, edge * weights * (kernel @ mass)
    return low, high


def false_alarms(looks: int, bound: float) -> float:
    """Return the chance of a false alarm."""
    return sum(crossing(looks, bound))


def power_with(looks: int, bound: float) -> float:
    """Return the chance to find the least effect that matters, at the planned size."""
    return crossing(looks, bound, DRIFT)[1]
