"""An order for a season, order points and quantities, as the engines work them out: published numbers, and stockpyl."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmarks import stockpyl_peer as peer
from qualoop.simulators.stock.counts import mismatch_cost, poisson_pmf, quantile_of
from qualoop.simulators.stock.reorder import cheapest_window
from qualoop.simulators.streams import Floats

PLACES = 400
"""So long are the tables of demand: as good as endless for every mean here."""


def season(mass: Floats, mean: float, *, over: float, under: float) -> tuple[int, float]:
    """Return the best order for one season and what it costs: the critical ratio's quantile (Arrow and others, 1951)."""
    quantity = int(quantile_of(mass[None], np.array([under / (under + over)]))[0])
    return quantity, float(mismatch_cost(mass, mean, over=over, under=under)[quantity])


def best_rq(holding: float, waiting: float, ordering: float, rate: float, lead: float) -> tuple[int, int, float]:
    """Return r, Q and the long-run cost a period, under Poisson demand of ``rate`` and ``lead`` periods to arrive."""
    mean = rate * lead
    carried = mismatch_cost(poisson_pmf(mean, PLACES), mean, over=holding, under=waiting)
    point, quantity, cost = cheapest_window(carried[None], np.array([ordering * rate]))
    return int(point[0]), int(quantity[0]), float(cost[0])


def test_newsvendor_of_the_literature() -> None:
    step = 0.01  # of a piece: so fine that counts are as good as the normal distribution
    mass = np.diff(stats.norm.cdf((np.arange(12_001) - 0.5) * step, 50, 8))
    quantity, cost = season(mass, 50 / step, over=0.18 * step, under=0.70 * step)
    assert (quantity * step, cost) == pytest.approx((56.604, 1.9976), abs=step)
    assert cost == pytest.approx(peer.newsvendor_normal(0.18, 0.70, 50, 8)[1], abs=1e-5)


@pytest.mark.parametrize(("over", "under", "mean"), [(1.0, 3.0, 7.0), (0.18, 0.70, 50.0), (4.0, 1.0, 0.8)])
def test_newsvendor_against_stockpyl(over: float, under: float, mean: float) -> None:
    found = season(poisson_pmf(mean, PLACES), mean, over=over, under=under)
    assert found == pytest.approx(peer.newsvendor_poisson(over, under, mean))


def test_rq_of_the_literature() -> None:
    point, quantity, cost = best_rq(20, 150, 100, rate=1.5, lead=2)
    assert (point, quantity) == (3, 5)
    assert cost == pytest.approx(107.9236, abs=5e-5)


@pytest.mark.parametrize(("rate", "lead", "ordering"), [(1.5, 2.0, 100.0), (7.0, 1.0, 8.0), (0.4, 3.0, 30.0)])
def test_rq_against_stockpyl(rate: float, lead: float, ordering: float) -> None:
    found = best_rq(2.0, 9.0, ordering, rate=rate, lead=lead)
    assert found == pytest.approx(peer.r_q_poisson_exact(2.0, 9.0, ordering, rate, lead))
