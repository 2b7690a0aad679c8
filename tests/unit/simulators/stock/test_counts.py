"""Tables of counts against SciPy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from qualoop.simulators import WorldKey
from qualoop.simulators.stock.counts import (
    clumped_pmf,
    expected_excess,
    mismatch_cost,
    negative_binomial_pmf,
    poisson_pmf,
    quantile_of,
    quantiles,
)

MEANS = np.array([0.3, 1.0, 7.5, 40.0, 220.0])
PLACES = np.arange(600)


def test_poisson() -> None:
    assert poisson_pmf(MEANS, 600) == pytest.approx(stats.poisson.pmf(PLACES, MEANS[:, None]), rel=1e-9, abs=1e-290)


def test_poisson_of_nothing() -> None:
    assert poisson_pmf(0.0, 4) == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-290)


@pytest.mark.parametrize("shape", [0.4, 3.0, 40.0])
def test_negative_binomial(shape: float) -> None:
    expected = stats.nbinom.pmf(PLACES, shape, shape / (shape + MEANS[:, None]))
    assert negative_binomial_pmf(MEANS, np.full(5, shape), 600) == pytest.approx(expected, rel=1e-8, abs=1e-290)


def test_clumped_counts_add_up_over_weeks() -> None:
    week, two = (clumped_pmf(np.array([mean]), np.array([2.5]), 200)[0] for mean in (4.0, 8.0))
    assert np.convolve(week, week)[:200] == pytest.approx(two, abs=1e-14)
    assert (np.arange(200) ** 2 @ two) - 64.0 == pytest.approx(2.5 * 8.0)


def test_excess_and_cost_by_adding_up() -> None:
    mean = 7.5
    mass = stats.poisson.pmf(PLACES, mean)
    excess = [float(mass @ np.maximum(PLACES - level, 0)) for level in range(60)]
    left = [float(mass @ np.maximum(level - PLACES, 0)) for level in range(60)]
    assert expected_excess(poisson_pmf(mean, 60), mean) == pytest.approx(excess, abs=1e-12)
    cost = mismatch_cost(poisson_pmf(mean, 60), mean, over=2.0, under=5.0)
    assert cost == pytest.approx(2.0 * np.array(left) + 5.0 * np.array(excess), abs=1e-11)


def test_quantiles() -> None:
    draws = WorldKey.of_seed(1).uniforms("draws", shape=(5, 300))
    assert (quantiles(poisson_pmf(MEANS, 600), draws) == stats.poisson.ppf(draws, MEANS[:, None])).all()
    levels = np.array([0.1, 0.5, 0.9, 0.99, 0.2])
    assert (quantile_of(poisson_pmf(MEANS, 600), levels) == stats.poisson.ppf(levels, MEANS)).all()


def test_beyond_the_table_is_its_end() -> None:
    assert quantiles(poisson_pmf(np.array([50.0]), 10), np.array([[0.9]])).tolist() == [[9]]
