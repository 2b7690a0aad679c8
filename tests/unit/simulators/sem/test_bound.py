"""Nothing beats the dual bound, and the policy beside it comes close."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qualoop.simulators import WorldKey
from qualoop.simulators.sem.auction import campaign, campaign_value, entries, outlook, round_table
from qualoop.simulators.sem.bound import query_bound, query_quality, round_bounds
from qualoop.simulators.sem.market import EXACT, with_keywords
from qualoop.simulators.sem.play import bound
from qualoop.simulators.sem.policy import tuned
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.sem.worlds import SearchWorld, campaign_world
from tests.unit.simulators.sem.choices import random_choice, value


def test_no_random_decision_beats_it(small: SearchWorld) -> None:
    highest, _ = bound(small)
    assert max(value(small, random_choice(small, seed)) for seed in range(200)) < highest


@pytest.mark.parametrize("seed", range(6))
def test_no_clairvoyant_rule_beats_it(seed: int) -> None:
    world = campaign_world(SearchMarketSpec(queries=80, keywords=30, lines=1, terms=10), WorldKey.of_seed(seed))
    scene = world.scene(world.best_quality, clairvoyantly=True)
    choice = tuned(scene, lambda each: value(world, each))
    highest, _ = bound(world)
    assert value(world, choice) <= highest * (1 + 1e-9)


def test_the_gap_to_a_feasible_policy_is_small(standard: SearchWorld) -> None:
    for dual in round_bounds(standard.spec, standard.market, standard.best_quality):
        assert dual.primal <= dual.bound
        assert dual.primal == pytest.approx(dual.bound, rel=2e-3)
        assert 0.3 < dual.shadow_price < 3.0


def test_a_keyword_for_every_query_reaches_the_primal(small: SearchWorld) -> None:
    # Exact bids of rank/Q on each query are the feasible policy that the bound is compared with.
    spec = small.spec
    market = with_keywords(spec, WorldKey.of_seed(1), small.market, np.arange(spec.queries))
    quality = query_quality(market, small.best_quality)
    own = small.best_quality[market.group]
    dual = query_bound(spec, market, own, round_table(spec, 0))
    assert (quality >= own).all()
    choice = replace(
        random_choice(small, 0),
        level=np.full(spec.queries, EXACT),
        bid=dual.ranks / own,
        excluded=np.zeros(spec.queries, dtype=bool),
        quality=small.best_quality,
    )
    result = outlook(spec, market, entries(market, choice, small.best_quality), round_table(spec, 0))
    assert result.profit == pytest.approx(dual.primal, rel=1e-3)
    assert result.profit <= dual.bound


def test_a_larger_budget_never_lowers_it_and_a_huge_one_has_no_price(small: SearchWorld) -> None:
    bounds = []
    for budget in (20.0, 80.0, 320.0, 1e5):
        spec = small.spec.model_copy(update={"budget": budget})
        bounds.append(
            query_bound(spec, small.market, query_quality(small.market, small.best_quality), round_table(spec, 0))
        )
    values = [dual.bound for dual in bounds]
    assert values == sorted(values)
    assert bounds[-1].shadow_price == 0
    assert bounds[0].shadow_price > bounds[1].shadow_price > 0


def test_the_shadow_price_is_the_slope_of_the_bound(standard: SearchWorld) -> None:
    quality = query_quality(standard.market, standard.best_quality)
    table = round_table(standard.spec, 0)

    def at(budget: float) -> tuple[float, float]:
        spec = standard.spec.model_copy(update={"budget": budget})
        dual = query_bound(spec, standard.market, quality, table)
        return dual.bound, dual.shadow_price

    slope = (at(310.0)[0] - at(290.0)[0]) / 20.0
    assert slope == pytest.approx(at(300.0)[1], rel=0.02)


def test_a_rule_of_thumb_on_the_truth_beats_one_on_the_report(standard: SearchWorld) -> None:
    quality = standard.quality_of(standard.fitting_options())
    seen, known = (
        value(standard, tuned(standard.scene(quality, clairvoyantly=truth), lambda each: value(standard, each)))
        for truth in (False, True)
    )
    assert 0 < seen < known < bound(standard)[0]


def test_the_whole_bound_is_the_sum_over_rounds(small: SearchWorld) -> None:
    highest, duals = bound(small)
    demand = small.market.demand.reshape(small.spec.rounds, -1).sum(axis=1)
    assert highest == pytest.approx(float(demand @ [dual.bound for dual in duals]))
    results = campaign(small.spec, small.market, [random_choice(small, 1)] * small.spec.rounds)
    assert campaign_value(small.spec, small.market, results) == pytest.approx(
        float(demand @ [result.profit for result in results])
    )
