"""Order points and order quantities: (r,Q) watched all the time, (s,S) looked at once a period.

(r,Q): the stock position, right after ordering, is uniform on r+1 … r+Q (Zipkin, Foundations of Inventory Management,
2000). (s,S): renewal theory over the demand since the last order (Veinott & Wagner, 1965). Unmet demand waits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qualoop.simulators.stock.counts import distribution, mismatch_cost, poisson_pmf
from qualoop.simulators.streams import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Money a piece and period in stock, a piece and period that a customer waits, and an order."""

    holding: float
    waiting: float
    ordering: float


def waiting_cost_rate(costs: Costs, mean: float, places: Integers) -> Floats:
    """Return g(y) = holding · E max(y − X, 0) + waiting · E max(X − y, 0), X Poisson with ``mean``, for whole y."""
    size = max(int(places.max(initial=0)), 0) + 1
    table = mismatch_cost(poisson_pmf(mean, size), mean, over=costs.holding, under=costs.waiting)
    return np.where(places >= 0, table[np.maximum(places, 0)], costs.waiting * (mean - places))


def rq_cost(costs: Costs, point: int, quantity: int, *, rate: float, lead: float) -> float:
    """Return the long-run cost of (r,Q) a period: Poisson demand of ``rate`` a period, ``lead`` periods to arrive."""
    places = np.arange(point + 1, point + quantity + 1)
    carried = float(waiting_cost_rate(costs, rate * lead, places).sum())
    return (costs.ordering * rate + carried) / quantity


def best_rq(costs: Costs, *, rate: float, lead: float) -> tuple[int, int, float]:
    """Return r, Q and the least long-run cost.

    g is convex, so the best Q places are the Q cheapest (Federgruen & Zheng, 1992).
    """
    mean = rate * lead
    size = 16
    while True:
        size *= 2
        # With few pieces ordered at a time the point may lie below 0, so that customers wait on purpose.
        places = np.arange(-size, size + int(2 * mean) + 1)
        carried = waiting_cost_rate(costs, mean, places)
        point, quantity, cost = cheapest_window(carried[None], np.array([costs.ordering * rate]))
        if quantity[0] < size:
            return int(point[0] + places[0]), int(quantity[0]), float(cost[0])


def cheapest_window(carried: Floats, ordering: Floats) -> tuple[Integers, Integers, Floats]:
    """Return r, Q and cost of the best window of each row of a convex ``carried``, which begins at place 0.

    ``ordering`` is what orders cost a period where each is for a single piece.
    """
    order = np.argsort(carried, axis=-1, kind="stable")
    sums = np.cumsum(np.take_along_axis(carried, order, axis=-1), axis=-1)
    costs = (ordering[:, None] + sums) / np.arange(1, carried.shape[-1] + 1)
    best = costs.argmin(axis=-1)
    lowest = np.minimum.accumulate(order, axis=-1)
    pick = best[:, None]
    point: Integers = np.take_along_axis(lowest, pick, axis=-1)[:, 0] - 1
    return point, (best + 1).astype(np.int64), np.take_along_axis(costs, pick, axis=-1)[:, 0]


def renewal_mass(demand: Floats, size: int) -> Floats:
    """Return m(0 … size − 1): how often, on average, the demand since the last order stands at j.

    m(0) = 1/(1 − f₀), m(j) = Σ f_i·m(j − i)/(1 − f₀).
    """
    padded = np.zeros(max(size, demand.size))
    padded[: demand.size] = demand
    mass = np.empty(size)
    mass[0] = 1.0 / (1.0 - padded[0])
    for j in range(1, size):
        mass[j] = float(padded[1 : j + 1] @ mass[j - 1 :: -1]) / (1.0 - padded[0])
    return mass


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """A periodic (s,S) problem: costs, demand's probabilities of 0, 1, …, and its mean."""

    costs: Costs
    demand: Floats
    mean: float

    def carried(self, places: Integers) -> Floats:
        """Return the expected cost of a period that begins with ``places`` pieces."""
        size = max(int(places.max()) + 1, 1)
        mass = np.zeros(size)
        known = min(size, self.demand.size)
        mass[:known] = self.demand[:known]
        costs = self.costs
        table = mismatch_cost(mass, self.mean, over=costs.holding, under=costs.waiting)
        return np.where(places >= 0, table[np.maximum(places, 0)], costs.waiting * (self.mean - places))


def ss_cost(problem: Periodic, point: int, level: int) -> float:
    """Return the long-run cost of (s,S) a period, s < S: at or below s, order up to S."""
    span = level - point
    mass = renewal_mass(problem.demand, span)
    carried = problem.carried(level - np.arange(span))
    return float((problem.costs.ordering + mass @ carried) / mass.sum())


def best_ss(problem: Periodic) -> tuple[int, int, float]:
    """Return s, S and the least long-run cost, by looking at every pair within the bounds of Zheng & Federgruen (1991).

    S is at least the best level without ordering costs; s is below it.
    """
    costs = problem.costs
    cdf = distribution(problem.demand)
    myopic = int(np.searchsorted(cdf, critical(costs)))
    least = (myopic - 1, myopic, ss_cost(problem, myopic - 1, myopic))
    level = myopic
    while problem.carried(np.array([level]))[0] <= least[2]:
        for point in range(level - 1, -1 - level, -1):
            cost = ss_cost(problem, point, level)
            if cost < least[2]:
                least = (point, level, cost)
            elif problem.carried(np.array([point]))[0] > least[2] and point < myopic:
                break
        level += 1
    return least


def critical(costs: Costs) -> float:
    """Return the chance of not running out that pays best where orders cost nothing."""
    return costs.waiting / (costs.waiting + costs.holding)
