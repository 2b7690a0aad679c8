"""The market of a room: what a round's decisions bring, computed again from key and decisions wherever it is shown.

A team's score in a round is (value − naive) / (best − naive), clipped to [0, 1]. *value* is its expected profit in the
auctions as they were. *best* is the dual bound on what other constant bids, with ads that fit the searchers, could have
brought it against the same rivals. *naive* is what the engine's naive decision would have brought in its place, at least
0, which not bidding brings. So luck counts nothing, and neither does who the rivals are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np

from lti_tool.services.rooms.game import Credit, Document, RoundResult, Seen, Small, TeamResult
from qualoop.player.project_worlds import Recent
from qualoop.simulators import BaselineKind, DecisionForm
from qualoop.simulators.decisions import Decision, packed, unpacked
from qualoop.simulators.project import Team
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
from qualoop.values import Text

ENGINE: Final = SearchMarketEngine.name
ROLES: Final = (
    Team(key="buyer", title=Text({"en": "Buyer", "zh-Hans": "出价专员"}), components=("match", "bids")),
    Team(key="analyst", title=Text({"en": "Analyst", "zh-Hans": "数据分析员"}), components=("negatives",)),
    Team(key="copy", title=Text({"en": "Copywriter", "zh-Hans": "文案"}), components=("quality",)),
)
COLUMNS: Final = {
    "clicks": Text({"en": "Clicks", "zh-Hans": "点击"}),
    "orders": Text({"en": "Orders", "zh-Hans": "订单"}),
    "cost": Text({"en": "Cost", "zh-Hans": "花费"}),
    "margin": Text({"en": "Margin", "zh-Hans": "毛利"}),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """A room's market (a `Game`): its world, what is decided in it, the key of its chance."""

    world: SearchWorld
    form: DecisionForm
    key: WorldKey
    name: str = "market"
    roles: tuple[Team, ...] = ROLES
    is_shared: bool = True
    columns: Mapping[str, Text] = field(default_factory=lambda: COLUMNS)

    @property
    def rounds(self) -> int:
        """Return how many rounds the world has days for."""
        return self.world.spec.rounds

    @property
    def shocks(self) -> Mapping[str, Text]:
        """Return what the engine lets happen."""
        return SearchMarketEngine().shocks

    @property
    def start(self) -> Decision:
        """Return that nothing is bid on."""
        return self.form.defaults()

    def unpacked(self, small: Small) -> Decision:
        """Return a stored decision."""
        return unpacked(small, self.form)

    def packed(self, decision: Decision) -> dict[str, Any]:
        """Return a decision to store."""
        return packed(decision, self.form)

    def results(self, documents: Sequence[Document], /) -> list[RoundResult]:
        """Return the closed rounds; in the auctions each stands for itself."""
        return [play_round(self, number, document) for number, document in enumerate(documents)]

    def seen(self, documents: Sequence[Document], team: int, roles: Sequence[str], /) -> tuple[Seen, ...]:
        """Return nothing: pages show a market's keywords and its report in a form of their own."""
        return ()

    def credits(self, documents: Sequence[Document], team: int, /) -> tuple[Credit, ...]:
        """Return nothing: in a market of teams no one's result can be shared out without the rivals' answer."""
        return ()


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


def market_of(spec: SearchMarketSpec, key: str, _: Sequence[Mapping[str, Any]] = ()) -> Market:
    """Return the market of a room. Whom its teacher lets in stands in the document of each round, not in the world."""
    return _market(spec, key)


@lru_cache(maxsize=8)
def _market(spec: SearchMarketSpec, key: str) -> Market:
    engine, secret = SearchMarketEngine(), WorldKey.from_text(key)
    # The shocks are the room's, not the project's.
    world = engine.world(spec.model_copy(update={"shocks": ()}), secret)
    return Market(world=world, form=engine.form(world), key=secret)


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
        profit=float(run.margin[place] - run.cost[place]),
        counts={key: float(getattr(run, key)[place]) for key in COLUMNS},
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
