"""How well a team bid, given what the others did: its expected value, and its regret against the best response.

The others' ranks, as they were day by day, stand in place of a distribution of rivals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Decision
from qualoop.simulators.distributions import lognormal_quantile
from qualoop.simulators.sem.account import read_decision
from qualoop.simulators.sem.auction import quality_effect
from qualoop.simulators.sem.market import OFF
from qualoop.simulators.sem.shared import MOST_TEAMS, LineUp, Ranking, SharedMarket
from qualoop.simulators.sem.tables import EXAMINATION
from qualoop.simulators.sem.tally import by_keyword
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import Floats, Integers, WorldKey

_SLOTS: Final = len(EXAMINATION)
_CANDIDATES: Final = 32
_PRECISION: Final = 1e-6
_HIGHEST_PRICE: Final = 1e6
_BOT_SHARE: Final = (-0.7, 0.3)
_BOT_WEIGHT: Final = 150.0
_BOT_QUALITY: Final = (0.45, 0.35)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """What a team could expect (``value``), what the best response could at most (``best``), in money over all days."""

    value: float
    best: float

    @property
    def lost(self) -> float:
        """Return the regret."""
        return max(self.best - self.value, 0.0)

    @property
    def score(self) -> float:
        """Return the share of the best response that was reached, in [0, 1]."""
        return min(max(self.value / self.best, 0.0), 1.0) if self.best > 0.0 else float(self.value >= self.best)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Field:
    """What one team meets: the best other ranks (day, keyword, slot), falling, and its own jitter (day, keyword)."""

    others: Floats
    jitter: Floats
    quality: Floats


def team_value(market: SharedMarket, teams: LineUp, ranking: Ranking, team: int) -> float:
    """Return a team's expected profit in the auctions as they were: free of the luck of searches, clicks and orders."""
    clicks, cost = _expected(market, _field(teams, ranking, team), teams.bid[team][None])
    spent = cost[0].sum(axis=1)
    allowed = market.budget * market.demand
    throttle = np.minimum(1.0, allowed / np.maximum(spent, allowed))
    gain = (clicks[0] * (market.order_rate * market.margin)).sum(axis=1)
    return float(throttle @ (gain - spent))


def regret(market: SharedMarket, teams: LineUp, ranking: Ranking, team: int) -> Regret:
    """Return a team's regret: against a bound on everything that other constant bids could have brought it.

    The bound is the Lagrangian dual over the whole time's budget, on candidate bids for each keyword.
    """
    field = _field(teams, ranking, team)
    candidates = np.vstack((teams.bid[team], _candidates(field)))
    clicks, cost = (sums.sum(axis=1) for sums in _expected(market, field, candidates))
    gain = clicks * (market.order_rate * market.margin)
    best = _best_within(gain, cost, market.budget * float(market.demand.sum()))
    value = team_value(market, teams, ranking, team)
    return Regret(value=value, best=max(best, value))


def _field(teams: LineUp, ranking: Ranking, team: int) -> _Field:
    own = (teams.bid[team] * teams.quality[team])[None]
    jitter = np.where(own > 0.0, ranking.ranks[..., team] / np.where(own > 0.0, own, 1.0), 1.0)
    others = np.delete(ranking.ranks, team, axis=2)
    if others.shape[2] < _SLOTS:
        missing = np.zeros((*others.shape[:2], _SLOTS - others.shape[2]))
        others = np.concatenate((others, missing), axis=2)
    best = -np.sort(-np.partition(others, -_SLOTS, axis=2)[..., -_SLOTS:], axis=2)
    return _Field(others=best, jitter=jitter, quality=teams.quality[team])


def _expected(market: SharedMarket, field: _Field, bids: Floats) -> tuple[Floats, Floats]:
    """Return expected clicks and cost, (bid, day, keyword), unthrottled, of ``bids`` (bid, keyword)."""
    rank = (bids * field.quality)[:, None, :] * field.jitter[None]
    position = np.zeros(rank.shape, dtype=np.int64)
    next_rank = np.zeros(rank.shape)
    for slot in reversed(range(_SLOTS)):
        above = field.others[None, ..., slot] > rank
        position += above
        next_rank = np.where(above, next_rank, field.others[None, ..., slot])
    looks = np.append(np.asarray(EXAMINATION), 0.0)[position] * (rank > 0.0)
    chance = np.minimum(looks * market.click_rate * quality_effect(field.quality), 1.0)
    clicks = market.demand[:, None] * market.searches * chance
    price = np.minimum(bids[:, None, :], next_rank / field.quality + market.price_step)
    return clicks, clicks * price


def _candidates(field: _Field) -> Floats:
    """Return bids to try, (bid, keyword): none, and just above quantiles of what beat or followed the team."""
    needed = field.others / (field.quality * field.jitter)[..., None]
    by_keyword_ = np.moveaxis(needed, 1, 0).reshape(needed.shape[1], -1)
    levels = np.quantile(by_keyword_, np.linspace(0.0, 1.0, _CANDIDATES), axis=1)
    return np.vstack((np.zeros((1, needed.shape[1])), levels * (1.0 + _PRECISION) + _PRECISION))


def _best_within(gain: Floats, cost: Floats, budget: float) -> float:
    """Return the dual bound on the profit of one candidate a keyword within a budget."""

    def chosen(price: float) -> Integers:
        return np.asarray((gain - (1.0 + price) * cost).argmax(axis=0))

    keyword = np.arange(gain.shape[1])
    low, high = 0.0, 1.0
    if float(cost[chosen(0.0), keyword].sum()) <= budget:
        high = 0.0
    while high and float(cost[chosen(high), keyword].sum()) > budget and high < _HIGHEST_PRICE:
        low, high = high, 2.0 * high
    while high - low > _PRECISION * max(high, 1.0):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if float(cost[chosen(middle), keyword].sum()) <= budget else (middle, high)
    return float((gain - (1.0 + high) * cost).max(axis=0).sum()) + high * budget


def team_of(world: SearchWorld, decision: Decision) -> tuple[Floats, Floats]:
    """Return bids and qualities by keyword of a decision: of a team that plays now, or of a ghost, which is stored."""
    choice = read_decision(world, decision)
    own = world.market.keyword_query
    playing = (choice.level > OFF) & ~choice.excluded[own]
    return np.where(playing, choice.bid, 0.0), choice.quality[world.market.group[own]]


def line_up(
    world: SearchWorld, decisions: list[Decision], ghosts: list[Decision], key: WorldKey, *, size: int = MOST_TEAMS
) -> LineUp:
    """Return who plays: the teams first, then ghosts while there is room, then bots up to ``size``."""
    seated = [team_of(world, decision) for decision in [*decisions, *ghosts][:size]]
    bots = [_bot(world, key.derive("bot", number)) for number in range(size - len(seated))]
    bids, qualities = zip(*seated, *bots, strict=True)
    return LineUp(bid=np.stack(bids), quality=np.stack(qualities))


def _bot(world: SearchWorld, key: WorldKey) -> tuple[Floats, Floats]:
    """Return a bot: it bids a share, of its own, of what the report says that a click is worth."""
    sums = by_keyword(world.history, world.spec.keywords)
    usual = sums.margin.sum() / max(float(sums.clicks.sum()), 1.0)
    worth = (sums.margin + _BOT_WEIGHT * usual) / (sums.clicks + _BOT_WEIGHT)
    share = float(lognormal_quantile(key.uniforms("share", shape=1), *_BOT_SHARE)[0])
    low, width = _BOT_QUALITY
    quality = low + width * key.uniforms("quality", shape=world.spec.groups)
    return np.round(share * worth, 2), quality[world.market.group[world.market.keyword_query]]
