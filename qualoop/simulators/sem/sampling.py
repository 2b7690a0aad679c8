"""A run as it comes out, luck and all, whose mean is exactly the expected value that is scored.

Chance hangs on queries and days, never on the learner's keywords: the same customers and rivals meet every decision.
Only potential clicks are drawn: searches that would be clicked in slot 1 at top quality, of which a decision keeps
some (thinning of a Poisson process). The best rivals come by Rényi's recursion for order statistics (1953).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.distributions import binomial_quantile, normal_cdf, normal_quantile, poisson_quantile
from qualoop.simulators.sem.auction import Entry, Outlook, quality_effect, rivals_in, round_demand
from qualoop.simulators.sem.market import Market
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.sem.tables import EXAMINATION
from qualoop.simulators.sem.tally import Tally, summed
from qualoop.simulators.streams import Floats, Integers, WorldKey

_TOP_EFFECT: Final = 1.5
"""The quality effect of the best quality: nothing is clicked more often."""
_CLICK_BITS: Final = 21.0
_ORDER_BITS: Final = 21.0
_RIVAL_BITS: Final = 26.0
_TINY: Final = 1e-300
_LEAST: Final = 2.0**-54


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoundRun:
    """A round as it came out: in all by query, and (day, 4) clicks, orders, cost and margin."""

    tally: Tally
    days: Floats

    @property
    def profit(self) -> float:
        """Return the realised profit."""
        return float(self.tally.margin.sum() - self.tally.cost.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Clicks:
    query: Integers
    moment: Floats
    cost: Floats
    ordered: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Meeting:
    """Whom potential clicks meet: what the account does, and by query how likely a click in slot 0 is kept."""

    result: Outlook
    rivals: int
    accepted: Floats


def run_campaign(spec: SearchMarketSpec, market: Market, results: Sequence[Outlook], run: WorldKey) -> list[RoundRun]:
    """Return how the rounds with these outlooks come out under the luck of ``run``."""
    arrivals = _arrivals(spec, market, run)
    return [_run_round(spec, market, (number, result, arrivals[number]), run) for number, result in enumerate(results)]


def _arrivals(spec: SearchMarketSpec, market: Market, run: WorldKey) -> Integers:
    """Return (round, query): how many potential clicks there are, whatever is decided."""
    demand = market.demand.reshape(spec.rounds, spec.days_each).sum(axis=1)
    mean = np.outer(demand, market.searches * market.click_rate * _TOP_EFFECT)
    return poisson_quantile(run.uniforms("arrivals", shape=mean.shape), mean)


def _run_round(
    spec: SearchMarketSpec, market: Market, played: tuple[int, Outlook, Integers], run: WorldKey
) -> RoundRun:
    number, result, arrivals = played
    demand = round_demand(spec, market, number)
    uniforms = run.uniforms("potential", number, shape=(3, int(arrivals.sum())))
    # The throttle is the planned one, not made anew from what was spent: else the mean would be too low.
    kept = result.throttle * quality_effect(result.entry.quality) / _TOP_EFFECT
    meeting = _Meeting(
        result=result,
        rivals=rivals_in(spec, number),
        accepted=np.where(result.entry.rank > 0.0, kept, 0.0),
    )
    clicks = _clicks(spec, market, meeting, (arrivals, uniforms))
    return RoundRun(
        tally=_tally(market, result, clicks, _searches(market, demand, arrivals, run.derive("display", number))),
        days=_by_day(market, clicks, demand),
    )


def _clicks(spec: SearchMarketSpec, market: Market, meeting: _Meeting, drawn: tuple[Integers, Floats]) -> _Clicks:
    """Return the clicks among the potential ones, in their order."""
    arrivals, uniforms = drawn
    # What is no click even in slot 0 needs no rivals: they are looked at for the rest alone.
    chosen = np.flatnonzero(uniforms[0] < np.repeat(meeting.accepted, arrivals))
    query = np.repeat(np.arange(len(arrivals)), arrivals)[chosen]
    wants = uniforms[0, chosen]
    best = _best_rivals(uniforms[1, chosen], uniforms[2, chosen], meeting.rivals)
    position = (best > _own_rank(spec, market, meeting.result.entry)[query]).sum(axis=0)
    looks = np.append(np.asarray(EXAMINATION), 0.0)[position]
    kept = np.flatnonzero(wants < meeting.accepted[query] * looks)
    return _priced(spec, market, meeting.result.entry, (query[kept], best[position[kept], kept], wants[kept]))


def _priced(spec: SearchMarketSpec, market: Market, entry: Entry, clicks: tuple[Integers, Floats, Floats]) -> _Clicks:
    query, next_best, wants = clicks
    rank = np.exp(market.mu[query] + spec.sigma * normal_quantile(np.exp(next_best)))
    orders = _lower(wants, _CLICK_BITS)
    return _Clicks(
        query=query,
        moment=_lower(orders, _ORDER_BITS),
        cost=np.minimum(entry.bid[query], rank / entry.quality[query] + spec.price_step),
        ordered=(orders < market.order_rate[query]).astype(np.int64),
    )


def _own_rank(spec: SearchMarketSpec, market: Market, entry: Entry) -> Floats:
    """Return log F at the own ad rank, by query."""
    with np.errstate(divide="ignore"):
        below = normal_cdf((np.log(entry.rank) - market.mu) / spec.sigma)
    return np.log(np.maximum(below, _TINY))


def _best_rivals(first: Floats, second: Floats, rivals: int) -> Floats:
    """Return (slot, event): log F at the four best rivals' ranks, falling."""
    logs = np.log(np.stack((first, _lower(first, _RIVAL_BITS), second, _lower(second, _RIVAL_BITS))))
    for slot in range(len(EXAMINATION)):
        logs[slot] /= rivals - slot
        if slot:
            logs[slot] += logs[slot - 1]
    return logs


def _lower(uniforms: Floats, bits: float) -> Floats:
    """Return what is left of uniforms below their highest bits: uniforms again, which save drawing more.

    The two are independent but for one part in 2^bits.
    """
    scaled = uniforms * 2.0**bits
    # The highest uniforms have no bits to spare below 2^-53: none may be left, and 0 has no logarithm.
    rest: Floats = np.maximum(scaled - np.floor(scaled), _LEAST)
    return rest


def _searches(market: Market, demand: Floats, arrivals: Integers, display: WorldKey) -> tuple[Integers, Floats]:
    """Return how many searches there were, by query, and the uniforms by which impressions are rounded."""
    others = demand.sum() * market.searches * np.maximum(1.0 - _TOP_EFFECT * market.click_rate, 0.0)
    uniforms = display.uniforms("rounding", shape=(2, len(others)))
    return arrivals + np.floor(others + uniforms[0]).astype(np.int64), uniforms[1]


def _tally(market: Market, result: Outlook, clicks: _Clicks, shown: tuple[Integers, Floats]) -> Tally:
    searches, rounding = shown
    count = len(searches)
    clicked = np.bincount(clicks.query, minlength=count)
    orders = summed(clicks.query, clicks.ordered, count).astype(np.int64)
    impressions = np.floor(searches * result.throttle * result.shown + rounding).astype(np.int64)
    return Tally(
        keyword=result.entry.keyword,
        searches=searches,
        impressions=np.clip(impressions, clicked, searches),
        clicks=clicked,
        orders=orders,
        cost=summed(clicks.query, clicks.cost, count),
        margin=orders * market.margin,
    )


def _by_day(market: Market, clicks: _Clicks, demand: Floats) -> Floats:
    """Return (day, 4): clicks, orders, cost and margin; a click falls on a day by the demand of the days."""
    ends = np.cumsum(demand) / demand.sum()
    day = np.minimum(np.searchsorted(ends, clicks.moment), len(demand) - 1)
    margin = clicks.ordered * market.margin[clicks.query]
    columns = (np.ones(len(day)), clicks.ordered, clicks.cost, margin)
    return np.stack([summed(day, column, len(demand)) for column in columns], axis=1)


def draw_history(spec: SearchMarketSpec, market: Market, result: Outlook, run: WorldKey) -> Tally:
    """Return how a long time with this outlook came out, drawn by query at once."""
    weight = spec.history_days * result.throttle
    clicks = poisson_quantile(run.uniforms("clicks", shape=len(market.mu)), weight * result.clicks)
    orders = binomial_quantile(run.uniforms("orders", shape=len(market.mu)), clicks, market.order_rate)
    searches = np.maximum(np.round(spec.history_days * market.searches).astype(np.int64), clicks)
    impressions = np.round(weight * market.searches * result.shown).astype(np.int64)
    return Tally(
        keyword=result.entry.keyword,
        searches=searches,
        impressions=np.clip(impressions, clicks, searches),
        clicks=clicks,
        orders=orders,
        cost=clicks * result.price,
        margin=orders * market.margin,
    )
