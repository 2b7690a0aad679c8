"""One market for a whole class: up to 40 teams meet in the auctions of the same keywords.

Every day a team's ad rank is bid · quality · exp(0.15 z). The best five set positions and prices (quality-weighted
generalised second price). Searches are Poisson, clicks and orders binomial. Here a keyword is one auction: that of its
own query.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from qualoop.simulators.distributions import binomial_quantile, normal_quantile, poisson_quantile
from qualoop.simulators.sem.auction import quality_effect
from qualoop.simulators.sem.tables import EXAMINATION
from qualoop.simulators.sem.tally import summed
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import Floats, Integers, WorldKey

MOST_TEAMS: Final = 40

_SLOTS: Final = len(EXAMINATION)
_SPREAD: Final = 0.15
_JITTER_POINTS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedMarket:
    """Arrays over keywords: searches a day, click rate in slot 1, order rate, margin; demand factors of the days.

    ``budget`` is each team's money for an average day.
    """

    searches: Floats
    click_rate: Floats
    order_rate: Floats
    margin: Floats
    demand: Floats
    budget: float
    price_step: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineUp:
    """Bids and qualities of all teams, (team, keyword); a bid of 0 takes no part."""

    bid: Floats
    quality: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Every day's auctions: ``ranks`` (day, keyword, team); ``order`` and ``best`` are teams and ranks of the best five."""

    ranks: Floats
    order: Integers
    best: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plans:
    """What a day's winners may expect, (day, keyword, slot): chance of a click for a search, and its price.

    ``throttle`` is the share of a day's searches that a team's budget allows, (day, team).
    """

    chance: Floats
    price: Floats
    throttle: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketRun:
    """What came out for each team: arrays over teams, and the ranks that it came from."""

    ranking: Ranking
    clicks: Floats
    orders: Floats
    cost: Floats
    margin: Floats

    @property
    def profit(self) -> Floats:
        """Return margin less cost, by team."""
        return self.margin - self.cost


def shared_market(world: SearchWorld) -> SharedMarket:
    """Return the auctions of a campaign's keywords as a market of a class."""
    own = world.market.keyword_query
    return SharedMarket(
        searches=world.market.searches[own],
        click_rate=world.market.click_rate[own],
        order_rate=world.market.order_rate[own],
        margin=world.market.margin[own],
        demand=world.market.demand,
        budget=world.spec.budget,
        price_step=world.spec.price_step,
    )


def play_market(market: SharedMarket, teams: LineUp, key: WorldKey) -> MarketRun:
    """Return how all days come out, with the chance of ``key``: the same days for every line-up of as many teams."""
    ranking = rank_teams(market, teams, key)
    plans = plan_days(market, teams, ranking)
    demand = market.demand[:, None] * market.searches
    searches = poisson_quantile(key.uniforms("searches", shape=demand.shape), demand)
    clicks = _clicked(plans, ranking, searches, key)
    rates = np.broadcast_to(market.order_rate[None, :, None], clicks.shape)
    orders = binomial_quantile(key.uniforms("orders", shape=clicks.shape), clicks, rates)
    count, team = len(teams.bid), ranking.order[..., :_SLOTS].ravel()

    def by_team(values: Floats | Integers) -> Floats:
        return summed(team, values.ravel(), count)

    return MarketRun(
        ranking=ranking,
        clicks=by_team(clicks),
        orders=by_team(orders),
        cost=by_team(clicks * plans.price),
        margin=by_team(orders * market.margin[None, :, None]),
    )


def _clicked(plans: Plans, ranking: Ranking, searches: Integers, key: WorldKey) -> Integers:
    day = np.arange(len(searches))[:, None, None]
    chance = plans.chance * plans.throttle[day, ranking.order[..., :_SLOTS]]
    uniforms = key.uniforms("clicks", shape=chance.shape)
    return binomial_quantile(uniforms, np.broadcast_to(searches[..., None], chance.shape), chance)


def rank_teams(market: SharedMarket, teams: LineUp, key: WorldKey) -> Ranking:
    """Return every day's ranks and the best five; where fewer take part, the rest have rank 0."""
    count, keywords = teams.bid.shape
    days = len(market.demand)
    ranks = (teams.bid * teams.quality).T[None] * _jitter(key.uniforms("ranks", shape=(days, keywords, count)))
    if count <= _SLOTS:
        ranks = np.concatenate((ranks, np.zeros((days, keywords, _SLOTS + 1 - count))), axis=2)
    leaders = np.argpartition(ranks, -(_SLOTS + 1), axis=2)[..., -(_SLOTS + 1) :]
    best = np.take_along_axis(ranks, leaders, axis=2)
    falling = np.argsort(-best, axis=2, kind="stable")
    order = np.take_along_axis(leaders, falling, axis=2)
    # Places of teams that are not there have rank 0 and nobody's money: any team's number does.
    return Ranking(
        ranks=ranks[..., :count],
        order=np.minimum(order, count - 1),
        best=np.take_along_axis(best, falling, axis=2),
    )


def plan_days(market: SharedMarket, teams: LineUp, ranking: Ranking) -> Plans:
    """Return chances, prices and throttles that follow from ranks, before any chance in searches."""
    team = ranking.order[..., :_SLOTS]
    keyword = np.arange(len(market.searches))[None, :, None]
    quality = teams.quality[team, keyword]
    shown = ranking.best[..., :_SLOTS] > 0.0
    looked = np.asarray(EXAMINATION) * shown * market.click_rate[None, :, None]
    chance = np.minimum(looked * quality_effect(quality), 1.0)
    price = np.minimum(teams.bid[team, keyword], ranking.best[..., 1:] / quality + market.price_step)
    days, count = len(market.demand), len(teams.bid)
    cost = market.demand[:, None, None] * market.searches[None, :, None] * chance * price
    index = (np.arange(days)[:, None, None] * count + team).ravel()
    spent = summed(index, cost.ravel(), days * count).reshape(days, count)
    allowed = market.budget * market.demand[:, None]
    return Plans(chance=chance, price=price, throttle=np.minimum(1.0, allowed / np.maximum(spent, allowed)))


def _jitter(uniforms: Floats) -> Floats:
    """Return exp(0.15 z) by linear interpolation of its quantiles: many draws, and nothing hangs on the far tails."""
    values, steps = _jitter_table()
    place = uniforms * (_JITTER_POINTS - 1)
    index = place.astype(np.int32)
    place -= index
    place *= steps[index]
    place += values[index]
    return place


@lru_cache(maxsize=1)
def _jitter_table() -> tuple[Floats, Floats]:
    chances = (np.arange(_JITTER_POINTS) + 0.5) / _JITTER_POINTS
    values = np.exp(_SPREAD * normal_quantile(chances))
    return values, np.append(np.diff(values), 0.0)
