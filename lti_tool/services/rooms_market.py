"""The market of a room: what a round's decisions bring, computed again from key and decisions wherever it is shown.

A team's score in a round is (value − naive) / (best − naive), clipped to [0, 1]. *value* is its expected profit in the
auctions as they were. *best* is the dual bound on what other constant bids, with ads that fit the searchers, could have
brought it against the same rivals. *naive* is what the engine's naive decision would have brought in its place, at least
0, which not bidding brings. So luck counts nothing, and neither does who the rivals are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np

from qualoop.player.project_worlds import Recent
from qualoop.simulators import BaselineKind, DecisionForm
from qualoop.simulators.decisions import Decision, packed, unpacked
from qualoop.simulators.scoring import as_score
from qualoop.simulators.sem.engine import SearchMarketEngine
from qualoop.simulators.sem.responses import line_up, regret, team_of, team_value
from qualoop.simulators.sem.shared import (
    LineUp,
    MarketRun,
    Ranking,
    SharedMarket,
    plan_days,
    play_market,
    rank_teams,
    shared_market,
)
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import Floats, WorldKey
from qualoop.values import Score, Text

ENGINE: Final = SearchMarketEngine.name
Small = Mapping[str, Any]
"""A decision as it is stored: `decisions.packed`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """A room's market: its world, what is decided in it, the key of its chance."""

    world: SearchWorld
    form: DecisionForm
    key: WorldKey

    def unpacked(self, small: Small) -> Decision:
        """Return a stored decision."""
        return unpacked(small, self.form)

    def packed(self, decision: Decision) -> dict[str, Any]:
        """Return a decision to store."""
        return packed(decision, self.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamResult:
    """What a round, or several, brought a team: money in the project's currency.

    ``expected``, ``naive`` and ``best`` are free of luck; ``scores`` has one score a round, in [0, 1].
    """

    team: int
    clicks: float
    orders: float
    cost: float
    margin: float
    expected: float
    naive: float
    best: float
    scores: tuple[Score, ...]

    @property
    def profit(self) -> float:
        """Return the profit as it came out."""
        return self.margin - self.cost

    @property
    def lost(self) -> float:
        """Return the regret: what the best response would have brought more."""
        return max(self.best - self.expected, 0.0)

    @property
    def score(self) -> Score:
        """Return the mean of the rounds' scores."""
        return Score.of(sum(self.scores, Score(0)), len(self.scores))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundResult:
    """A closed round, counted from 0: the teams by number; ``profits`` are those of all advertisers, falling."""

    number: int
    teams: tuple[TeamResult, ...]
    profits: tuple[float, ...]

    def find(self, team: int) -> TeamResult | None:
        """Return a team's result, None where nobody sat in it."""
        return next((each for each in self.teams if each.team == team), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordPlace:
    """What a team could observe of a keyword in a round: days on the page, mean position and price; None where never."""

    label: Text
    bid: float
    days: int
    position: float | None
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Play:
    """A round that was played, and the day-to-day chance in everybody's ad rank, (day, keyword, team)."""

    market: SharedMarket
    teams: LineUp
    run: MarketRun
    jitter: Floats


_RESULTS: Final[Recent[RoundResult]] = Recent(64)
_PLAYS: Final[Recent[_Play]] = Recent(16)


@lru_cache(maxsize=8)
def market_of(spec: SearchMarketSpec, key: str) -> Market:
    """Return the market of a room; the shocks are the room's, not the project's."""
    engine, secret = SearchMarketEngine(), WorldKey.from_text(key)
    world = engine.world(spec.model_copy(update={"shocks": ()}), secret)
    return Market(world=world, form=engine.form(world), key=secret)


def round_document(teams: Mapping[int, Small], ghosts: Sequence[Small], size: int) -> dict[str, Any]:
    """Return how a round is stored: decisions by team, those of ghosts, how many advertisers there are, and a digest."""
    played = {"teams": {str(team): teams[team] for team in sorted(teams)}, "ghosts": list(ghosts), "size": size}
    digest = hashlib.sha256(json.dumps(played, sort_keys=True).encode()).hexdigest()
    return {**played, "digest": digest}


def play_round(market: Market, number: int, document: Mapping[str, Any]) -> RoundResult:
    """Return what a stored round brought; kept for a while, since a whole class looks at the same."""
    return _RESULTS.get((market, number, document["digest"]), lambda: _result(market, number, document))


def keyword_places(market: Market, number: int, document: Mapping[str, Any], team: int) -> list[KeywordPlace]:
    """Return what a team could see of its keywords, those on which it bid."""
    play = _played(market, number, document)
    place = sorted(map(int, document["teams"])).index(team)
    ranking, plans = play.run.ranking, plan_days(play.market, play.teams, play.run.ranking)
    slots = plans.price.shape[2]
    won = (ranking.order[..., :slots] == place) & (ranking.best[..., :slots] > 0.0)
    days = won.sum(axis=(0, 2))
    position = (won * (1 + np.arange(slots))).sum(axis=(0, 2))
    price = (won * plans.price).sum(axis=(0, 2))
    rows = market.form.tables[0].rows
    return [
        KeywordPlace(
            label=rows[each].label,
            bid=float(play.teams.bid[place, each]),
            days=int(days[each]),
            position=float(position[each] / days[each]) if days[each] else None,
            price=float(price[each] / days[each]) if days[each] else None,
        )
        for each in np.flatnonzero(play.teams.bid[place] > 0.0)
    ]


def total(rounds: Sequence[RoundResult], team: int) -> TeamResult | None:
    """Return a team's rounds together; None where it has none."""
    found = [result for each in rounds if (result := each.find(team)) is not None]
    if not found:
        return None
    names = ("clicks", "orders", "cost", "margin", "expected", "naive", "best")
    sums = {name: sum(getattr(each, name) for each in found) for name in names}
    return TeamResult(team=team, scores=tuple(score for each in found for score in each.scores), **sums)


def standings(rounds: Sequence[RoundResult]) -> list[TeamResult]:
    """Return all teams, the best score first, then the higher profit."""
    teams = sorted({each.team for result in rounds for each in result.teams})
    found = [each for team in teams if (each := total(rounds, team)) is not None]
    return sorted(found, key=lambda each: (-each.score, -each.profit, each.team))


def _result(market: Market, number: int, document: Mapping[str, Any]) -> RoundResult:
    play = _played(market, number, document)
    numbers = sorted(map(int, document["teams"]))
    teams = tuple(_team_result(market, play, place, team) for place, team in enumerate(numbers))
    return RoundResult(number=number, teams=teams, profits=tuple(sorted(play.run.profit.tolist(), reverse=True)))


def _played(market: Market, number: int, document: Mapping[str, Any]) -> _Play:
    return _PLAYS.get((market, number, document["digest"]), lambda: _play(market, number, document))


def _play(market: Market, number: int, document: Mapping[str, Any]) -> _Play:
    decisions = [market.unpacked(document["teams"][team]) for team in sorted(document["teams"], key=int)]
    ghosts = [market.unpacked(each) for each in document["ghosts"]]
    teams = line_up(market.world, decisions, ghosts, market.key.derive("bots"), size=document["size"])
    shared, key, days = shared_market(market.world), market.key.derive("round", number), market.world.spec.days_each
    shared = replace(shared, demand=shared.demand[number * days : (number + 1) * days])
    ones = np.ones_like(teams.bid)
    jitter = rank_teams(shared, LineUp(bid=ones, quality=ones), key).ranks
    return _Play(market=shared, teams=teams, run=play_market(shared, teams, key), jitter=jitter)


def _team_result(market: Market, play: _Play, place: int, team: int) -> TeamResult:
    run = play.run
    value = team_value(play.market, play.teams, run.ranking, place)
    best = regret(play.market, *_instead(play, place, play.teams.bid[place], _fitting(market.world)), place).best
    best = max(best, regret(play.market, play.teams, run.ranking, place).best)
    naive = max(team_value(play.market, *_instead(play, place, *_naive(market)), place), 0.0)
    share = (value - naive) / (best - naive) if best > naive else 0.0
    return TeamResult(
        team=team,
        clicks=float(run.clicks[place]),
        orders=float(run.orders[place]),
        cost=float(run.cost[place]),
        margin=float(run.margin[place]),
        expected=value,
        naive=naive,
        best=best,
        scores=(as_score(share),),
    )


def _instead(play: _Play, place: int, bid: Floats, quality: Floats) -> tuple[LineUp, Ranking]:
    """Return line-up and ranks had one team bid otherwise on the same days."""
    bids, qualities, ranks = play.teams.bid.copy(), play.teams.quality.copy(), play.run.ranking.ranks.copy()
    bids[place], qualities[place] = bid, quality
    ranks[..., place] = bid * quality * play.jitter[..., place]
    return LineUp(bid=bids, quality=qualities), replace(play.run.ranking, ranks=ranks)


@lru_cache(maxsize=8)
def _naive(market: Market) -> tuple[Floats, Floats]:
    plan = SearchMarketEngine().baseline(market.world, BaselineKind.NAIVE)
    return team_of(market.world, (plan or [market.form.defaults()])[0])


def _fitting(world: SearchWorld) -> Floats:
    quality = world.quality_of(world.fitting_options())
    return quality[world.market.group[world.market.keyword_query]]
