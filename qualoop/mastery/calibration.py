"""Tunes the constants of the engine on a log of responses, and says whether that was worth it.

The objective is the log-loss on the last quarter of the training learners in run order, after one pass over all of
them; test learners are met only once, afterwards (docs/mastery.md, tuning).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from qualoop.errors import QualoopError
from qualoop.mastery.accuracy import RankedScores, log_loss, losses, resampled
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.explanation import MODEL
from qualoop.mastery.log_runs import COMPILE_FROM, Flags, Floats, Responses, run_engine

DRAWS: Final = 400
REFINEMENTS: Final = 300
HELD_OUT: Final = 0.25
"""The share of the training learners, the last ones, whose log-loss is the objective."""
LEAST_LEARNERS: Final = 4
FEW_LEARNERS: Final = 100
"""Below this tuned constants seldom beat the shipped ones."""
SAID_EVERY: Final = 100
FROM_BEST: Final = 0.8
MOST_CHANGED: Final = 3
LOG_STEP: Final = 0.25
STEP: Final = 0.05
MOST_KEPT: Final = 0.999
BASE_LIMIT: Final = 0.01
BOOTSTRAP_DRAWS: Final = 300
SURE: Final = 1.645
"""So many standard errors below zero a difference must be: one-sided, 95 %."""

Say = Callable[[str], None]


class TooFewLearnersError(QualoopError):
    """A log has too few training learners to tune on."""

    code = "too-few-learners"


class ConstantsFileError(QualoopError):
    """A file does not hold constants of the mastery engine."""

    code = "constants-file"


@dataclass(frozen=True, slots=True)
class Range:
    """Where a constant starts and between which values it is drawn; ``log`` draws its logarithm evenly."""

    start: float
    low: float
    high: float
    log: bool = True


RANGES: Final[Mapping[str, Range]] = {
    "v_g0": Range(0.6, 0.02, 3.0),
    "v_h0": Range(0.1, 0.005, 1.5),
    "v_m0": Range(0.4, 0.02, 3.0),
    "v_f0": Range(0.3, 0.01, 4.0),
    "v_b0": Range(1.0, 0.05, 5.0),
    "v_c0": Range(0.8, 0.05, 4.0),
    "q_g": Range(0.001, 1e-5, 0.1),
    "q_m": Range(0.01, 1e-4, 0.3),
    "gain_success": Range(0.05, -0.1, 0.3, log=False),
    "gain_failure": Range(0.0, -0.3, 0.2, log=False),
    "rho_h": Range(0.9, 0.3, 0.99, log=False),
    "rho_f": Range(0.8, 0.2, 0.99, log=False),
    "phi_m": Range(0.02, 0.001, 0.4),
    "phi_f": Range(0.05, 0.001, 0.4),
    "tau": Range(3600.0, 600.0, 86400.0),
    "psi": Range(0.05, 0.001, 0.6),
    "slope": Range(1.0, 0.8, 1.4, log=False),
    "offset": Range(0.0, -0.2, 0.2, log=False),
}
KEPT: Final = ("rho_h", "rho_f")
"""Shares, which refinement keeps between 0 and MOST_KEPT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Tuned constants and their objective, beside that of the shipped ones."""

    constants: Constants
    loss: float
    shipped_loss: float
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One model minus another on the test rows, each with the standard error of a paired bootstrap.

    ``log_loss`` below 0 and ``auc`` above 0 speak for the one; NaN where there is nothing to compare.
    """

    rows: int
    log_loss: float
    log_loss_se: float
    auc: float
    auc_se: float

    @property
    def better(self) -> bool:
        """Return whether the one surely predicts better: by more than chance would bring."""
        return self.log_loss + SURE * self.log_loss_se < 0

    @property
    def worse(self) -> bool:
        """Return whether the one surely predicts worse."""
        return self.log_loss - SURE * self.log_loss_se > 0


def fit(
    responses: Responses,
    *,
    draws: int = DRAWS,
    refinements: int = REFINEMENTS,
    seed: int = 0,
    say: Say | None = None,
) -> Fit:
    """Return the constants that predict the training learners best; ``say`` gets a line now and then.

    Raises TooFewLearnersError below LEAST_LEARNERS training learners.
    """
    training = responses.only(~responses.test)
    held_out = _held_out(training)
    random = np.random.default_rng(seed)
    start = _start(training)

    def loss(constants: Constants) -> float:
        compile_it = len(training.rows) * (draws + refinements) >= COMPILE_FROM
        predictions = run_engine(training, constants, compile_it=compile_it).predictions
        return log_loss(training.score[held_out], predictions[held_out])

    best, least = start, loss(start)
    for turn in range(draws + refinements):
        tried = _drawn(random, best, start) if turn < draws else _refined(random, best)
        if (new := loss(tried)) < least:
            best, least = tried, new
        if say and (turn + 1) % SAID_EVERY == 0:
            say(f"{responses.log.name}: {turn + 1} of {draws + refinements} runs, log-loss {least:.4f}")
    return Fit(
        constants=identified(best),
        loss=least,
        shipped_loss=loss(DEFAULT_CONSTANTS),
        runs=draws + refinements + 2,
    )


def median(found: Iterable[Constants]) -> Constants:
    """Return the medians of constants, one by one: what to use where none of their logs is at home."""
    all_ = [asdict(constants) for constants in found]
    names = [field.name for field in fields(Constants) if field.name != "id"]
    values: dict[str, Any] = {name: float(np.median([each[name] for each in all_])) for name in names}
    return identified(Constants(**values))


def compare(responses: Responses, fitted: Constants, shipped: Constants = DEFAULT_CONSTANTS) -> Comparison:
    """Return how much better fitted constants are on the test learners, after the training learners."""
    one, other = (run_engine(responses, constants).predictions for constants in (fitted, shipped))
    return compare_predictions(responses, one, other)


def compare_predictions(responses: Responses, one: Floats, other: Floats) -> Comparison:
    """Return how much better one model's predictions are than another's on the test rows; both of all responses."""
    test = responses.test
    scores, learner = responses.score[test], responses.learner[test]
    one, other = one[test], other[test]
    gaps = losses(scores, one) - losses(scores, other)
    whole = (scores == 0) | (scores == 1)
    ranked = [RankedScores(scores[whole], predictions[whole]) for predictions in (one, other)]
    ones = np.ones(int(whole.sum()))
    drawn = np.array(
        [
            (float(np.average(gaps, weights=weights)), ranked[0].auc(weights[whole]) - ranked[1].auc(weights[whole]))
            for weights in resampled(learner, BOOTSTRAP_DRAWS)
        ]
    ).reshape(-1, 2)
    spread = np.nanstd(drawn, axis=0, ddof=1) if len(drawn) else np.full(2, np.nan)
    return Comparison(
        rows=len(scores),
        log_loss=float(gaps.mean()) if len(gaps) else float("nan"),
        log_loss_se=float(spread[0]),
        auc=ranked[0].auc(ones) - ranked[1].auc(ones),
        auc_se=float(spread[1]),
    )


def identified(constants: Constants) -> Constants:
    """Return constants with an id made of their values: equal values, equal id."""
    values = {name: value for name, value in asdict(constants).items() if name != "id"}
    text = json.dumps(values, sort_keys=True)
    return replace(constants, id=f"fit-{sha256(text.encode()).hexdigest()[:12]}")


def write_constants(path: Path, constants: Constants, provenance: Mapping[str, Any]) -> None:
    """Write a file of constants: model, id, values, and where they come from (plain JSON)."""
    values = {name: value for name, value in asdict(constants).items() if name != "id"}
    document = {"model": MODEL, "id": constants.id, "constants": values, "provenance": dict(provenance)}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def read_constants(path: Path) -> Constants:
    """Return the constants of a file; raises ConstantsFileError where it is not one, or not of this model."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        values = {name: float(value) for name, value in document["constants"].items()}
        constants = Constants(id=str(document["id"]), **values)
        model = document["model"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConstantsFileError(f"{path} holds no constants: {error}") from error
    if model != MODEL:
        raise ConstantsFileError(f"{path} holds constants of the model {model}, not of {MODEL}")
    if not np.isfinite(list(values.values())).all() or set(values) != {*RANGES, "base", "v_s0"}:
        raise ConstantsFileError(f"{path} does not hold all constants as finite numbers")
    if identified(constants).id != constants.id:
        raise ConstantsFileError(f"the values in {path} are not those of its id: change constants by fitting them")
    return constants


def _held_out(training: Responses) -> Flags:
    """Return which training rows are of the last quarter of the learners."""
    order = np.unique(training.learner, return_index=True)
    learners = order[0][np.argsort(order[1])]
    if len(learners) < LEAST_LEARNERS:
        raise TooFewLearnersError(
            f"{training.log.name} has {len(learners)} training learners with responses; {LEAST_LEARNERS} are needed"
        )
    last = learners[len(learners) - max(1, round(HELD_OUT * len(learners))) :]
    flags: Flags = np.isin(training.learner, last)
    return flags


def _start(training: Responses) -> Constants:
    """Return the start values, with the log-odds of the mean score as base."""
    mean = float(np.clip(training.score.mean(), BASE_LIMIT, 1 - BASE_LIMIT))
    values: dict[str, Any] = {name: limits.start for name, limits in RANGES.items()}
    return Constants(base=float(np.log(mean / (1 - mean))), **values)


def _chosen(random: np.random.Generator) -> list[str]:
    """Return one to three constants to change."""
    count = int(random.integers(1, MOST_CHANGED + 1))
    return [str(name) for name in random.choice(list(RANGES), count, replace=False)]


def _drawn(random: np.random.Generator, best: Constants, start: Constants) -> Constants:
    """Return constants of which one to three are drawn anew; the others are the best so far, or the start values."""
    origin = best if random.random() < FROM_BEST else start
    values: dict[str, Any] = {}
    for name in _chosen(random):
        limits = RANGES[name]
        if limits.log:
            values[name] = float(np.exp(random.uniform(np.log(limits.low), np.log(limits.high))))
        else:
            values[name] = float(random.uniform(limits.low, limits.high))
    return replace(origin, **values)


def _refined(random: np.random.Generator, best: Constants) -> Constants:
    """Return constants of which one to three have moved a little, beyond their range if need be."""
    values: dict[str, Any] = {}
    for name in _chosen(random):
        value = float(getattr(best, name))
        moved = (
            value * float(np.exp(random.normal(0, LOG_STEP))) if RANGES[name].log else value + random.normal(0, STEP)
        )
        values[name] = float(np.clip(moved, 0.0, MOST_KEPT)) if name in KEPT else float(moved)
    return replace(best, **values)
