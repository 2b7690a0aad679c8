"""Sampled runs: their mean is the expected value, they keep the laws, and chance hangs on nothing that is decided."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean, stdev

import numpy as np
import pytest

from qualoop.simulators import WorldKey
from qualoop.simulators.sem.account import everywhere
from qualoop.simulators.sem.auction import Choice, campaign
from qualoop.simulators.sem.market import BROAD, OFF, PHRASE
from qualoop.simulators.sem.policy import Rule, decide
from qualoop.simulators.sem.sampling import RoundRun, run_campaign
from qualoop.simulators.sem.tally import by_keyword
from qualoop.simulators.sem.worlds import SearchWorld
from tests.unit.simulators.sem.choices import random_choice, value


def runs(world: SearchWorld, choice: Choice, run: WorldKey) -> list[RoundRun]:
    results = campaign(world.spec, world.market, [choice] * world.spec.rounds)
    return run_campaign(world.spec, world.market, results, run)


def profits(world: SearchWorld, choice: Choice, count: int) -> list[float]:
    return [sum(each.profit for each in runs(world, choice, WorldKey.of_seed(seed, "luck"))) for seed in range(count)]


def within(world: SearchWorld, choice: Choice, count: int) -> None:
    found = profits(world, choice, count)
    expected = value(world, choice)
    clicks = sum(each.tally.clicks.sum() for each in runs(world, choice, WorldKey.of_seed(0)))
    # The mean price is the lesser of two means, off by less than the price step for each click.
    slack = world.spec.price_step * float(clicks) * 0.1
    assert abs(fmean(found) - expected) <= 3 * stdev(found) / len(found) ** 0.5 + slack


@pytest.mark.parametrize("budget", [30.0, 1e5])
def test_the_mean_of_runs_is_the_value(small: SearchWorld, budget: float) -> None:
    world = replace(small, spec=small.spec.model_copy(update={"budget": budget}))
    within(world, replace(everywhere(world, PHRASE, 1.2), quality=world.best_quality), 120)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_the_mean_of_400_runs_is_the_value_of_any_decision(small: SearchWorld, seed: int) -> None:
    within(small, random_choice(small, seed), 400)


@pytest.mark.soak
def test_the_mean_of_400_runs_is_the_value_in_the_standard_form(standard: SearchWorld) -> None:
    quality = standard.quality_of(standard.fitting_options())
    within(standard, decide(standard.scene(quality), Rule()), 400)
    within(standard, everywhere(standard, BROAD, 0.9), 400)


def test_counts_keep_their_order_and_money_its_sum(small: SearchWorld) -> None:
    for seed in range(5):
        choice = random_choice(small, seed)
        for each in runs(small, choice, WorldKey.of_seed(seed)):
            tally = each.tally
            assert (tally.orders <= tally.clicks).all()
            assert (tally.clicks <= tally.impressions).all()
            assert (tally.impressions <= tally.searches).all()
            assert each.days.sum(axis=0) == pytest.approx(
                [tally.clicks.sum(), tally.orders.sum(), tally.cost.sum(), tally.margin.sum()]
            )
            sums = by_keyword(tally, small.spec.keywords)
            assert sums.cost.sum() == pytest.approx(tally.cost.sum())
            assert sums.profit.sum() == pytest.approx(each.profit)
            assert (tally.clicks[choice.excluded] == 0).all()


def test_no_click_costs_more_than_the_bid(small: SearchWorld) -> None:
    choice = everywhere(small, BROAD, 0.7)
    for each in runs(small, choice, WorldKey.of_seed(4)):
        assert (each.tally.cost <= 0.7 * each.tally.clicks + 1e-9).all()


def test_what_an_unused_keyword_is_given_changes_nothing(small: SearchWorld) -> None:
    choice = replace(everywhere(small, PHRASE, 1.0), level=np.where(np.arange(40) % 2, PHRASE, OFF))
    bid = np.where(choice.level == OFF, 5.0, 1.0)
    for one, other in zip(
        runs(small, choice, WorldKey.of_seed(1)),
        runs(small, replace(choice, bid=bid), WorldKey.of_seed(1)),
        strict=True,
    ):
        assert one.tally.clicks.tolist() == other.tally.clicks.tolist()
        assert one.profit == other.profit


def test_queries_that_are_answered_alike_come_out_alike(small: SearchWorld) -> None:
    # Without a budget to share, excluding one query leaves all others as they were, customer by customer.
    world = replace(small, spec=small.spec.model_copy(update={"budget": 1e5, "drift": 0.0}))
    choice = everywhere(world, BROAD, 1.0)
    excluded = choice.excluded.copy()
    excluded[7] = True
    others = np.arange(world.spec.queries) != 7
    for one, other in zip(
        runs(world, choice, WorldKey.of_seed(1)),
        runs(world, replace(choice, excluded=excluded), WorldKey.of_seed(1)),
        strict=True,
    ):
        assert (one.tally.orders[others] == other.tally.orders[others]).all()
        assert one.tally.cost[others] == pytest.approx(other.tally.cost[others])


def test_the_same_customers_make_comparisons_sharper(small: SearchWorld) -> None:
    choice = replace(everywhere(small, PHRASE, 1.2), quality=small.best_quality)
    lower = replace(choice, bid=choice.bid * 0.95)
    keys = [WorldKey.of_seed(seed, "pair") for seed in range(25)]
    fresh = [WorldKey.of_seed(seed, "fresh") for seed in range(25)]

    def profit(each: Choice, key: WorldKey) -> float:
        return sum(run.profit for run in runs(small, each, key))

    same = [profit(choice, key) - profit(lower, key) for key in keys]
    apart = [profit(choice, key) - profit(lower, other) for key, other in zip(keys, fresh, strict=True)]
    assert stdev(same) ** 2 * 4 < stdev(apart) ** 2
