"""Newsvendor, (r,Q) and (s,S): published numbers, stockpyl, and looking at everything."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import stockpyl_peer as peer
from qualoop.simulators.stock.counts import poisson_pmf
from qualoop.simulators.stock.newsvendor import NormalDemand, lead_time_demand, newsvendor_normal, reorder_point
from qualoop.simulators.stock.reorder import Costs, Periodic, best_rq, best_ss, rq_cost, ss_cost


def test_newsvendor_of_the_literature() -> None:
    quantity, cost = newsvendor_normal(NormalDemand(mean=50, deviation=8), over=0.18, under=0.70)
    assert (quantity, cost) == pytest.approx((56.604, 1.9976), abs=5e-4)
    assert (quantity, cost) == pytest.approx(peer.newsvendor_normal(0.18, 0.70, 50, 8))


def test_demand_over_a_lead_time_that_varies() -> None:
    demand = lead_time_demand(NormalDemand(mean=20, deviation=6), NormalDemand(mean=4, deviation=1.5))
    assert (demand.mean, demand.deviation) == pytest.approx((80, np.sqrt(4 * 36 + 400 * 2.25)))
    assert reorder_point(demand, 0.5) == pytest.approx(80)
    assert reorder_point(demand, 0.975) == pytest.approx(80 + 1.959964 * demand.deviation)


def test_rq_of_the_literature() -> None:
    costs = Costs(holding=20, waiting=150, ordering=100)
    point, quantity, cost = best_rq(costs, rate=1.5, lead=2)
    assert (point, quantity) == (3, 5)
    assert cost == pytest.approx(107.9236, abs=5e-5)


@pytest.mark.parametrize(("rate", "lead", "ordering"), [(1.5, 2.0, 100.0), (7.0, 1.0, 8.0), (0.4, 3.0, 30.0)])
def test_rq_against_stockpyl(rate: float, lead: float, ordering: float) -> None:
    costs = Costs(holding=2.0, waiting=9.0, ordering=ordering)
    point, quantity, cost = best_rq(costs, rate=rate, lead=lead)
    assert (point, quantity, cost) == pytest.approx(peer.r_q_poisson_exact(2.0, 9.0, ordering, rate, lead))
    assert rq_cost(costs, 4, 9, rate=rate, lead=lead) == pytest.approx(
        peer.r_q_cost_poisson(4, 9, 2.0, 9.0, ordering, rate, lead)
    )


def test_ss_of_the_literature() -> None:
    problem = Periodic(costs=Costs(holding=1, waiting=4, ordering=5), demand=poisson_pmf(6.0, 60), mean=6.0)
    point, level, cost = best_ss(problem)
    assert (point, level) == (4, 10)
    assert cost == pytest.approx(8.0341, abs=5e-5)


@pytest.mark.parametrize(("point", "level"), [(4, 10), (0, 3), (9, 30)])
def test_ss_cost_against_stockpyl(point: int, level: int) -> None:
    costs = Costs(holding=1, waiting=4, ordering=5)
    ours = ss_cost(Periodic(costs=costs, demand=poisson_pmf(6.0, 60), mean=6.0), point, level)
    assert ours == pytest.approx(peer.s_s_cost_discrete(point, level, 1, 4, 5, use_poisson=True, demand_mean=6))


def test_the_best_ss_is_the_best_of_all() -> None:
    problem = Periodic(costs=Costs(holding=1, waiting=3, ordering=24), demand=poisson_pmf(4.0, 60), mean=4.0)
    tried = {(s, level): ss_cost(problem, s, level) for level in range(2, 30) for s in range(-4, level)}
    point, level, cost = best_ss(problem)
    assert cost == pytest.approx(min(tried.values()))
    assert tried[point, level] == cost
