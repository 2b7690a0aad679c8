"""What a round brings, and what it scores, in the market of the shipped project."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lti_tool.services.rooms.game import Line, RoundResult, round_document, standings, total
from lti_tool.services.rooms.market import Market, keyword_places, market_of, play_round
from qualoop.simulators import BaselineKind
from qualoop.simulators.decisions import Decision
from qualoop.simulators.sem.engine import SearchMarketEngine
from qualoop.simulators.sem.spec import SearchMarketSpec, Shock
from qualoop.simulators.streams import WorldKey
from qualoop.values import Score

ENGINE = SearchMarketEngine()
SPEC = SearchMarketSpec(budget=450, rivals=6, broad=0.45, stray=0.006, junk=0.4, terms=80)


@pytest.fixture(scope="module")
def market() -> Market:
    return market_of(SPEC, WorldKey.of_seed(3).as_text())


@pytest.fixture(scope="module")
def expert(market: Market) -> Decision:
    return ENGINE.reference(market.world)[0]


def played(market: Market, decisions: Sequence[Decision], *, number: int = 0, size: int = 12) -> RoundResult:
    teams = {place + 1: market.packed(each) for place, each in enumerate(decisions)}
    return play_round(market, number, round_document(Line(teams=teams, size=size)))


def test_an_expert_scores_well_and_every_bot_next_to_nothing(market: Market, expert: Decision) -> None:
    plans = [ENGINE.baseline(market.world, kind) for kind in BaselineKind]
    bots = played(market, [plan[0] for plan in plans if plan])
    assert max(each.score for each in bots.teams) <= Score("0.1")
    assert played(market, [expert]).teams[0].score >= Score("0.6")


def test_twice_as_high_and_half_as_high_bids_score_less(market: Market, expert: Decision) -> None:
    scores = [
        played(market, [{**expert, "bid": [min(8.0, round(float(bid) * factor, 2)) for bid in expert["bid"]]}])
        .teams[0]
        .score
        for factor in (0.4, 1.0, 2.5)
    ]
    assert scores[1] == max(scores)


def test_ads_that_do_not_fit_cost_score(market: Market, expert: Decision) -> None:
    general = {**expert, **{key: market.form.defaults()[key] for key in market.form.part_of("quality")}}
    assert played(market, [general]).teams[0].score < played(market, [expert]).teams[0].score


def test_what_a_team_is_told_leaks_no_one_elses_bid(market: Market, expert: Decision) -> None:
    """Raising a rival's bid on a keyword that one does not bid on changes nothing that one is told of it."""
    off = {**expert, "match": ["off", *expert["match"][1:]]}
    document = round_document(Line(teams={1: market.packed(off), 2: market.packed(expert)}, size=4))
    told = keyword_places(market, 0, document, 1)
    assert market.form.tables[0].rows[0].label not in [each.label for each in told]
    assert all(each.position is None or 1 <= each.position <= 5 for each in told)
    assert all(each.price is None or each.price <= each.bid + 1e-9 for each in told)


def test_a_project_shock_is_not_the_rooms(market: Market) -> None:
    shocked = SPEC.model_copy(update={"shocks": (Shock(round=3, kind="rival_enters"),)})
    other = market_of(shocked, market.key.as_text())
    assert other.form == market.form


def test_standings_add_the_rounds_up(market: Market, expert: Decision) -> None:
    naive = ENGINE.baseline(market.world, BaselineKind.NAIVE)
    assert naive
    rounds = [played(market, [naive[0], expert], number=number) for number in range(4)]
    table = standings(rounds)
    assert [each.team for each in table] == [2, 1]
    whole = total(rounds, 2)
    assert whole == table[0]
    assert whole.profit == pytest.approx(sum(each.teams[1].profit for each in rounds))
    assert len(whole.scores) == 4
    assert total(rounds, 3) is None


def test_rounds_have_days_of_their_own(market: Market, expert: Decision) -> None:
    assert played(market, [expert], number=0).profits != played(market, [expert], number=1).profits
