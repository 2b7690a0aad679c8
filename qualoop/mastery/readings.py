"""What is read from the states of the mastery model: levels, roll-ups, the bound of an award, the worth of an item.

Pure functions of rows as `qualoop.mastery.kernel` describes them; none changes what it is given. Means are in logits,
variances in logit², shares and probabilities in [0, 1]. Form and fast memory are left out of every read-out: they are
the day, not the skill. Formulas: docs/mastery.md, "Read-outs".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import erfc, exp, log, sqrt
from typing import Final, NamedTuple

from qualoop.mastery import kernel
from qualoop.mastery.constants import KAPPA, Constants, ConstantsRow
from qualoop.mastery.kernel import SIGMOID_FLOOR, Rows, Touched, new_learner, new_memory, new_point

Z_90: Final = 1.645
"""Half width of a 90 % band, and of a one-sided 95 % bound, in standard deviations."""
AWARD_WIDENING: Final = 1.15
"""The model is a little too sure of itself: awards and statuses widen its standard deviation by this."""
PRACTICE_BAND: Final = (0.65, 0.85)
"""An item of practice is neither hopeless nor idle: information alone would pick a chance near one half."""
RESTING_S: Final = 7 * 86_400.0
"""An item met more recently is not given again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The shown level of a knowledge point with its 90 % band, all in [0, 1], and the number of responses behind it.

    ``mean`` and ``sd`` say the same in logits, before anything is widened.
    """

    level: float
    low: float
    high: float
    n: int
    mean: float = field(kw_only=True)
    sd: float = field(kw_only=True)

    @property
    def award_sd(self) -> float:
        """The widened standard deviation by which statuses and awards are decided, logits."""
        return AWARD_WIDENING * self.sd

    def chance_above(self, share: float, *, widening: float = 1.0) -> float:
        """Return the probability that the true level lies above ``share``, in (0, 1), by the widened belief."""
        return normal((self.mean - logit(share)) / (widening * self.sd))


def sigmoid(x: float) -> float:
    """Return the logistic of ``x``."""
    return 1.0 / (1.0 + exp(-x)) if x > SIGMOID_FLOOR else 0.0


def logit(share: float) -> float:
    """Return the log-odds of a share in (0, 1)."""
    return log(share / (1.0 - share))


def normal(x: float) -> float:
    """Return the standard normal distribution at ``x``."""
    return 0.5 * erfc(-x / sqrt(2.0))


def belief(learner: Sequence[float], memory: Sequence[float], point: Sequence[float], constants: Constants) -> Belief:
    """Return mean and variance of a knowledge point on an item of average difficulty, from rows as they are."""
    return Belief(*kernel.belief(learner, memory, point, constants.base))


class Belief(NamedTuple):
    """A normal belief in logits: mean and variance."""

    mean: float
    variance: float

    @property
    def level(self) -> float:
        """The shown level in [0, 1]: the chance of success, averaged over the doubt."""
        return sigmoid(self.mean / sqrt(1.0 + KAPPA * self.variance))

    def reading(self, n: int) -> Reading:
        """Return the belief as it is shown, after ``n`` responses."""
        sd = sqrt(self.variance)
        low, high = sigmoid(self.mean - Z_90 * sd), sigmoid(self.mean + Z_90 * sd)
        return Reading(self.level, low, high, n, mean=self.mean, sd=sd)


def read_point(
    learner: Sequence[float] | None,
    memory: Sequence[float] | None,
    point: Sequence[float] | None,
    *,
    at: float,
    constants: Constants,
) -> Reading:
    """Return the level of a knowledge point at the time ``at`` (seconds); what is None starts from its prior.

    Forgetting widens the band, and it lowers a mean but never raises one.
    """
    learner = new_learner(constants) if learner is None else learner
    memory = new_memory(constants) if memory is None else memory
    point = new_point(constants) if point is None else point
    seen = list(memory)
    kernel.fade(seen, at, learner[4], constants.fading())
    seen[0] = min(memory[0], seen[0])
    return belief(learner, seen, point, constants).reading(int(memory[4]))


def roll_up(
    learner: Sequence[float] | None,
    parts: Iterable[tuple[float, Sequence[float] | None, Sequence[float] | None]],
    *,
    at: float,
    constants: Constants,
) -> tuple[float, float]:
    """Return mean and standard deviation (logits) of a learner over knowledge points: a unit, a post.

    ``parts`` holds weight, memory and point of each knowledge point, once, with all its weight; the weights sum to 1.
    """
    known = new_learner(constants) if learner is None else learner
    readings = [
        (weight, read_point(known, memory, point, at=at, constants=constants)) for weight, memory, point in parts
    ]
    return combine(readings, known[1])


def combine(readings: Iterable[tuple[float, Reading]], ability: float) -> tuple[float, float]:
    """Return mean and standard deviation (logits) over readings of one learner with their weights (sum 1).

    ``ability`` is the variance of general ability. It is in every reading and shared by all: it counts once and whole.
    """
    mean, own = 0.0, 0.0
    for weight, reading in readings:
        mean += weight * reading.mean
        own += weight * weight * max(reading.sd * reading.sd - ability, 0.0)
    return mean, sqrt(ability + own)


def award_sd(sd: float, cut_error: float, *, widening: float = AWARD_WIDENING) -> float:
    """Return the standard deviation of the distance to a cut: the widened one and the standard error of the cut."""
    return sqrt((widening * sd) ** 2 + cut_error**2)


def award_bound(mean: float, sd: float, *, cut_error: float, widening: float = AWARD_WIDENING) -> float:
    """Return the lower bound (logits) that has to lie above a cut for an award to be proposed."""
    return mean - Z_90 * award_sd(sd, cut_error, widening=widening)


def false_pass_rate(mean: float, sd: float, *, cut: float, cut_error: float, widening: float = AWARD_WIDENING) -> float:
    """Return the chance that a learner with this belief lies below ``cut`` (logits) in truth."""
    return normal((cut - mean) / award_sd(sd, cut_error, widening=widening))


class ItemWorth(NamedTuple):
    """What an item would tell: chance of success (or expected score), and by how much it lowers the doubt, logit²."""

    predicted: float
    gain: float

    def per_minute(self, minutes: float) -> float:
        """Return the gain per expected minute of work (above 0)."""
        return self.gain / minutes

    @property
    def is_in_band(self) -> bool:
        """Whether the item is neither too hard nor too easy to be practised."""
        return PRACTICE_BAND[0] <= self.predicted <= PRACTICE_BAND[1]


def item_worth(rows: Rows, touched: Touched, *, at: float, guess: float, constants: ConstantsRow) -> ItemWorth:
    """Return what an item that is not rated would tell of the knowledge points it touches, at the time ``at``.

    The gain is the sum over these of the drop of the variance of the level, (v_g + w v_m)² W/D. Nothing is changed.
    """
    memories, points, memory_places, point_places, weights = touched
    copies = [list(memories[place]) for place in memory_places]
    there = (copies, points, range(len(copies)), point_places, weights)
    predicted, _, _, _, information, _, damping = kernel.predict(
        rows, there, (at, 1.0, 1.0, 1.0, guess, 0.0), constants
    )
    v_g = rows[0][1]
    gain = sum((v_g + weight * memory[1]) ** 2 for weight, memory in zip(weights, copies, strict=True))
    return ItemWorth(predicted, gain * information / damping)


def is_rested(last_met: float | None, at: float) -> bool:
    """Say whether an item last met then (seconds; None for never) may be given again at ``at``."""
    return last_met is None or at - last_met >= RESTING_S
