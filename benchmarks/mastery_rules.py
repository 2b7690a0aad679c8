"""When rules of mastery fire on real sequences, and what learners do afterwards (docs/mastery.md, mastery rules).

A sequence is what one test learner did on one knowledge point, from 11 attempts on. A rule that fires with 5 attempts
left has been reached; then the next 5 tell whether it was right. An attempt counts as right from half the score on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import comb, log
from statistics import NormalDist
from typing import Final

import numpy as np

from benchmarks.mastery_bkt import Sequences, fitted, knowledge
from benchmarks.mastery_compiling import compiled
from qualoop.mastery.log_runs import Flags, Floats, Indices, Responses, Run

LEAST_ATTEMPTS: Final = 11
WATCHED: Final = 5
FALSE_AT_MOST: Final = 3
RIGHT: Final = 0.5
LEAST_ITEMS: Final = 3
BKT_DEFAULT: Final = (0.1, 0.1, 0.1, 0.1)
WRONG_CREDIT: Final = 0.2
HIGH: Final = 0.8
AVERAGE_STEP: Final = 0.3

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Attempts(Sequences):
    """The touches of a log, one (learner, knowledge point) after the other; ``run`` is the engine's, with readings."""

    run: Run

    @cached_property
    def right(self) -> Flags:
        """Return whether each was right."""
        return self.scores >= RIGHT

    @cached_property
    def new_item(self) -> Flags:
        """Return whether each meets its item for the first time in its sequence."""
        item = self.responses.item[self.responses.touch][self.order]
        key = self.of_touch * len(self.responses.log.items) + item
        first = np.zeros(len(key), np.bool_)
        first[np.unique(key, return_index=True)[1]] = True
        return first

    @cached_property
    def judged(self) -> Flags:
        """Return for each sequence whether it is long enough and its learner kept for testing."""
        return self.responses.log.tests[self.learner] & (np.diff(self.starts) >= LEAST_ATTEMPTS)

    def since_start(self, amounts: Floats) -> Floats:
        """Return the sum of amounts from the start of the sequence to each attempt, itself included."""
        sums = np.cumsum(amounts)
        before = np.concatenate(([0.0], sums))[self.starts[:-1]]
        since: Floats = sums - np.repeat(before, np.diff(self.starts))
        return since


Rule = Callable[[Attempts], Flags]


def streak(length: int) -> Rule:
    """Return the rule: so many right in a row."""

    def fires(attempts: Attempts) -> Flags:
        index = np.arange(len(attempts.right))
        begin = np.repeat(attempts.starts[:-1], np.diff(attempts.starts))
        wrong = np.maximum.accumulate(np.where(attempts.right, -1, index)) if len(index) else index
        return index - np.maximum(wrong, begin - 1) >= length

    return fires


def bkt_known(least: float, *, fit: bool) -> Rule:
    """Return the rule: knowledge tracing says "known" with at least this chance; its numbers fitted, or all .1."""

    def fires(attempts: Attempts) -> Flags:
        if fit:
            parameters = fitted(attempts.responses)
        else:
            parameters = np.tile(np.array(BKT_DEFAULT), (len(attempts.responses.log.point_names), 1))
        chances: Floats = compiled(knowledge, len(attempts.scores))(
            attempts.point, attempts.starts, attempts.scores, parameters
        )
        return chances >= least

    return fires


def first_tries(attempts: Attempts) -> Flags:
    """The rule of oli-torus, "High": right first tries, wrong ones counting .2, above .8; at least 3 of them."""
    tried = attempts.since_start(attempts.new_item.astype(np.float64))
    credit = np.where(attempts.right, 1.0, WRONG_CREDIT) * attempts.new_item
    return (tried >= LEAST_ITEMS) & (attempts.since_start(credit) > HIGH * tried)


def moving_average(attempts: Attempts) -> Flags:
    """The rule: the moving average with step .3, from 0, is at least .8."""
    averages: Floats = compiled(averaged, len(attempts.scores))(attempts.starts, attempts.scores, AVERAGE_STEP)
    return averages >= HIGH


def averaged(starts: Indices, scores: Floats, step: float) -> Floats:
    """Return the moving average of each sequence after each attempt."""
    result = np.empty(len(scores))
    for i in range(len(starts) - 1):
        average = 0.0
        for row in range(starts[i], starts[i + 1]):
            average += step * (scores[row] - average)
            result[row] = average
    return result


def beta(cut: float, least: float) -> Rule:
    """Return the rule: P(p > cut) from right and wrong alone, Beta(1, 1) before, is at least this."""

    def fires(attempts: Attempts) -> Flags:
        good = attempts.since_start(attempts.right.astype(np.float64)).astype(np.int64)
        bad = attempts.since_start((~attempts.right).astype(np.float64)).astype(np.int64)
        pairs, which = np.unique(np.stack((good, bad)), axis=1, return_inverse=True)
        chances = np.array([beta_above(cut, int(s), int(f)) for s, f in pairs.T])
        return chances[which.ravel()] >= least

    return fires


def beta_above(cut: float, successes: int, failures: int) -> float:
    """Return P(p > cut) for p ~ Beta(1 + successes, 1 + failures), as a sum of binomial terms."""
    n = successes + failures + 1
    return sum(comb(n, k) * cut**k * (1 - cut) ** (n - k) for k in range(successes + 1))


def engine(cut: float, least: float, *, items: int = 0) -> Rule:
    """Return the rule: the engine's P(p > cut) is at least this, after so many distinct items."""

    def fires(attempts: Attempts) -> Flags:
        means, variances = attempts.run.means[attempts.order], attempts.run.variances[attempts.order]
        z = (means - log(cut / (1 - cut))) / np.sqrt(variances)
        met = attempts.since_start(attempts.new_item.astype(np.float64))
        return (z >= NormalDist().inv_cdf(least)) & (met >= items)

    return fires


RULES: Final[Mapping[str, Rule]] = {
    "three_in_a_row": streak(3),
    "five_in_a_row": streak(5),
    "bkt_default_95": bkt_known(0.95, fit=False),
    "bkt_fitted_95": bkt_known(0.95, fit=True),
    "bkt_fitted_98": bkt_known(0.98, fit=True),
    "first_tries_high": first_tries,
    "moving_average": moving_average,
    "beta_70_80": beta(0.7, 0.8),
    "beta_70_90": beta(0.7, 0.9),
    **{
        f"engine_{round(100 * cut)}_{round(100 * least)}{suffix}": engine(cut, least, items=items)
        for cut, least in ((0.6, 0.95), (0.7, 0.8), (0.7, 0.9), (0.8, 0.95))
        for items, suffix in ((0, ""), (LEAST_ITEMS, "_3_items"))
    },
}


def rule_figures(responses: Responses, run: Run) -> Figures:
    """Return for each rule what became of it: `RULE.reach`, `.attempts`, `.attempts_median`, `.post5`, `.false`."""
    attempts = Attempts(responses, run)
    figures: Figures = {"rule.sequences": int(attempts.judged.sum())}
    for name, rule in RULES.items() if attempts.judged.any() else ():
        for key, figure in outcome(attempts, rule(attempts)).items():
            figures[f"rule.{name}.{key}"] = figure
    return figures


def outcome(attempts: Attempts, fires: Flags) -> Figures:
    """Return the figures of one rule, which fires after the attempts named."""
    starts, ends = attempts.starts[:-1][attempts.judged], attempts.starts[1:][attempts.judged]
    index = np.arange(len(fires) + 1)
    following = np.minimum.accumulate(np.where(np.append(fires, True), index, len(fires))[::-1])[::-1]
    fired = following[starts]
    reached = ends - fired - 1 >= WATCHED
    if not reached.any():
        return {"reach": 0.0 if len(starts) else None, "attempts": None, "attempts_median": None} | dict.fromkeys(
            ("post5", "false")
        )
    count = (fired - starts + 1)[reached]
    after = attempts.right[fired[reached][:, None] + np.arange(1, WATCHED + 1)]
    return {
        "reach": float(reached.mean()),
        "attempts": float(count.mean()),
        "attempts_median": float(np.median(count)),
        "post5": float(after.mean()),
        "false": float((after.sum(axis=1) <= FALSE_AT_MOST).mean()),
    }
