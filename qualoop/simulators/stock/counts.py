"""Distributions of counts as tables, a row for each mean: what stock, orders and demand are computed with.

Everything is in closed form over a table that is long enough; nothing here is drawn by a library's own generator.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from qualoop.simulators.streams import Floats, Integers

DEVIATIONS: Final = 12.0
"""So many standard deviations beyond the mean a table of demand reaches."""


def poisson_pmf(mean: Floats | float, size: int) -> Floats:
    """Return P(X = 0 … size − 1) of Poisson counts with ``mean`` (0 or more), in a new last axis."""
    mean = np.asarray(mean, dtype=np.float64)[..., None]
    places = np.arange(size, dtype=np.float64)
    log_factorials = np.cumsum(np.log(np.maximum(places, 1.0)))
    # A mean of 0 puts everything on 0: the logarithm is kept finite, and small enough to vanish.
    logs = places * np.log(np.maximum(mean, 1e-300)) - log_factorials - mean
    mass: Floats = np.exp(logs)
    return mass


def negative_binomial_pmf(mean: Floats, shape: Floats, size: int) -> Floats:
    """Return P(X = 0 … size − 1) of Poisson counts whose mean is Gamma distributed, in a new last axis.

    ``mean`` and ``shape`` are positive and of one form; the variance is mean + mean²/shape.
    """
    mean, shape = np.asarray(mean, float)[..., None], np.asarray(shape, float)[..., None]
    steps = np.arange(1, size, dtype=np.float64)
    ratios = np.log((steps - 1.0 + shape) / steps) + np.log(mean / (mean + shape))
    logs = np.concatenate([np.zeros_like(mean), np.cumsum(ratios, axis=-1)], axis=-1)
    mass: Floats = np.exp(logs - shape * np.log1p(mean / shape))
    return mass


def clumped_pmf(mean: Floats, clumping: Floats, size: int) -> Floats:
    """Return P(X = 0 … size − 1) of counts with variance = ``clumping`` · mean, where clumping is above 1.

    They are negative binomial with one success probability, so that the sum over weeks is of the same sort, with the
    sum of the means and the same clumping: several pieces an order, orders at random.
    """
    return negative_binomial_pmf(mean, mean / (clumping - 1.0), size)


def distribution(mass: Floats) -> Floats:
    """Return P(X ≤ 0 … size − 1) from a table of probabilities."""
    total: Floats = np.minimum(np.cumsum(mass, axis=-1), 1.0)
    return total


def expected_excess(mass: Floats, mean: Floats | float) -> Floats:
    """Return E max(X − y, 0) for y = 0 … size − 1, from a table of probabilities and the mean."""
    tail = 1.0 - distribution(mass)
    covered = np.cumsum(tail, axis=-1) - tail
    excess: Floats = np.maximum(np.asarray(mean, dtype=np.float64)[..., None] - covered, 0.0)
    return excess


def mismatch_cost(mass: Floats, mean: Floats | float, *, over: Floats | float, under: Floats | float) -> Floats:
    """Return over · E max(y − X, 0) + under · E max(X − y, 0) for y = 0 … size − 1: a newsvendor's cost."""
    mean = np.asarray(mean, dtype=np.float64)
    excess = expected_excess(mass, mean)
    left = np.arange(mass.shape[-1]) - mean[..., None] + excess
    cost: Floats = np.asarray(over)[..., None] * left + np.asarray(under)[..., None] * excess
    return cost


def quantiles(mass: Floats, uniforms: Floats) -> Integers:
    """Return for each row of ``mass`` the counts of its row of ``uniforms``; beyond the table, its last count."""
    rows = zip(distribution(mass), uniforms, strict=True)
    found = np.stack([np.searchsorted(row, draws, side="left") for row, draws in rows])
    capped: Integers = np.minimum(found, mass.shape[-1] - 1).astype(np.int64)
    return capped


def quantile_of(mass: Floats, level: Floats) -> Integers:
    """Return for each row of ``mass`` the least count whose distribution function reaches its ``level`` in (0, 1)."""
    return quantiles(mass, np.asarray(level)[:, None])[:, 0]
