"""The exact expected cost of (s,Q) policies that change by the round, and a bound that no policy can beat.

What arrives in time for the end of week u are all orders up to some week a(u), so that

    net stock(u) = position(a(u)) − demand(a(u)+1 … u)

whose two terms are independent (Scarf, 1960; Zipkin, 2000). The position after ordering is a Markov chain: it sinks by a
week's demand and is lifted by batches. Its distribution is carried from week to week by convolution, no sampling at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.simulators.stock.counts import clumped_pmf, mismatch_cost
from qualoop.simulators.stock.policy_world import MOST, ROUNDS, StockPolicyWorld
from qualoop.simulators.streams import Floats, Integers

PLACES: Final = 2 * MOST + 1
"""Positions after ordering: 0 … twice the most of a field."""
_SPAN: Final = 512
"""Places of a transform: positions, and below them as far as a week's demand reaches."""
_BELOW: Final = _SPAN - PLACES


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTables:
    """What expected costs are made of.

    ``after`` [week + 1, product, position]: what a position after the orders of a week (−1: at the start) costs until
    the next orders arrive. ``weekly`` [round, product]: transforms of a week's demand.
    """

    after: Floats
    weekly: NDArray[np.complex128]


@lru_cache(maxsize=8)
def cost_tables(world: StockPolicyWorld) -> CostTables:
    """Return the tables of a world, which are made once for each of the last few."""
    after = np.zeros((world.weeks + 1, world.spec.products, PLACES))
    known: dict[tuple[int, ...], Floats] = {}
    for week, last in enumerate(world.arrived):
        window = _window(world, last, week)
        if window not in known:
            mean = world.rate * float(np.array(window[1:]) @ world.season)
            known[window] = mismatch_cost(
                clumped_pmf(mean, world.clumping, PLACES),
                mean,
                over=world.fee * world.fee_factor[window[0]],
                under=world.waiting,
            )
        after[last + 1] += known[window]
    mass = np.stack([clumped_pmf(world.rate * factor, world.clumping, _BELOW) for factor in world.season])
    # The last place takes what lies beyond, so that no probability is lost.
    mass[..., -1] += 1.0 - mass.sum(axis=-1)
    return CostTables(after=after, weekly=np.fft.rfft(mass, _SPAN))


def _window(world: StockPolicyWorld, last: int, week: int) -> tuple[int, ...]:
    """Return the round whose fee is paid, and how many weeks of demand in each round lie between."""
    rounds = [world.round_of(number) for number in range(last + 1, week + 1)]
    return (world.round_of(week), *(rounds.count(number) for number in range(ROUNDS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lift:
    """Where a round's policies lift each place of the transform to, and how many batches that takes."""

    target: Integers
    batches: Floats


def _lift(points: Integers, quantities: Integers) -> _Lift:
    # A transform's last places stand for what is below 0: it is periodic.
    places = np.concatenate([np.arange(PLACES), np.arange(-_BELOW, 0)])
    batches = np.maximum(0, -((places - points[:, None] - 1) // quantities[:, None]))
    rows = np.arange(len(points))[:, None] * PLACES
    lifted: Integers = places + batches * quantities[:, None]
    return _Lift(target=(np.clip(lifted, 0, PLACES - 1) + rows).ravel(), batches=batches.astype(np.float64))


def _lifted(lift: _Lift, sunk: Floats) -> Floats:
    """Return the distribution of positions after the orders of a week."""
    moved = np.bincount(lift.target, weights=sunk.ravel(), minlength=len(sunk) * PLACES).astype(np.float64)
    return moved.reshape(len(sunk), PLACES)


def expected_costs(world: StockPolicyWorld, points: Sequence[Integers], quantities: Sequence[Integers]) -> Floats:
    """Return each product's expected cost over the year under order points and quantities of each round."""
    count, tables = world.spec.products, cost_tables(world)
    lifts = [_lift(*policy) for policy in zip(points, quantities, strict=True)]
    position: Floats = np.zeros((count, PLACES))
    position[np.arange(count), np.minimum(world.stock, PLACES - 1)] = 1.0
    after = tables.after
    cost = np.einsum("py,py->p", position, after[0])
    ordered = np.zeros(count)
    for week in range(world.weeks):
        number = world.round_of(week)
        lift = lifts[number]
        sunk = np.fft.irfft(np.fft.rfft(position, _SPAN) * tables.weekly[number].conj(), _SPAN)
        ordered += np.einsum("py,py->p", sunk, lift.batches)
        position = _lifted(lift, sunk)
        cost += np.einsum("py,py->p", position, after[week + 1])
    total: Floats = cost + world.spec.ordering * ordered
    return total


def least_cost(world: StockPolicyWorld) -> float:
    """Return a cost that no policy beats: dynamic programming over positions (Scarf, 1960), demand's parameters known.

    Every week any number of pieces may be ordered for the price of one batch, as long as the position ends above 0.
    """
    tables = cost_tables(world)
    later = np.zeros((world.spec.products, PLACES))
    for week in reversed(range(world.weeks)):
        here = tables.after[week + 1] + later
        here[:, 0] = np.inf
        # The least at or above each place.
        above = np.minimum.accumulate(here[:, ::-1], axis=1)[:, ::-1] + world.spec.ordering
        best = np.minimum(here, above)
        below = np.broadcast_to(above[:, :1], (len(best), _BELOW))
        spectrum = np.fft.rfft(np.concatenate([best, below], axis=1)) * tables.weekly[world.round_of(week)]
        later = np.fft.irfft(spectrum, _SPAN)[:, :PLACES]
    start = np.minimum(world.stock, PLACES - 1)[:, None]
    return float(np.take_along_axis(tables.after[0] + later, start, axis=1).sum())
