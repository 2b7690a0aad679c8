"""What a decision is worth in expectation: who answers each search, at what rank and price, within the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.simulators.sem.market import Market
from qualoop.simulators.sem.quality import drift_of, drifted
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.sem.tables import ResponseTable, response_table
from qualoop.simulators.sem.tally import summed
from qualoop.simulators.streams import Floats, Integers

_WITHOUT_QUALITY: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """A round's decision as arrays: match level and bid by keyword, exclusion by query, quality by ad group.

    ``quality`` is what the group's ads have before any drift.
    """

    level: Integers
    bid: Floats
    excluded: NDArray[np.bool_]
    quality: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """Who answers each query: ``keyword`` (the number of keywords where none does), its bid, quality and ad rank.

    ``group`` is the keyword's ad group, 0 where there is none.
    """

    keyword: Integers
    group: Integers
    bid: Floats
    quality: Floats
    rank: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """Expectations for one unit of demand, before the throttle: by query clicks, price of a click, chance of being shown.

    ``cost`` and ``gain`` (margin of orders) are their sums; ``throttle`` is the share of searches that the budget allows.
    """

    entry: Entry
    clicks: Floats
    price: Floats
    shown: Floats
    cost: float
    gain: float
    throttle: float

    @property
    def profit(self) -> float:
        """Return the profit of one unit of demand, throttled."""
        return self.throttle * (self.gain - self.cost)


def quality_effect(quality: Floats) -> Floats:
    """Return g(Q) = 0.5 + Q: by how much quality raises the click rate; 1 where it is neutral."""
    return _WITHOUT_QUALITY + quality


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contest:
    """The account's own keywords that may answer each search, under a decision: what quality alone will settle.

    Entries are sorted by query: ``bid`` and ``fit`` are theirs, ``place`` the number of their query among the
    ``queries`` that are reached, ``starts`` where each begins.
    """

    keyword: Integers
    group: Integers
    bid: Floats
    fit: Floats
    place: Integers
    queries: Integers
    starts: Integers
    keywords: int
    size: int


def contest(market: Market, choice: Choice) -> Contest:
    """Return which keywords may answer which queries: match types and exclusions settle that."""
    reach = market.reach
    level = np.append(choice.level, 0)[reach.keyword]
    kept = np.flatnonzero((reach.level <= level) & ~choice.excluded[reach.query])
    query, keyword = reach.query[kept], reach.keyword[kept]
    begins = np.diff(query, prepend=-1) > 0
    starts = np.flatnonzero(begins)
    return Contest(
        keyword=keyword,
        group=reach.group[kept],
        bid=choice.bid[keyword],
        fit=reach.fit[kept],
        place=np.cumsum(begins) - 1,
        queries=query[starts],
        starts=starts,
        keywords=len(choice.level),
        size=len(market.mu),
    )


def winners(each: Contest, quality: Floats) -> Entry:
    """Return who enters each query among the own keywords: the highest ad rank, then the first.

    ``quality`` is by group. That is the documented rule of platforms; an excluded query is answered by nobody.
    """
    own = quality[each.group] * each.fit
    rank = each.bid * own
    best = np.maximum.reduceat(rank, each.starts) if len(rank) else rank
    # Read backwards, the first entry of a query is the one that stays.
    reaching = np.flatnonzero(rank == best[each.place])[::-1]
    winner = np.empty(len(best), dtype=np.int64)
    winner[each.place[reaching]] = reaching
    keyword, group = np.full(each.size, each.keywords), np.zeros(each.size, dtype=np.int64)
    bid, own_quality, ranks = np.zeros(each.size), np.ones(each.size), np.zeros(each.size)
    keyword[each.queries] = each.keyword[winner]
    group[each.queries] = each.group[winner]
    bid[each.queries] = each.bid[winner]
    own_quality[each.queries] = own[winner]
    ranks[each.queries] = best
    return Entry(keyword=keyword, group=group, bid=bid, quality=own_quality, rank=ranks)


def entries(market: Market, choice: Choice, quality: Floats) -> Entry:
    """Return who enters each query, under a decision and with these qualities of the groups."""
    return winners(contest(market, choice), quality)


def outlook(spec: SearchMarketSpec, market: Market, entry: Entry, table: ResponseTable) -> Outlook:
    """Return what entries lead to against the rivals of ``table``: closed form, free of luck."""
    with np.errstate(divide="ignore"):
        y = np.log(entry.rank) - market.mu
    expected = table.at(np.maximum(y, table.low - 1.0))
    clicks = market.searches * market.click_rate * quality_effect(entry.quality) * expected[:, 0]
    price = np.minimum(entry.bid, np.exp(market.mu) * expected[:, 1] / entry.quality + spec.price_step)
    cost = float(clicks @ price)
    return Outlook(
        entry=entry,
        clicks=clicks,
        price=price,
        shown=expected[:, 2],
        cost=cost,
        gain=float(clicks @ market.worth),
        throttle=min(1.0, spec.budget / cost) if cost > 0.0 else 1.0,
    )


def rivals_in(spec: SearchMarketSpec, number: int) -> int:
    """Return how many rivals there are in a round (from 0): shocks that have come add one each."""
    return spec.rivals + sum(shock.round <= number + 1 for shock in spec.shocks if shock.kind == "rival_enters")


def round_table(spec: SearchMarketSpec, number: int) -> ResponseTable:
    """Return what ranks get and pay in a round (from 0)."""
    return response_table(rivals_in(spec, number), spec.sigma)


def round_demand(spec: SearchMarketSpec, market: Market, number: int) -> Floats:
    """Return the demand factors of a round's days."""
    return market.demand[number * spec.days_each : (number + 1) * spec.days_each]


def campaign(spec: SearchMarketSpec, market: Market, choices: Sequence[Choice]) -> list[Outlook]:
    """Return the outlook of every round: quality drifts from one to the next, on expected numbers."""
    drift = np.zeros(spec.groups)
    contests: dict[int, Contest] = {}
    results = []
    for number, choice in enumerate(choices):
        # What stands for several rounds is sorted out once.
        if id(choice) not in contests:
            contests[id(choice)] = contest(market, choice)
        entry = winners(contests[id(choice)], drifted(choice.quality, drift))
        result = outlook(spec, market, entry, round_table(spec, number))
        results.append(result)
        drift = drift + _moved(spec, market, result, float(round_demand(spec, market, number).sum()))
    return results


def campaign_value(spec: SearchMarketSpec, market: Market, results: Sequence[Outlook]) -> float:
    """Return the expected profit of all rounds, in money."""
    return sum(float(round_demand(spec, market, number).sum()) * result.profit for number, result in enumerate(results))


def _moved(spec: SearchMarketSpec, market: Market, result: Outlook, demand: float) -> Floats:
    """Return by how much each group's quality moves after a round of ``demand``."""
    group = result.entry.group
    weight = demand * result.throttle
    effect = quality_effect(result.entry.quality)
    surplus = summed(group, weight * result.clicks * (effect - 1.0) / effect, spec.groups)
    impressions = summed(group, weight * market.searches * result.shown, spec.groups)
    return drift_of(spec, surplus, impressions)
