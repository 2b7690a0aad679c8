"""Distributions as inverse functions of uniforms in (0, 1): the same numbers with every NumPy that we allow."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from qualoop.simulators.streams import Floats, Integers

_erfc: Final = np.vectorize(math.erfc, otypes=[np.float64])

_LARGE_MEAN: Final = 40.0
_CENTRAL: Final = 0.425
_FAR: Final = 5.0
_HALF: Final = 0.5

# Coefficients of Wichura (1988), algorithm AS 241 (PPND16), Applied Statistics 37: about 16 digits.
_CENTRE: Final = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
_MIDDLE: Final = (
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
_TAIL: Final = (
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)


def normal_cdf(x: Floats) -> Floats:
    """Return the standard normal distribution function."""
    values: Floats = 0.5 * _erfc(np.asarray(x, dtype=np.float64) * -math.sqrt(0.5))
    return values


def normal_quantile(p: Floats) -> Floats:
    """Return z with normal_cdf(z) = p for p in (0, 1), to about 1e-15 relative (AS 241)."""
    p = np.asarray(p, dtype=np.float64)
    centred = p - 0.5
    central = np.abs(centred) <= _CENTRAL
    r = np.sqrt(-np.log(np.where(central, 0.5, np.minimum(p, 1.0 - p))))
    outer = np.where(r <= _FAR, _ratio(_MIDDLE, r - 1.6), _ratio(_TAIL, r - _FAR))
    inner = centred * _ratio(_CENTRE, 0.180625 - centred * centred)
    z: Floats = np.where(central, inner, np.copysign(outer, centred))
    return z


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    above, below = coefficients
    return _polynomial(above, x) / _polynomial(below, x)


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    total = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def lognormal_quantile(p: Floats, mu: Floats | float, sigma: Floats | float) -> Floats:
    """Return the quantile of exp(N(mu, sigma²))."""
    value: Floats = np.exp(mu + sigma * normal_quantile(p))
    return value


def exponential_quantile(p: Floats, mean: Floats | float) -> Floats:
    """Return the quantile of an exponential distribution."""
    value: Floats = -np.log1p(-p) * mean
    return value


def beta_from_uniforms(uniforms: Floats, a: int) -> Floats:
    """Return Beta(a, n + 1 - a) variates, each the a-th smallest (from 1) of the n uniforms in the last axis."""
    ordered: Floats = np.partition(uniforms, a - 1, axis=-1)[..., a - 1]
    return ordered


def poisson_quantile(p: Floats, mean: Floats) -> Integers:
    """Return the Poisson quantile of p for each mean (0 or more), elementwise with broadcasting.

    Exact for means up to 40, by summing the mass from 0 up; beyond, by the Cornish-Fisher expansion with the term of
    the skewness, whose mean and variance are right to less than 0.1 %.
    """
    p, mean = np.broadcast_arrays(np.asarray(p, dtype=np.float64), np.asarray(mean, dtype=np.float64))
    large = mean > _LARGE_MEAN
    counts = _poisson_by_summing(p.ravel(), np.where(large, 0.0, mean).ravel()).reshape(p.shape)
    if large.any():
        z = normal_quantile(p)
        approximate = np.floor(mean + np.sqrt(mean) * z + (z * z - 1.0) / 6.0 + 0.5)
        counts = np.where(large, np.maximum(approximate, 0.0).astype(np.int64), counts)
    return counts


def _poisson_by_summing(p: Floats, mean: Floats) -> Integers:
    counts = np.zeros(p.shape, dtype=np.int64)
    mass = np.exp(-mean)
    below = np.flatnonzero(p > mass)
    p, mean, mass = p[below], mean[below], mass[below]
    total = mass.copy()
    step = 0
    # Where rounding keeps the sum below p for good, the tail is not longer than this.
    last = _LARGE_MEAN + 20.0 * math.sqrt(_LARGE_MEAN)
    while below.size and step < last:
        step += 1
        mass = mass * (mean / step)
        total = total + mass
        counts[below] = step
        left = p > total
        below, p, mean, mass, total = below[left], p[left], mean[left], mass[left], total[left]
    return counts


def binomial_quantile(p: Floats, n: Integers, chance: Floats) -> Integers:
    """Return the binomial quantile of p for n trials (0 or more) of ``chance`` in [0, 1], elementwise.

    Exact where n · min(chance, 1 − chance) is at most 40, else by the Cornish-Fisher expansion.
    """
    p, n, chance = np.broadcast_arrays(np.asarray(p, float), np.asarray(n, np.int64), np.asarray(chance, float))
    flipped = chance > _HALF
    rare = np.where(flipped, 1.0 - chance, chance)
    upward = np.where(flipped, 1.0 - p, p)
    mean = n * rare
    large = mean > _LARGE_MEAN
    exact = _binomial_by_summing(upward.ravel(), np.where(large, 0, n).ravel(), rare.ravel()).reshape(n.shape)
    if large.any():
        z = normal_quantile(upward)
        deviation = np.sqrt(np.maximum(mean * (1.0 - rare), 1e-12))
        skew = (1.0 - 2.0 * rare) / 6.0
        approximate = np.floor(mean + deviation * z + skew * (z * z - 1.0) + 0.5)
        exact = np.where(large, np.clip(approximate, 0, n).astype(np.int64), exact)
    return np.where(flipped, n - exact, exact)


def _binomial_by_summing(p: Floats, n: Integers, chance: Floats) -> Integers:
    counts = np.zeros(p.shape, dtype=np.int64)
    mass = np.exp(n * np.log1p(-chance))
    below = np.flatnonzero(p > mass)
    p, n, mass = p[below], n[below], mass[below]
    odds = chance[below] / (1.0 - chance[below])
    total = mass.copy()
    step = 0
    while below.size:
        step += 1
        mass = mass * odds * (n - step + 1) / step
        total = total + mass
        counts[below] = step
        left = (p > total) & (step < n)
        below, p, n, mass, odds, total = below[left], p[left], n[left], mass[left], odds[left], total[left]
    return counts
