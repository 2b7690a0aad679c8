"""A year as it comes out: true effects from what may be believed, further data, detected wins. The mean over all years
is the value that is graded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qualoop.simulators.decisions import Decision
from qualoop.simulators.distributions import normal_quantile
from qualoop.simulators.shop.belief import FULL_ERROR, further_error, ships_after, ships_alone
from qualoop.simulators.shop.experiments import Experiment, RefereeWorld
from qualoop.simulators.shop.judging import (
    BEING_BEST,
    BRIER_SCALE,
    Lost,
    beliefs,
    lost_by,
    size_ratios,
    true_beliefs,
    usual_regret,
)
from qualoop.simulators.shop.spec import RefereeSpec
from qualoop.simulators.shop.testing import POWER, power_at
from qualoop.simulators.streams import Floats, WorldKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """True effects, and what the verdicts gained, both in least effects that matter."""

    effects: Floats
    gains: Floats


def sampled(world: RefereeWorld, decision: Decision, run: WorldKey) -> tuple[Lost, Year]:
    """Return what the decisions cost as it came out. No draw depends on a decision."""
    tests = world.experiments
    # Effects, then what further data would show: the same customers whatever is decided.
    uniforms = run.uniforms("year", shape=(4, len(tests)))
    noise = normal_quantile(uniforms[2])
    some = uniforms[0] < np.array([test.belief.some for test in tests])
    slab = np.array([test.belief.mean for test in tests])
    deviation = np.array([test.belief.deviation for test in tests])
    effects = np.where(some, slab + deviation * normal_quantile(uniforms[1]), 0.0)
    gains = np.array(
        [
            _gain(world.spec, test, str(verdict), (float(effect), float(z)))
            for test, verdict, effect, z in zip(tests, decision["verdict"], effects, noise, strict=True)
        ]
    )
    expected = lost_by(world, decision)
    return _as_it_came(world, decision, expected, (effects, gains, uniforms[3])), Year(effects=effects, gains=gains)


def _as_it_came(world: RefereeWorld, decision: Decision, expected: Lost, drawn: tuple[Floats, Floats, Floats]) -> Lost:
    effects, gains, luck = drawn
    tests = world.experiments
    ratios, believed = size_ratios(world, decision), true_beliefs(world)
    found = luck < power_at(ratios)
    stated = beliefs(decision)
    # What nobody could foresee of an outcome, π(1 − π), is taken off, so that the mean is the graded distance.
    brier = (stated - (effects > 0.0)) ** 2 - believed * (1.0 - believed)
    return replace(
        expected,
        power=np.where(ratios < 1.0, (POWER - found) / POWER, expected.power),
        verdict=_being_wrong(tests, decision["verdict"])
        + (1.0 - BEING_BEST) * (_best(tests) - gains) / np.array([usual_regret(test) for test in tests]),
        belief=brier / BRIER_SCALE,
    )


def _being_wrong(tests: Sequence[Experiment], verdicts: Sequence[object]) -> Floats:
    return np.array(
        [BEING_BEST * (str(verdict) != test.verdict) for test, verdict in zip(tests, verdicts, strict=True)]
    )


def _best(tests: Sequence[Experiment]) -> Floats:
    return np.array([test.values[test.verdict] for test in tests])


def _gain(spec: RefereeSpec, test: Experiment, verdict: str, luck: tuple[float, float]) -> float:
    """Return what a verdict gains if the effect, and the noise of further data, are these."""
    effect, z = luck
    stakes = spec.stakes
    shipped = effect - stakes.shipping
    match verdict:
        case "ship":
            return shipped
        case "extend":
            error = further_error(test.information)
            seen = np.array([effect + error * z])
            goes = not test.mismatch and bool(ships_after(test.belief, seen, error, stakes)[0])
            return (shipped if goes else 0.0) - stakes.extending
        case "invalid":
            goes = bool(ships_alone(np.array([effect + FULL_ERROR * z]), stakes)[0])
            return (shipped if goes else 0.0) - stakes.repeating
        case _:
            return 0.0
