"""Beliefs are Bayes' rule, and a verdict is worth what a simulation of its consequences says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from qualoop.simulators.shop.belief import (
    FULL_ERROR,
    VERDICTS,
    Belief,
    Stakes,
    after_data,
    before_data,
    further_error,
    ships_after,
    ships_alone,
    worth,
)

STAKES = Stakes(nothing=0.6, spread=1.0, shipping=0.2, extending=0.02, repeating=0.05)


@pytest.mark.parametrize(("estimate", "error"), [(1.2, 0.357), (-0.8, 0.357), (0.9, 0.7), (2.2, 1.1)])
def test_bayes_by_numerical_integration(estimate: float, error: float) -> None:
    belief = after_data(before_data(STAKES), estimate, error)

    def slab(effect: float) -> float:
        return float(0.4 * norm.pdf(effect) * norm.pdf(estimate, effect, error))

    nothing = 0.6 * norm.pdf(estimate, 0, error)
    some = quad(slab, -9, 9)[0]
    mean = quad(lambda effect: effect * slab(effect), -9, 9)[0]
    better = quad(slab, 0, 9)[0]
    assert belief.some == pytest.approx(some / (some + nothing), rel=1e-7)
    assert belief.expected == pytest.approx(mean / (some + nothing), rel=1e-7)
    assert belief.better == pytest.approx(better / (some + nothing), rel=1e-7)


@pytest.mark.parametrize(("estimate", "information", "sound"), [(1.5, 0.15, True), (0.8, 0.3, True), (0.0, 1.0, False)])
def test_values_by_simulation(*, estimate: float, information: float, sound: bool) -> None:
    belief = before_data(STAKES)
    if sound:
        belief = after_data(belief, estimate, FULL_ERROR / np.sqrt(information))
    draws = np.random.default_rng(8)
    count = 200_000
    effects = np.where(draws.random(count) < belief.some, draws.normal(belief.mean, belief.deviation, count), 0.0)
    noise = draws.standard_normal(count)
    gain = effects - STAKES.shipping
    error = further_error(information)
    goes = ships_after(belief, effects + error * noise, error, STAKES)
    again = ships_alone(effects + FULL_ERROR * noise, STAKES)
    seen = {
        "ship": gain.mean(),
        "stop": 0.0,
        "extend": (gain * goes).mean() * sound - STAKES.extending,
        "invalid": (gain * again).mean() - STAKES.repeating,
    }
    values = worth(belief, information, STAKES, sound=sound)
    assert set(values) == set(VERDICTS)
    assert values == pytest.approx(seen, abs=0.008)


def test_more_data_is_never_worth_less_than_deciding_now() -> None:
    for estimate in (-1.0, 0.0, 0.6, 1.4):
        belief = after_data(before_data(STAKES), estimate, 0.6)
        values = worth(belief, 0.35, STAKES, sound=True)
        assert values["extend"] + STAKES.extending >= max(values["ship"], values["stop"]) - 1e-9


def test_nothing_is_believed_of_an_unsound_test() -> None:
    belief = before_data(STAKES)
    assert belief == Belief(some=0.4, mean=0.0, deviation=1.0)
    assert belief.better == pytest.approx(0.2)
    values = worth(belief, 1.0, STAKES, sound=False)
    assert max(values, key=lambda verdict: values[verdict]) == "invalid"
