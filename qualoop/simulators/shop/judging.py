"""What a referee's decisions are worth, in points: for each experiment 100 for each of four questions, less what an
answer costs.

- Size: too small loses power, (.8 − power) / .8; too large loses time, .4 for each planned size too much.
- Ratio: a mismatch that is missed costs twice what a false alarm does.
- Looks: a bound that is too low lets false alarms through, one that is too high loses power.
- Verdict: 70 for the verdict (three quarters for being the best, one for what it costs), 30 for the probability
  (Brier: its squared distance from what may be believed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Decision
from qualoop.simulators.shop.belief import VERDICTS
from qualoop.simulators.shop.experiments import Experiment, RefereeWorld
from qualoop.simulators.shop.testing import ALPHA, BOUNDS, POWER, false_alarms, planned_size, power_at, power_with
from qualoop.simulators.streams import Floats

FULL: Final = 100.0
QUESTIONS: Final = ("power", "ratio", "peeking", "verdict")
MISSED: Final = 2.0
"""What a missed mismatch costs, in false alarms."""
FALSE_ALARM: Final = 0.8
"""What a false alarm about the ratio costs, of the question's points."""

_TOO_LARGE: Final = 0.4
_PER_ALARM: Final = 12.0
_PER_POWER: Final = 8.0
VERDICT_SHARE: Final = 0.7
BEING_BEST: Final = 0.75
BRIER_SCALE: Final = 0.25
"""Squared distance that costs all of the probability's points: 50 points of a hundred off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What each answer costs, a share of its question's points, for each experiment; ``ratio`` and ``belief`` may
    exceed 1.
    """

    power: Floats
    ratio: Floats
    peeking: Floats
    verdict: Floats
    belief: Floats

    def points(self) -> float:
        """Return what is left of all points."""
        verdict = VERDICT_SHARE * self.verdict + (1.0 - VERDICT_SHARE) * self.belief
        lost = self.power + self.ratio + self.peeking + verdict
        return FULL * (len(QUESTIONS) * len(lost) - float(lost.sum()))


def lost_by(world: RefereeWorld, decision: Decision) -> Lost:
    """Return what a decision's answers cost in expectation."""
    tests = world.experiments
    return Lost(
        power=size_lost(size_ratios(world, decision)),
        ratio=_ratio(tests, decision["mismatch"]),
        peeking=np.array(
            [bound_lost(test.looks, str(key)) for test, key in zip(tests, decision["bound"], strict=True)]
        ),
        verdict=_verdicts(tests, decision["verdict"]),
        belief=(beliefs(decision) - true_beliefs(world)) ** 2 / BRIER_SCALE,
    )


def size_ratios(world: RefereeWorld, decision: Decision) -> Floats:
    """Return the planned sizes, as multiples of the right ones."""
    right = np.array([planned_size(test.rate, test.effect) for test in world.experiments])
    ratios: Floats = np.array(decision["planned"], dtype=np.float64) / right
    return ratios


def size_lost(ratios: Floats) -> Floats:
    """Return what planned sizes cost: power where they are too small, time where they are too large; at most 1."""
    small = np.maximum(POWER - power_at(ratios), 0.0) / POWER
    lost: Floats = np.minimum(np.where(ratios < 1.0, small, _TOO_LARGE * (ratios - 1.0)), 1.0)
    return lost


def _ratio(tests: Sequence[Experiment], flags: Sequence[object]) -> Floats:
    costs = [
        0.0 if bool(flag) == test.mismatch else FALSE_ALARM * (MISSED if test.mismatch else 1.0)
        for test, flag in zip(tests, flags, strict=True)
    ]
    return np.array(costs)


def bound_key(looks: int) -> str:
    """Return the option that suits a number of looks."""
    return f"z{BOUNDS[looks]:.2f}"


@lru_cache(maxsize=64)
def bound_lost(looks: int, key: str) -> float:
    """Return what asking for this bound at each of so many looks costs; at most 1, and 0 for the right one."""
    bound = next(value for number, value in BOUNDS.items() if bound_key(number) == key)
    if bound == BOUNDS[looks]:
        return 0.0
    alarms = max(false_alarms(looks, bound) - ALPHA, 0.0)
    power = max(power_with(looks, BOUNDS[looks]) - power_with(looks, bound), 0.0)
    return min(_PER_ALARM * alarms + _PER_POWER * power, 1.0)


def _verdicts(tests: Sequence[Experiment], verdicts: Sequence[object]) -> Floats:
    return np.array(
        [
            BEING_BEST * (str(verdict) != test.verdict)
            + (1.0 - BEING_BEST) * (test.values[test.verdict] - test.values[str(verdict)]) / usual_regret(test)
            for test, verdict in zip(tests, verdicts, strict=True)
        ]
    )


def usual_regret(test: Experiment) -> float:
    """Return what a wrong verdict costs on average, in yearly values of a least effect."""
    best = test.values[test.verdict]
    return sum(best - test.values[verdict] for verdict in VERDICTS) / (len(VERDICTS) - 1)


def beliefs(decision: Decision) -> Floats:
    """Return the stated chances that B is better."""
    stated: Floats = np.array(decision["better"], dtype=np.float64) / 100.0
    return stated


def true_beliefs(world: RefereeWorld) -> Floats:
    """Return the chances that B is better, given all that can be known."""
    return np.array([test.belief.better for test in world.experiments])
