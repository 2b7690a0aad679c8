"""What nobody can beat: the best profit within the budget if every query had a bid of its own, by Lagrange's method.

For a multiplier l ≥ 0 on spending, each query takes its best rank, or none; the dual D = Σ u(l) + l·B bounds every
decision, throttled or mixed, because a throttled decision is a mixture of "on" and "off" (Lagrangian relaxation,
Geoffrion 1974). l at the minimum is the shadow price of the budget: what one more unit of money would earn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.sem.auction import quality_effect, round_demand, round_table
from qualoop.simulators.sem.market import BROAD, Market
from qualoop.simulators.sem.quality import drift_of, drifted
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.sem.tables import ResponseTable
from qualoop.simulators.streams import Floats, Integers

_PRECISION: Final = 1e-5
_STRIDE: Final = 1.5
_HIGHEST_PRICE: Final = 1e6
_NEUTRAL: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dual:
    """The bound of one unit of demand, the profit of the feasible policy beside it, and the shadow price of budget.

    ``ranks`` are that policy's ad ranks by query; 0 is off.
    """

    bound: float
    primal: float
    shadow_price: float
    ranks: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Problem:
    table: ResponseTable
    clicks: Floats
    worth: Floats
    unit: Floats
    """e^mu / Q: money for one unit of the table's ranks."""
    step: float
    slack: Floats
    """What ranks so low that the own bid binds may bring besides, at most."""
    budget: float


def round_bounds(spec: SearchMarketSpec, market: Market, best: Floats) -> list[Dual]:
    """Return each round's dual, with the best quality that can have been reached by then.

    ``best`` is the highest quality of each ad group before any drift.
    """
    climbs = _climbs(spec, market)
    drift = np.zeros(spec.groups)
    duals: list[Dual] = []
    for number in range(spec.rounds):
        quality = drifted(best, drift)
        near = duals[-1].shadow_price if duals else 1.0
        duals.append(query_bound(spec, market, query_quality(market, quality), round_table(spec, number), near=near))
        drift = drift + _most_drift(spec, climbs, quality, float(round_demand(spec, market, number).sum()))
    return duals


def query_quality(market: Market, quality: Floats) -> Floats:
    """Return the best quality that any keyword reaches each query with; 0 where none reaches it."""
    reach = market.reach
    own = quality[reach.group] * reach.fit
    own[reach.starts] = 0.0
    best: Floats = np.maximum.reduceat(own, reach.starts)
    return best


def query_bound(
    spec: SearchMarketSpec, market: Market, quality: Floats, table: ResponseTable, *, near: float = 1.0
) -> Dual:
    """Return the dual of one unit of demand, where ads have at most ``quality`` (by query; 0: out of reach).

    The shadow price is looked for from ``near`` on.
    """
    reached = np.flatnonzero((quality > 0.0) & (market.worth > 0.0))
    quality, worth = quality[reached], market.worth[reached]
    unit = np.exp(market.mu[reached]) / quality
    clicks = market.searches[reached] * market.click_rate[reached] * quality_effect(quality)
    problem = _Problem(
        table=table,
        clicks=clicks,
        worth=worth,
        unit=unit,
        step=spec.price_step,
        slack=clicks * worth * _bid_bound(table, spec.price_step / unit),
        budget=spec.budget,
    )
    price = _shadow_price(problem, near)
    point = _best_point(problem, price)
    spent, profit = _spending(problem, point)
    ranks = np.zeros(len(market.mu))
    ranks[reached] = np.where(point > 0, table.ranks[point] * np.exp(market.mu[reached]), 0.0)
    return Dual(
        bound=_dual(problem, price),
        primal=profit if spent <= spec.budget else profit * spec.budget / spent,
        shadow_price=price,
        ranks=ranks,
    )


def _bid_bound(table: ResponseTable, step: Floats) -> Floats:
    """Return the most examination where the next rank plus the price step exceeds the own rank, as units of e^mu."""
    gap = np.maximum.accumulate(table.ranks - table.values[:, 1])
    looked: Floats = table.values[np.searchsorted(gap, step).clip(max=len(gap) - 1), 0]
    return looked


def _dual(problem: _Problem, price: float) -> float:
    dear = 1.0 + price
    best = dear * problem.unit * problem.table.best_margin((problem.worth / dear - problem.step) / problem.unit)
    return float(np.maximum(problem.clicks * best, problem.slack).sum()) + price * problem.budget


def _best_point(problem: _Problem, price: float) -> Integers:
    return problem.table.best_point((problem.worth / (1.0 + price) - problem.step) / problem.unit)


def _spending(problem: _Problem, point: Integers) -> tuple[float, float]:
    expected = problem.table.values[point]
    clicks = problem.clicks * expected[:, 0]
    cost = float(clicks @ (problem.unit * expected[:, 1] + problem.step))
    return cost, float(clicks @ problem.worth) - cost


def _shadow_price(problem: _Problem, near: float) -> float:
    """Return the multiplier at which spending fits the budget: 0 where it does anyway."""

    def fits(price: float) -> bool:
        return _spending(problem, _best_point(problem, price))[0] <= problem.budget

    if fits(0.0):
        return 0.0
    low, high = 0.0, max(near, _PRECISION)
    while not fits(high) and high < _HIGHEST_PRICE:
        low, high = high, _STRIDE * high
    while high - low > _PRECISION * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _climbs(spec: SearchMarketSpec, market: Market) -> list[tuple[Floats, Floats]]:
    """Return for each group, over the queries in its reach from the highest click rate down: clicks, searches won.

    Clicks over the root of impressions are most where the queries with the highest click rates are won, down to some
    rate: looking at every such cut is enough, since within a query the ratio has no inner maximum.
    """
    reach = market.reach
    order = np.argsort(-market.click_rate[reach.query], kind="stable")
    order = order[reach.level[order] <= BROAD]
    climbs = []
    for group in range(spec.groups):
        queries = reach.query[order[reach.group[order] == group]]
        won = queries[np.sort(np.unique(queries, return_index=True)[1])]
        searches = market.searches[won]
        climbs.append((np.cumsum(searches * market.click_rate[won]), np.cumsum(searches)))
    return climbs


def _most_drift(spec: SearchMarketSpec, climbs: list[tuple[Floats, Floats]], quality: Floats, demand: float) -> Floats:
    """Return the most that each group's quality can rise in a round of ``demand``, whatever is decided."""
    above = np.maximum(quality - _NEUTRAL, 0.0)
    return np.array(
        [
            drift_of(spec, demand * clicks * better, demand * searches).max(initial=0.0)
            for (clicks, searches), better in zip(climbs, above, strict=True)
        ]
    )
