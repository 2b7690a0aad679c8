"""A world of experiments: what each one planned and found, made from its key, with what may be believed of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.distributions import normal_quantile
from qualoop.simulators.errors import SpecRefusedError
from qualoop.simulators.shop.belief import FULL_ERROR, Belief, after_data, before_data, worth
from qualoop.simulators.shop.spec import RefereeSpec
from qualoop.simulators.shop.testing import MISMATCH_AT, planned_size, ratio_p
from qualoop.simulators.streams import Floats, WorldKey

_TRIES: Final = 300
_SIZES: Final = (1_500.0, 300_000.0)
SEGMENTS: Final = 8
_EVEN: Final = 0.7
"""How often arms are planned of one size."""
_HALF: Final = 0.5
_LEAST_ORDERS: Final = 5

_SCHEDULES: Final = {1: (14, 21, 28), 2: (14, 28), 5: (10, 15, 20, 35), 10: (10, 20, 30), 20: (20, 40)}
"""By number of looks: the days that a test may be planned for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """A sort of experiment: its verdict, the range of the found difference (in least effects) or of its z, how much of
    the planned size was reached, how often it may be looked at, and the range of its own p-value.
    """

    key: str
    verdict: str
    difference: tuple[float, float]
    reached: tuple[float, float] = (1.0, 1.04)
    looks: tuple[int, ...] = (1, 2, 5, 10, 20)
    as_z: bool = False
    p: tuple[float, float] = (0.0, 1.0)


SORTS: Final = (
    Sort(key="wins", verdict="ship", difference=(1.05, 1.9), p=(0.0, 0.05)),
    Sort(key="losses", verdict="stop", difference=(-1.6, -0.75)),
    Sort(key="novelties", verdict="stop", difference=(-0.3, 0.2)),
    Sort(key="segments", verdict="stop", difference=(-0.2, 0.2)),
    Sort(key="nothings", verdict="stop", difference=(-0.5, 0.2)),
    Sort(key="underpowered", verdict="extend", difference=(0.55, 1.0), reached=(0.25, 0.4), p=(0.05, 1.0)),
    Sort(
        key="peeks",
        verdict="extend",
        difference=(2.0, 2.4),
        reached=(0.1, 0.2),
        looks=(10, 20),
        as_z=True,
        p=(0.01, 0.05),
    ),
    Sort(key="mismatches", verdict="invalid", difference=(-0.5, 1.8)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One experiment. Rates and effects are shares; ``claimed_p`` is the p-value that its owner reports.

    ``belief`` and ``values`` (of each verdict) are what may be known of it; ``information`` is what it has, as a share
    of what was planned.
    """

    sort: str
    rate: float
    effect: float
    share_of_b: float
    days: int
    every: int
    days_run: int
    visitors: tuple[int, int]
    orders: tuple[int, int]
    claimed_p: float
    claims_better: bool
    mismatch: bool
    belief: Belief
    information: float
    values: Mapping[str, float]

    @property
    def looks(self) -> int:
        """Return how often the owner looks, the last day included."""
        return self.days // self.every

    @property
    def verdict(self) -> str:
        """Return the best verdict."""
        return max(self.values, key=lambda verdict: self.values[verdict])


@dataclass(frozen=True, slots=True, kw_only=True)
class RefereeWorld:
    """A dozen experiments."""

    spec: RefereeSpec
    experiments: tuple[Experiment, ...]


def make_world(spec: RefereeSpec, key: WorldKey) -> RefereeWorld:
    """Return the world of a key; raise SpecRefusedError where the spec's stakes leave a sort without its verdict."""
    sorts = [sort for sort in SORTS for _ in range(getattr(spec, sort.key))]
    if not sorts:
        raise SpecRefusedError("a world needs at least one experiment")
    order = np.argsort(key.uniforms("order", shape=len(sorts)), kind="stable")
    return RefereeWorld(
        spec=spec,
        experiments=tuple(
            _experiment(spec, sorts[place], key.derive("experiment", number)) for number, place in enumerate(order)
        ),
    )


def _experiment(spec: RefereeSpec, sort: Sort, key: WorldKey) -> Experiment:
    """Return the first of a row of tries that deserves its sort's verdict."""
    for attempt in range(_TRIES):
        found = _drawn(spec, sort, key.uniforms("try", attempt, shape=12))
        if found is not None and found.verdict == sort.verdict:
            return found
    raise SpecRefusedError(f"{sort.key}: with these stakes the best verdict is never `{sort.verdict}`")


def _between(bounds: tuple[float, float], uniform: float) -> float:
    return bounds[0] + (bounds[1] - bounds[0]) * uniform


def _drawn(spec: RefereeSpec, sort: Sort, uniforms: Floats) -> Experiment | None:
    draw = [float(uniform) for uniform in uniforms]
    rate = round(0.01 * 30.0 ** draw[0], 3)
    effect = round(rate * _between((0.04, 0.25), draw[1]), 4)
    size = planned_size(rate, effect) if effect > 0 else 0.0
    if not _SIZES[0] <= size <= _SIZES[1]:
        return None
    looks = sort.looks[int(draw[2] * len(sort.looks))]
    days = _SCHEDULES[looks][int(draw[3] * len(_SCHEDULES[looks]))]
    share_of_b = 0.5 if draw[4] < _EVEN else 0.4
    reached = _between(sort.reached, draw[5])
    if reached < 1.0:
        # A test ends on a day on which it is looked at, or, where that is the last day only, on any.
        every = days // looks if looks > 1 else 1
        reached = max(1, round(reached * days / every)) * every / days
    visitors = _split(2.0 * size * reached, share_of_b, draw[6], broken=sort.verdict == "invalid")
    difference = _between(sort.difference, draw[7])
    if sort.as_z:
        difference *= FULL_ERROR / math.sqrt(reached)
    shown = min(max(rate * (0.97 + 0.06 * draw[8]), 0.002), 0.9)
    orders = round(visitors[0] * shown), round(visitors[1] * (shown + difference * effect))
    if min(orders) < _LEAST_ORDERS:
        return None
    return _judged(
        spec,
        sort,
        _Facts(
            rate=rate,
            effect=effect,
            share_of_b=share_of_b,
            days=days,
            every=days // looks,
            days_run=round(reached * days) if reached < 1.0 else days,
            visitors=visitors,
            orders=orders,
        ),
        draw[9],
    )


def _split(total: float, share_of_b: float, uniform: float, *, broken: bool) -> tuple[int, int]:
    """Return the visitors of both arms: within two standard deviations of the plan, or far outside."""
    if broken:
        z = math.copysign(4.2 + 8.0 * abs(uniform - _HALF), uniform - _HALF)
    else:
        z = float(normal_quantile(np.array(0.02 + 0.96 * uniform)))
    b = total * share_of_b + z * math.sqrt(total * share_of_b * (1.0 - share_of_b))
    return round(total - b), round(b)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    rate: float
    effect: float
    share_of_b: float
    days: int
    every: int
    days_run: int
    visitors: tuple[int, int]
    orders: tuple[int, int]


def _judged(spec: RefereeSpec, sort: Sort, facts: _Facts, uniform: float) -> Experiment | None:
    """Return an experiment with what follows from its counts, which is all that anybody can know; None where its
    p-value is not its sort's.
    """
    (a, b), (bought_a, bought_b) = facts.visitors, facts.orders
    pooled = (bought_a + bought_b) / (a + b)
    deviation = math.sqrt(pooled * (1.0 - pooled) * (1.0 / a + 1.0 / b))
    estimate, error = (bought_b / b - bought_a / a) / facts.effect, deviation / facts.effect
    information = (FULL_ERROR / error) ** 2
    mismatch = ratio_p(a, b, facts.share_of_b) < MISMATCH_AT
    belief = before_data(spec.stakes)
    if not mismatch:
        belief = after_data(belief, estimate, error)
    own_p = math.erfc(abs(estimate / error) / math.sqrt(2.0))
    if not sort.p[0] <= own_p <= sort.p[1]:
        return None
    flattered = sort.key in {"novelties", "segments"}
    return Experiment(
        sort=sort.key,
        rate=facts.rate,
        effect=facts.effect,
        share_of_b=facts.share_of_b,
        days=facts.days,
        every=facts.every,
        days_run=facts.days_run,
        visitors=facts.visitors,
        orders=facts.orders,
        claimed_p=0.004 + 0.036 * uniform if flattered else own_p,
        claims_better=flattered or estimate > 0,
        mismatch=mismatch,
        belief=belief,
        information=information,
        values=worth(belief, information, spec.stakes, sound=not mismatch),
    )
