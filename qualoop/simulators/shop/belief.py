"""What may be believed of an experiment, and what each verdict is worth under that belief.

Effects are counted in least effects that matter. Of the ideas tested a share does nothing; the effects of the others
are N(0, spread²). Shipping costs; a longer test and a new one cost too, and are followed by the better of shipping and
not. So a verdict's value is an integral over what further data may show, free of luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.simulators.distributions import normal_cdf
from qualoop.simulators.shop.testing import DRIFT
from qualoop.simulators.streams import Floats

VERDICTS: Final = ("ship", "stop", "extend", "invalid")
FULL_ERROR: Final = 1.0 / DRIFT
"""Standard error of the difference at the planned size."""

_GRID: Final = np.linspace(-8.0, 8.0, 1601)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """What is known of all ideas, and what verdicts cost: in yearly values of a least effect that matters."""

    nothing: float
    spread: float
    shipping: float
    extending: float
    repeating: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """The effect is 0, or, with chance ``some``, N(mean, deviation²)."""

    some: float
    mean: float
    deviation: float

    @property
    def expected(self) -> float:
        """Return the mean effect."""
        return self.some * self.mean

    @property
    def better(self) -> float:
        """Return the chance that the effect is above 0."""
        return self.some * float(normal_cdf(np.array(self.mean / self.deviation)))


def before_data(stakes: Stakes) -> Belief:
    """Return what may be believed of an idea that no sound test has seen."""
    return Belief(some=1.0 - stakes.nothing, mean=0.0, deviation=stakes.spread)


def after_data(belief: Belief, estimate: float, error: float) -> Belief:
    """Return the belief after an estimate with its standard error (Bayes)."""
    odds = _updated(belief, np.array([estimate]), error)
    return Belief(some=float(odds.some[0]), mean=float(odds.mean[0]), deviation=odds.deviation)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beliefs:
    some: Floats
    mean: Floats
    deviation: float
    density: Floats


def _updated(belief: Belief, estimates: Floats, error: float) -> _Beliefs:
    """Return the beliefs after each of many estimates, and how dense the estimates are under the belief before."""
    variance, noise = belief.deviation**2, error**2
    nothing = (1.0 - belief.some) * _density(estimates, 0.0, error)
    some = belief.some * _density(estimates, belief.mean, float(np.sqrt(variance + noise)))
    total = nothing + some
    return _Beliefs(
        some=some / np.maximum(total, 1e-300),
        mean=(belief.mean * noise + estimates * variance) / (variance + noise),
        deviation=float(np.sqrt(variance * noise / (variance + noise))),
        density=total,
    )


def _density(x: Floats, mean: float, deviation: float) -> Floats:
    z = (x - mean) / deviation
    density: Floats = np.exp(-0.5 * z * z) / (deviation * np.sqrt(2.0 * np.pi))
    return density


def further_error(information: float) -> float:
    """Return the standard error of what an extension adds: up to the planned size, or half of it more.

    ``information`` is what the test has, as a share of what it was planned for.
    """
    added = 1.0 - information if information < 1.0 else 0.5
    return FULL_ERROR / float(np.sqrt(max(added, 0.05)))


def worth(belief: Belief, information: float, stakes: Stakes, *, sound: bool) -> dict[str, float]:
    """Return the value of each verdict; of an unsound test's data nothing is believed, and more of it adds nothing."""
    extended = _continued(belief, further_error(information), stakes) if sound else 0.0
    return {
        "ship": belief.expected - stakes.shipping,
        "stop": 0.0,
        "extend": extended - stakes.extending,
        "invalid": _repeated(belief, stakes) - stakes.repeating,
    }


def _continued(belief: Belief, error: float, stakes: Stakes) -> float:
    later = _updated(belief, _GRID, error)
    gain = np.maximum(later.some * later.mean - stakes.shipping, 0.0)
    return float((gain * later.density).sum()) * float(_GRID[1] - _GRID[0])


def _repeated(belief: Belief, stakes: Stakes) -> float:
    """Return the value of a new test that is judged by its own data, under what is believed now."""
    later = _updated(belief, _GRID, FULL_ERROR)
    gain = np.where(ships_alone(_GRID, stakes), later.some * later.mean - stakes.shipping, 0.0)
    return float((gain * later.density).sum()) * float(_GRID[1] - _GRID[0])


def ships_alone(estimates: Floats, stakes: Stakes) -> NDArray[np.bool_]:
    """Return whether a new test of the planned size would be followed by shipping."""
    alone = _updated(before_data(stakes), estimates, FULL_ERROR)
    ships: NDArray[np.bool_] = alone.some * alone.mean > stakes.shipping
    return ships


def ships_after(belief: Belief, estimates: Floats, error: float, stakes: Stakes) -> NDArray[np.bool_]:
    """Return whether an extension that shows these estimates would be followed by shipping."""
    later = _updated(belief, estimates, error)
    ships: NDArray[np.bool_] = later.some * later.mean > stakes.shipping
    return ships
