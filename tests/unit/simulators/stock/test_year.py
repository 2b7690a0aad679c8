"""A reordered stock: week by week, and the exact expectation of its cost."""

from __future__ import annotations

import numpy as np
import pytest

from qualoop.simulators import Grid, WorldKey
from qualoop.simulators.learners import random_plan
from qualoop.simulators.stock.policy import StockPolicyEngine
from qualoop.simulators.stock.policy_costs import expected_costs, least_cost
from qualoop.simulators.stock.policy_play import play, points_and_quantities
from qualoop.simulators.stock.policy_world import StockPolicySpec, StockPolicyWorld, drawn_demand, make_year
from qualoop.simulators.stock.year import Policy, last_arrived, run_stock

ENGINE = StockPolicyEngine()


@pytest.fixture(scope="module")
def world() -> StockPolicyWorld:
    return make_year(StockPolicySpec(products=4), WorldKey.of_seed(5))


def test_batches_lift_the_position_above_the_point() -> None:
    course = run_stock(10, [4, 9, 0, 0, 4], [Policy(point=5, quantity=4)] * 5, [2] * 5)
    assert course.batches == (0, 3, 0, 0, 1)
    assert course.net == (6, -3, -3, 9, 5)


def test_exactly_at_the_point_is_ordered() -> None:
    assert run_stock(6, [1], [Policy(point=5, quantity=4)], [1]).batches == (1,)
    assert run_stock(7, [1], [Policy(point=5, quantity=4)], [1]).batches == (0,)


def test_a_later_order_never_overtakes_an_earlier_one() -> None:
    course = run_stock(0, [1] * 6, [Policy(point=0, quantity=2)] * 6, [4, 4, 1, 1, 1, 1])
    assert course.net[:4] == (-1, -2, -3, -4)
    assert last_arrived([4, 4, 1, 1, 1, 1], 7) == [-1, -1, -1, -1, 0, 4, 5]


def test_pieces_are_conserved(world: StockPolicyWorld) -> None:
    plan = random_plan(ENGINE, world, WorldKey.of_seed(1, "plan"))
    played = play(world, plan, WorldKey.of_seed(1, "run"))
    quantities = np.stack([points_and_quantities(decision)[1] for decision in plan], axis=1)
    ordered = played.batches[:, : world.weeks].reshape(4, 4, -1).sum(axis=2) * quantities
    assert (world.stock + ordered.sum(axis=1) - played.demand.sum(axis=1) == played.net[:, -1]).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_expectation_is_the_mean_of_runs(world: StockPolicyWorld, seed: int) -> None:
    plan = random_plan(ENGINE, world, WorldKey.of_seed(seed, "plan"))
    points, quantities = zip(*(points_and_quantities(decision) for decision in plan), strict=True)
    runs = np.array([play(world, plan, WorldKey.of_seed(seed, "run", n)).costs.sum(axis=1) for n in range(400)])
    error = runs.std(axis=0) / np.sqrt(len(runs))
    assert (np.abs(runs.mean(axis=0) - expected_costs(world, points, quantities)) < 3.5 * error).all()


def test_demand_has_the_stated_mean_and_variance(world: StockPolicyWorld) -> None:
    draws = np.stack([drawn_demand(world, WorldKey.of_seed(n, "run"))[:, :13] for n in range(300)])
    assert draws.mean(axis=(0, 2)) == pytest.approx(world.rate, rel=0.05)
    assert draws.var(axis=(0, 2)) / draws.mean(axis=(0, 2)) == pytest.approx(world.clumping, rel=0.1)


def test_no_policy_beats_the_bound(world: StockPolicyWorld) -> None:
    best = -ENGINE.value(world, ENGINE.oracle(world).plan)
    assert 0.75 * best < least_cost(world) <= best


def test_later_orders_take_longer_and_that_is_told_late(world: StockPolicyWorld) -> None:
    assert world.lead == (2, 2, 5, 5)
    state = ENGINE.initial(world)
    run = WorldKey.of_seed(2, "run")
    for number, decision in enumerate(ENGINE.reference(world)):
        grids = [panel for panel in ENGINE.view(world, state, run).panels if isinstance(panel, Grid)]
        told = [row[3] for grid in grids if grid.key == "conditions" for row in grid.rows]
        assert told == [lead if place <= number else None for place, lead in enumerate(world.lead)]
        state, _ = ENGINE.step(world, state, decision, run)
