"""Calibrated peers: who rates well counts for more, and who rates strictly is not held against whom they rate.

Each reviewer first rates samples that staff have scored. What they miss them by gives a bias and an error variance, both
drawn towards the class, since three samples say little about one person (empirical Bayes). A peer score is the mean of
the ratings, each less its reviewer's bias and weighted with 1 / variance. After Piech et al. 2013, "Tuned models of peer
assessment in MOOCs", without the iteration over true scores: here staff have given them.

Errors and biases are in units of a score, [-1, 1]; rating - staff, so positive is lenient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import fsum, sqrt
from typing import Final

from qualoop.errors import QualoopError
from qualoop.values import Score

PRIOR_SAMPLES: Final = 4.0
"""How many samples the class counts for in the variance of one reviewer."""
LEAST_VARIANCE: Final = 0.05**2
"""Nobody is surer than a twentieth of the scale: three lucky samples must not silence everybody else."""
FIRST_VARIANCE: Final = 0.2**2
"""What the error variance of a class is taken for before anybody has rated two samples."""


class NoRatingsError(QualoopError):
    """There is no rating to make a peer score of."""

    code = "peers-no-ratings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is known of one reviewer from ``samples`` rated samples."""

    samples: int
    bias: float
    variance: float

    @property
    def weight(self) -> float:
        """Return how much a rating of this reviewer counts: the inverse of the error variance."""
        return 1 / self.variance


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerScore:
    """What peers say: the score, its standard error, and each reviewer's share in it (the shares sum to 1)."""

    score: Score
    standard_error: float
    shares: Mapping[str, float]


def sample_errors(ratings: Mapping[str, Score], staff: Mapping[str, Score]) -> Sequence[float]:
    """Return by how much a reviewer missed each score that staff gave; what only one of them has is left out."""
    return [float(ratings[key]) - float(score) for key, score in staff.items() if key in ratings]


def calibrate(errors: Mapping[str, Sequence[float]]) -> Mapping[str, Calibration]:
    """Return the calibration of each reviewer of a class from the errors at the samples, by reviewer.

    Who has rated no sample is taken for an average member of the class.
    """
    of_class = _class_facts([each for each in errors.values() if each])
    return {reviewer: _one(each, of_class) for reviewer, each in errors.items()}


def peer_score(ratings: Mapping[str, Score], calibrations: Mapping[str, Calibration]) -> PeerScore:
    """Return the weighted mean of ratings by reviewer; raise NoRatingsError, KeyError for a reviewer without calibration."""
    if not ratings:
        raise NoRatingsError
    weights = {reviewer: calibrations[reviewer].weight for reviewer in ratings}
    total = fsum(weights.values())
    mean = fsum(weights[each] * (float(score) - calibrations[each].bias) for each, score in ratings.items()) / total
    return PeerScore(
        score=Score(Decimal(str(min(max(mean, 0.0), 1.0)))),
        standard_error=sqrt(1 / total),
        shares={reviewer: weight / total for reviewer, weight in weights.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClassFacts:
    """The class: its mean bias, the variance of errors within a reviewer, and that of biases between reviewers."""

    bias: float
    within: float
    between: float


def _class_facts(known: Sequence[Sequence[float]]) -> _ClassFacts:
    """Return the facts of a class by the method of moments (one-way analysis of variance, unequal counts)."""
    count = sum(len(each) for each in known)
    if not count:
        return _ClassFacts(bias=0.0, within=FIRST_VARIANCE, between=0.0)
    bias = fsum(error for each in known for error in each) / count
    freedom = count - len(known)
    within = fsum(_squares(each, _mean(each)) for each in known) / freedom if freedom else FIRST_VARIANCE
    within = max(within, LEAST_VARIANCE)
    groups = len(known) - 1
    effective = (count - fsum(len(each) ** 2 for each in known) / count) / groups if groups else 0.0
    spread = fsum(len(each) * (_mean(each) - bias) ** 2 for each in known) / groups if groups else within
    between = max((spread - within) / effective, 0.0) if effective else 0.0
    return _ClassFacts(bias=bias, within=within, between=between)


def _one(errors: Sequence[float], of_class: _ClassFacts) -> Calibration:
    """Return a reviewer's calibration: bias and variance as the samples have them, drawn towards the class."""
    count = len(errors)
    own = of_class.between / (of_class.between + of_class.within / count) if count else 0.0
    bias = of_class.bias + own * ((_mean(errors) if count else 0.0) - of_class.bias)
    variance = (PRIOR_SAMPLES * of_class.within + _squares(errors, bias)) / (PRIOR_SAMPLES + count)
    return Calibration(samples=count, bias=bias, variance=max(variance, LEAST_VARIANCE))


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def _squares(values: Sequence[float], around: float) -> float:
    return fsum((value - around) ** 2 for value in values)
