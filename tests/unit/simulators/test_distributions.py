"""Inverse functions against SciPy's, in the middle and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from qualoop.simulators.distributions import (
    beta_from_uniforms,
    binomial_quantile,
    exponential_quantile,
    lognormal_quantile,
    normal_cdf,
    normal_quantile,
    poisson_quantile,
)
from qualoop.simulators.streams import WorldKey

P = np.concatenate(
    [[1e-300, 1e-16, 1e-6, 0.075, 0.0749999, 0.5, 0.925, 0.9250001, 1 - 1e-9], np.linspace(0.001, 0.999, 997)]
)
U = WorldKey.of_seed(11).uniforms("draws", shape=50_000)


def test_normal_quantile_and_distribution() -> None:
    assert normal_quantile(P) == pytest.approx(stats.norm.ppf(P), rel=1e-12, abs=1e-14)
    assert normal_cdf(np.linspace(-8, 8, 401)) == pytest.approx(stats.norm.cdf(np.linspace(-8, 8, 401)), rel=1e-12)


def test_continuous_quantiles() -> None:
    assert lognormal_quantile(P[1:], 0.4, 1.1) == pytest.approx(
        stats.lognorm.ppf(P[1:], 1.1, scale=np.exp(0.4)), rel=1e-10
    )
    assert exponential_quantile(P, 3.0) == pytest.approx(stats.expon.ppf(P, scale=3.0), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.7, 6.6, 25.0, 39.9, 40.0])
def test_poisson_is_exact_for_small_means(mean: float) -> None:
    assert np.array_equal(poisson_quantile(P, np.full(P.shape, mean)), np.maximum(stats.poisson.ppf(P, mean), 0))


@pytest.mark.parametrize("mean", [40.1, 90.0, 412.0, 20_000.0])
def test_poisson_is_unbiased_for_large_means(mean: float) -> None:
    drawn = poisson_quantile(U, np.full(U.shape, mean))
    assert drawn.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / U.size))
    assert drawn.var() == pytest.approx(mean, rel=0.03)
    assert np.abs(drawn - stats.poisson.ppf(U, mean)).max() <= 1


@pytest.mark.parametrize(("n", "chance"), [(0, 0.3), (1, 0.5), (7, 0.0), (7, 1.0), (20, 0.93), (300, 0.1), (39, 0.999)])
def test_binomial_is_exact_where_few_are_expected(n: int, chance: float) -> None:
    p = P[2:]  # the two smallest are less than any uniform
    expected = np.maximum(stats.binom.ppf(p, n, chance), 0)
    found = binomial_quantile(p, np.full(p.shape, n), np.full(p.shape, chance))
    # At jumps of the distribution the two sides of a flipped sum may round apart.
    assert np.mean(found == expected) > 0.99
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize(("n", "chance"), [(1000, 0.2), (5000, 0.9), (100, 0.5)])
def test_binomial_is_unbiased_where_many_are_expected(n: int, chance: float) -> None:
    drawn = binomial_quantile(U, np.full(U.shape, n), np.full(U.shape, chance))
    assert drawn.mean() == pytest.approx(n * chance, abs=4 * np.sqrt(n * chance * (1 - chance) / U.size))
    assert drawn.max() <= n


def test_beta_by_order() -> None:
    drawn = beta_from_uniforms(WorldKey.of_seed(2).uniforms("beta", shape=(20_000, 49)), 4)
    assert stats.kstest(drawn, stats.beta(4, 46).cdf).pvalue > 0.01
