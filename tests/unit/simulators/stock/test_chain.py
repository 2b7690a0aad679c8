"""The beer game: regression numbers, stockpyl node by node, conservation, and many runs as one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.stockpyl_peer import serial_system, simulation
from qualoop.simulators.stock.beer_levels import best_levels, long_run_cost
from qualoop.simulators.stock.chain import Chain, Rule, Start, Week, base_stock, bullwhip, simulate
from qualoop.simulators.streams import Floats

STEP = np.array([4.0] * 4 + [8.0] * 48)
CHAIN = Chain()
POISSON = np.random.default_rng(3).poisson(8, 200).astype(np.float64)


def levels(*numbers: float) -> Floats:
    return np.array(numbers)


def sterman() -> Rule:
    """Return anchoring and adjustment with the published parameters, good for one simulation (Sterman, 1989).

    Each node orders forecast + 0.26·(17 − net stock − 0.34·outstanding); its forecast follows orders by a share of 0.36.
    """
    forecast: Floats | float = 4.0

    def rule(week: Week) -> Floats:
        nonlocal forecast
        forecast = 0.36 * week.incoming + 0.64 * forecast
        return np.maximum(forecast + 0.26 * (17.0 - week.net - 0.34 * week.outstanding), 0.0)

    return rule


def transit_only(level: float) -> Rule:
    """Return the common fault: order up to ``level``, but forget what the node above still owes."""

    def rule(week: Week) -> Floats:
        owed = np.zeros_like(week.net)
        owed[:-1] = np.maximum(-week.net[1:], 0.0)
        return np.maximum(level - week.net - (week.outstanding - owed), 0.0)

    return rule


@pytest.mark.parametrize(("level", "cost"), [(20, 1836), (24, 156), (28, 512)])
def test_base_stock_under_a_step(level: float, cost: float) -> None:
    course = simulate(STEP, base_stock(np.full(4, float(level))), CHAIN, Start())
    assert course.costs(CHAIN).sum() == cost


def test_the_heuristic_of_the_literature() -> None:
    costs = simulate(STEP, sterman(), CHAIN, Start()).costs(CHAIN).sum(axis=0)
    assert [round(cost) for cost in costs] == [263, 298, 392, 474]
    assert round(costs.sum()) == 1427


def test_bullwhip() -> None:
    steady = Start(stock=12.0, slot=8.0)
    calm = simulate(POISSON, base_stock(np.full(4, 36.0)), CHAIN, steady)
    assert bullwhip(calm) == pytest.approx(1.0, abs=0.03)
    wild = bullwhip(simulate(POISSON, sterman(), CHAIN, steady))
    assert wild[0] < 1 < wild[1] < wild[2] < wild[3]


def test_forgetting_what_is_owed_makes_orders_explode() -> None:
    fault = bullwhip(simulate(POISSON, transit_only(24.0), CHAIN, Start()))
    assert fault[3] > 80
    assert bullwhip(simulate(POISSON, base_stock(np.full(4, 24.0)), CHAIN, Start()))[3] < 1.1


def test_demand_without_variance() -> None:
    flat = simulate(np.full(30, 4.0), base_stock(np.full(4, 24.0)), CHAIN, Start())
    assert bullwhip(flat).tolist() == [1.0] * 4
    rising = simulate(np.full(30, 4.0), base_stock(np.full(4, 30.0)), CHAIN, Start())
    assert np.isinf(bullwhip(rising)).all()


def test_every_week_of_every_node_as_stockpyl_has_it() -> None:
    demand = POISSON[:40]
    network = serial_system(
        num_nodes=4,
        node_order_in_system=[4, 3, 2, 1],
        node_order_in_lists=[1, 2, 3, 4],
        local_holding_cost=[0.5] * 4,
        stockout_cost=[1.0] * 4,
        demand_type="D",
        demand_list=demand.astype(int).tolist(),
        order_lead_time=[1, 1, 1, 0],
        shipment_lead_time=[2, 2, 2, 3],
        policy_type="BS",
        base_stock_level=[20, 22, 26, 21],
        initial_inventory_level=[12] * 4,
        initial_orders=[4] * 4,
        initial_shipments=[4] * 4,
    )
    simulation(network, 40, rand_seed=1, progress_bar=False, consistency_checks="N")
    theirs = [
        [sum(week.inventory_level.values()) for week in network.nodes_by_index[node].state_vars[:40]]
        for node in (1, 2, 3, 4)
    ]
    ours = simulate(demand, base_stock(levels(20, 22, 26, 21)), CHAIN, Start())
    assert ours.net.T.tolist() == theirs


def test_nothing_is_lost_on_the_way() -> None:
    course = simulate(POISSON, sterman(), CHAIN, Start())
    backlog = np.maximum(-course.net, 0.0)
    shipped = course.incoming[1:] + backlog[:-1] - backlog[1:]
    assert (shipped >= -1e-9).all()
    # What a node received is what the node above shipped two weeks before.
    received = np.diff(course.net, axis=0) + course.incoming[1:]
    assert received[2:, :3] == pytest.approx(shipped[:-2, 1:])
    assert received[2:, 3] == pytest.approx(course.orders[:-3, 3])


def test_many_runs_are_each_as_alone() -> None:
    demand = np.random.default_rng(5).poisson(6, (30, 3, 7)).astype(np.float64)
    rule = np.array([18.0, 20.0, 22.0, 24.0])
    start = Start(stock=np.array([4.0, 5.0, 6.0])[:, None], slot=np.array([5.0, 6.0, 7.0])[:, None])
    together = simulate(demand, base_stock(rule[:, None, None]), CHAIN, start)
    alone = simulate(demand[:, 1, 4], base_stock(rule), CHAIN, Start(stock=5.0, slot=6.0))
    assert together.net[:, :, 1, 4].tolist() == alone.net.tolist()


@pytest.mark.parametrize("rate", [1.5, 8.0])
def test_the_long_run_is_what_long_runs_cost(rate: float) -> None:
    best = best_levels(rate, CHAIN)
    demand = np.random.default_rng(7).poisson(rate, (1300, 100)).astype(np.float64)
    course = simulate(demand, base_stock(np.array(best, float)[:, None]), CHAIN, Start(stock=rate, slot=rate))
    runs = course.costs(CHAIN)[100:].sum(axis=1).mean(axis=0)
    error = runs.std() / np.sqrt(len(runs))
    assert abs(runs.mean() - long_run_cost(best, rate, CHAIN)) < 3 * error


def test_no_neighbour_of_the_best_levels_is_better() -> None:
    best = best_levels(5.0, CHAIN)
    cost = long_run_cost(best, 5.0, CHAIN)
    for change in np.ndindex(3, 3, 3, 3):
        near = tuple(int(level + step - 1) for level, step in zip(best, change, strict=True))
        assert long_run_cost(near, 5.0, CHAIN) >= cost - 1e-12
