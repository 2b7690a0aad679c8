"""Who answers a search, at what price, within what budget: against brute force and by the laws that must hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qualoop.simulators.sem.account import everywhere
from qualoop.simulators.sem.auction import campaign, entries, outlook, round_table
from qualoop.simulators.sem.market import BROAD, EXACT, OFF, PHRASE
from qualoop.simulators.sem.worlds import SearchWorld
from tests.unit.simulators.sem.choices import random_choice, value


@pytest.mark.parametrize("seed", range(4))
def test_the_highest_own_rank_enters_and_then_the_first(small: SearchWorld, seed: int) -> None:
    choice = random_choice(small, seed)
    choice = replace(choice, bid=np.round(choice.bid))
    found = entries(small.market, choice, choice.quality)
    reach = small.market.reach
    for query in range(small.spec.queries):
        best, winner = 0.0, small.spec.keywords
        for entry in np.flatnonzero((reach.query == query) & (reach.level <= BROAD)):
            keyword = int(reach.keyword[entry])
            rank = choice.bid[keyword] * choice.quality[reach.group[entry]] * reach.fit[entry]
            if not choice.excluded[query] and reach.level[entry] <= choice.level[keyword] and rank > best:
                best, winner = rank, keyword
        assert found.rank[query] == pytest.approx(best)
        if best:
            assert found.keyword[query] == winner


def test_match_types_reach_more_and_more(small: SearchWorld) -> None:
    reached = [
        set(np.flatnonzero(entries(small.market, choice, choice.quality).rank))
        for choice in (everywhere(small, level, 1.0) for level in (OFF, EXACT, PHRASE, BROAD))
    ]
    assert reached[0] == set()
    assert reached[1] == set(small.market.keyword_query)
    assert reached[1] < reached[2] < reached[3]


def test_an_excluded_query_is_answered_by_nobody(small: SearchWorld) -> None:
    choice = everywhere(small, BROAD, 1.0)
    excluded = choice.excluded.copy()
    excluded[[3, 5]] = True
    found = entries(small.market, replace(choice, excluded=excluded), choice.quality)
    assert found.rank[3] == found.rank[5] == 0
    assert (found.keyword[[3, 5]] == small.spec.keywords).all()


def test_spending_keeps_to_the_budget_and_prices_to_the_bid(small: SearchWorld) -> None:
    for seed in range(8):
        choice = random_choice(small, seed)
        result = outlook(
            small.spec, small.market, entries(small.market, choice, choice.quality), round_table(small.spec, 0)
        )
        assert result.throttle * result.cost <= small.spec.budget * (1 + 1e-12)
        assert (result.price[result.clicks > 0] <= result.entry.bid[result.clicks > 0]).all()
        assert (result.clicks <= small.market.searches * small.market.click_rate * 1.5).all()


def test_nothing_on_is_worth_nothing(small: SearchWorld) -> None:
    assert value(small, everywhere(small, OFF, 2.0)) == 0
    assert value(small, everywhere(small, BROAD, 0.0)) == 0


def test_a_keyword_that_is_off_changes_nothing(small: SearchWorld) -> None:
    choice = random_choice(small, 5)
    off = np.flatnonzero(choice.level == OFF)
    bid = choice.bid.copy()
    bid[off] = 7.77
    assert value(small, replace(choice, bid=bid)) == value(small, choice)


def test_better_ads_gather_quality_and_poor_ones_lose_it(small: SearchWorld) -> None:
    good = replace(everywhere(small, PHRASE, 1.5), quality=small.best_quality)
    poor = everywhere(small, PHRASE, 1.5)
    poor = replace(poor, quality=np.full(small.spec.groups, 0.3))
    for choice, sign in ((good, 1), (poor, -1)):
        first, *_, last = campaign(small.spec, small.market, [choice] * small.spec.rounds)
        won = (first.entry.rank > 0) & (last.entry.keyword == first.entry.keyword)
        moved = last.entry.quality[won] - first.entry.quality[won]
        assert (sign * moved >= 0).all()
        assert sign * moved.sum() > 0


def test_one_more_rival_makes_everything_worse(small: SearchWorld) -> None:
    choice = replace(everywhere(small, PHRASE, 1.0), quality=small.best_quality)
    entry = entries(small.market, choice, choice.quality)
    before = outlook(small.spec, small.market, entry, round_table(small.spec, 0))
    after = outlook(small.spec, small.market, entry, round_table(small.spec, 1))
    assert (after.clicks <= before.clicks + 1e-12).all()
    assert after.clicks.sum() < before.clicks.sum()
