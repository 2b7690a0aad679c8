"""One market for many teams: auctions by brute force, luck around the expected value, regret against all else."""

from __future__ import annotations

from statistics import fmean, stdev

import numpy as np
import pytest

from qualoop.simulators import BaselineKind, WorldKey
from qualoop.simulators.sem.engine import SearchMarketEngine
from qualoop.simulators.sem.responses import line_up, regret, team_of, team_value
from qualoop.simulators.sem.shared import LineUp, SharedMarket, plan_days, play_market, rank_teams, shared_market
from qualoop.simulators.sem.tables import EXAMINATION
from qualoop.simulators.sem.worlds import SearchWorld

KEY = WorldKey.of_seed(4, "market")


@pytest.fixture(scope="module")
def market(small: SearchWorld) -> SharedMarket:
    return shared_market(small)


@pytest.fixture(scope="module")
def teams(small: SearchWorld) -> LineUp:
    engine = SearchMarketEngine()
    decisions = [engine.reference(small)[0], (engine.baseline(small, BaselineKind.POOR) or [])[0]]
    return line_up(small, decisions, [], KEY, size=12)


def test_positions_and_prices_are_those_of_an_auction(market: SharedMarket, teams: LineUp) -> None:
    ranking = rank_teams(market, teams, KEY)
    plans = plan_days(market, teams, ranking)
    for day, keyword in ((0, 0), (3, 17), (8, 39)):
        ranks = ranking.ranks[day, keyword]
        falling = sorted(range(12), key=lambda team, ranks=ranks: -ranks[team])
        for slot, team in enumerate(falling[:4]):
            if ranks[team] == 0:
                assert plans.chance[day, keyword, slot] == 0
                continue
            quality = teams.quality[team, keyword]
            paid = min(teams.bid[team, keyword], ranks[falling[slot + 1]] / quality + market.price_step)
            assert ranking.order[day, keyword, slot] == team
            assert plans.price[day, keyword, slot] == pytest.approx(paid)
            click = EXAMINATION[slot] * market.click_rate[keyword] * (0.5 + quality)
            assert plans.chance[day, keyword, slot] == pytest.approx(click)


def test_nobody_pays_more_than_the_budget_may_be_expected_to_allow(market: SharedMarket, teams: LineUp) -> None:
    poor = SharedMarket(
        searches=market.searches * 5,
        click_rate=market.click_rate,
        order_rate=market.order_rate,
        margin=market.margin,
        demand=market.demand,
        budget=1.0,
        price_step=market.price_step,
    )
    run = play_market(poor, teams, KEY)
    assert (run.cost <= 1.0 * poor.demand.sum() * 1.6).all()
    assert (run.orders <= run.clicks).all()


def test_luck_lies_around_the_expected_value(market: SharedMarket, teams: LineUp) -> None:
    luck = []
    for seed in range(80):
        run = play_market(market, teams, WorldKey.of_seed(seed, "days"))
        luck.append([run.profit[team] - team_value(market, teams, run.ranking, team) for team in (0, 1, 5)])
    for column in zip(*luck, strict=True):
        assert abs(fmean(column)) <= 3.2 * stdev(column) / len(column) ** 0.5


@pytest.mark.parametrize("team", [0, 1, 5, 11])
def test_no_other_constant_bids_beat_the_best_response(market: SharedMarket, teams: LineUp, team: int) -> None:
    ranking = rank_teams(market, teams, KEY)
    found = regret(market, teams, ranking, team)
    assert found.value == pytest.approx(team_value(market, teams, ranking, team))
    assert found.best >= max(found.value, 0)
    assert 0 <= found.score <= 1
    for seed in range(30):
        scale = WorldKey.of_seed(seed, "other").uniforms("scale", shape=teams.bid.shape[1])
        bid = teams.bid.copy()
        bid[team] = np.where(scale > 0.3, 2.5 * scale * np.maximum(bid[team], 0.1), 0.0)
        other = LineUp(bid=bid, quality=teams.quality)
        own = rank_teams(market, other, KEY)
        # A team that was out has no jitter of its own in the ranking that is judged.
        if (teams.bid[team] > 0).all():
            assert team_value(market, other, own, team) <= found.best * 1.03 + 1e-6


def test_the_same_days_come_for_every_line_up(market: SharedMarket, teams: LineUp) -> None:
    one = rank_teams(market, teams, KEY)
    bid = teams.bid.copy()
    bid[3] *= 2.0
    other = rank_teams(market, LineUp(bid=bid, quality=teams.quality), KEY)
    assert (one.ranks[..., 4] == other.ranks[..., 4]).all()
    assert other.ranks[..., 3] == pytest.approx(2.0 * one.ranks[..., 3])


@pytest.mark.parametrize("size", [1, 3, 5])
def test_few_teams_share_the_slots_and_the_last_pays_the_step(small: SearchWorld, size: int) -> None:
    market = shared_market(small)
    alone = line_up(small, [], [], KEY, size=size)
    run = play_market(market, alone, KEY)
    assert run.clicks.shape == (size,)
    if size == 1:
        assert run.cost[0] == pytest.approx(run.clicks[0] * market.price_step)


def test_free_slots_go_to_ghosts_and_then_to_bots(small: SearchWorld) -> None:
    engine = SearchMarketEngine()
    decision = engine.reference(small)[0]
    ghost = (engine.baseline(small, BaselineKind.POOR) or [])[0]
    teams = line_up(small, [decision], [ghost], KEY, size=6)
    assert teams.bid.shape == (6, small.spec.keywords)
    assert (teams.bid[0] == team_of(small, decision)[0]).all()
    assert (teams.bid[1] == team_of(small, ghost)[0]).all()
    assert len({tuple(bid) for bid in teams.bid}) == 6
    assert line_up(small, [decision] * 9, [], KEY, size=6).bid.shape[0] == 6


def test_a_keyword_that_is_off_or_excluded_takes_no_part(small: SearchWorld) -> None:
    engine = SearchMarketEngine()
    decision = {**engine.form(small).defaults(), "match": ["exact"] * small.spec.keywords}
    decision["excluded"] = [True] * small.spec.terms
    bid, _ = team_of(small, decision)
    own_listed = np.isin(small.market.keyword_query, small.listed)
    assert (bid[own_listed] == 0).all()
    assert (bid[~own_listed] == 0.5).all()
