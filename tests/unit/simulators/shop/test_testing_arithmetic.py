"""Sample size, ratio check and repeated looks, against published figures, SciPy and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, norm

from qualoop.simulators.shop.testing import (
    BOUNDS,
    DRIFT,
    chi_square_survival,
    crossing,
    false_alarms,
    planned_size,
    power_at,
    power_with,
    ratio_p,
)


def test_sample_size_is_sixteen_variances_over_a_squared_effect() -> None:
    assert planned_size(0.5, 0.5) == pytest.approx(15.698, abs=0.001)
    # 5% orders, half a point to be found.
    assert planned_size(0.05, 0.005) == pytest.approx(15.7 * 0.05 * 0.95 / 0.005**2, rel=1e-3)
    assert pytest.approx(norm.ppf(0.975) + norm.ppf(0.8), rel=1e-12) == DRIFT


def test_the_planned_size_has_the_planned_power() -> None:
    assert power_at(np.array([1.0, 0.25, 4.0])) == pytest.approx([0.8, 0.2883, 0.9999], abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.01, 1.0, 3.841, 10.828, 60.0])
def test_chi_square_survival(value: float) -> None:
    assert chi_square_survival(value) == pytest.approx(chi2.sf(value, 1), rel=1e-9)


def test_ratio_check() -> None:
    assert ratio_p(44_000, 45_000, 0.5) == pytest.approx(0.0008, abs=0.00005)
    assert ratio_p(500, 500, 0.5) == 1.0
    assert ratio_p(600, 400, 0.4) == 1.0
    assert ratio_p(600, 400, 0.5) == pytest.approx(2.54e-10, rel=0.01)


@pytest.mark.parametrize(("looks", "alarms"), [(1, 0.05), (2, 0.08), (5, 0.14), (10, 0.19), (20, 0.25)])
def test_false_alarms_of_peeking(looks: int, alarms: float) -> None:
    """The regression values: 200,000 simulated tests."""
    assert round(false_alarms(looks, 1.96), 2) == alarms


@pytest.mark.parametrize("looks", list(BOUNDS))
def test_the_bounds_bring_false_alarms_back(looks: int) -> None:
    assert false_alarms(looks, BOUNDS[looks]) == pytest.approx(0.05, abs=3e-4)


@pytest.mark.parametrize(("looks", "bound", "drift"), [(5, 1.96, 0.0), (10, 2.555, DRIFT), (2, 2.178, -1.0)])
def test_crossing_is_what_simulation_shows(looks: int, bound: float, drift: float) -> None:
    steps = np.random.default_rng(5).standard_normal((60_000, looks)) + drift / np.sqrt(looks)
    z = np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, looks + 1))
    crossed = np.abs(z) >= bound
    first = z[np.arange(len(z)), np.argmax(crossed, axis=1)]
    seen = [float((crossed.any(axis=1) & side).mean()) for side in (first < 0, first > 0)]
    for share, chance in zip(seen, crossing(looks, bound, drift), strict=True):
        assert share == pytest.approx(chance, abs=4 * np.sqrt(max(chance, 1e-4) / 60_000))


def test_stricter_bounds_cost_power() -> None:
    for looks in BOUNDS:
        powers = [power_with(looks, bound) for bound in BOUNDS.values()]
        assert powers == sorted(powers, reverse=True)
    assert power_with(1, 1.96) == pytest.approx(0.8, abs=1e-4)
