"""The optional second stage: 32 features of the same state, weighed for a better prediction (docs/mastery.md).

It serves prediction and recommendation only: levels, awards and explanations come from the filter. Every feature is
known before the response is scored and costs O(1). Nothing trained is shipped; `fit_weights` trains on a log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from qualoop.mastery.constants import KAPPA, Constants
from qualoop.mastery.kernel import compiled, fade, step
from qualoop.mastery.log_runs import COMPILE_FROM, Flags, Floats, Indices, Responses, start_tables

FILTER: Final = ("z", "V", "g", "v_g", "b", "v_b", "m", "v_m", "c", "least_m")
KP: Final = ("successes", "failures", "mean", "last", "between", "minutes", "streak", "rate")
LEARNER: Final = ("successes", "failures", "slow_mean", "fast_mean", "last")
PAIR: Final = ("successes", "attempts", "last")
ITEM: Final = ("points", "rate", "responses")
FEATURES: Final = (
    *(f"filter.{name}" for name in FILTER),
    *(f"kp.{name}" for name in KP),
    *(f"learner.{name}" for name in LEARNER),
    *(f"learner_item.{name}" for name in PAIR),
    *(f"item.{name}" for name in ITEM),
    "kp.mean x kp.between",
    "kp.last x kp.between",
    "moderated z",
)

QUICK: Final = 0.7
"""Share that a quick running mean keeps; the slow one keeps SLOW."""
SLOW: Final = 0.9
POINT_PRIOR: Final = 5.0
ITEM_PRIOR: Final = 3.0
RATE_LIMIT: Final = 0.005
MINUTE: Final = 60.0
WARM_UP: Final = 0.3
"""The share of the training learners, the first ones, that is not trained on: difficulties are still cold."""
CHECKED: Final = 0.2
NEWTON_STEPS: Final = 50
TOLERANCE: Final = 1e-10
LARGEST_LOGIT: Final = 35.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """A trained logistic second stage: features are standardised, weighed, added up."""

    means: Floats
    """Shape (32,), in the order of FEATURES, as the spreads and weights."""
    spreads: Floats
    weights: Floats
    intercept: float

    def predict(self, features: Floats) -> Floats:
        """Return the chance of success for features of shape (n, 32)."""
        return logistic((features - self.means) / self.spreads @ self.weights + self.intercept)


def features(responses: Responses, constants: Constants) -> Floats:
    """Return the features of every response, shape (n, 32), in the order of FEATURES.

    The global mean that smooths rates and starts running means is that of the training rows.
    """
    training = responses.score[~responses.test]
    mean = float(np.clip(training.mean(), RATE_LIMIT, 1 - RATE_LIMIT)) if len(training) else 0.5
    filtered = _filtered(responses, constants)
    points = _averaged(responses, _point_features(responses, mean))
    learner, score = responses.learner, responses.score
    pair = _numbered(learner * len(responses.log.items) + responses.item)
    point_mean, last, between = points[:, 2], points[:, 3], points[:, 4]
    columns = [
        *filtered.T,
        *points.T,
        np.log1p(_sums(learner, score)),
        np.log1p(_sums(learner, 1 - score)),
        _running_mean(learner, score, SLOW, mean),
        _running_mean(learner, score, QUICK, mean),
        _previous(learner, 2 * score - 1, 0.0),
        np.log1p(_sums(pair, score)),
        np.log1p(_sums(pair, np.ones(len(score)))),
        _previous(pair, 2 * score - 1, 0.0),
        *_item_features(responses, mean),
        point_mean * between,
        last * between,
        filtered[:, 0] / np.sqrt(1 + KAPPA * filtered[:, 1]),
    ]
    return np.column_stack(columns)


def trained_on(responses: Responses) -> Flags:
    """Return which responses the second stage is trained on: training learners but for the first 30 %."""
    learners = np.array(list(dict.fromkeys(responses.learner[~responses.test].tolist())), np.int64)
    kept: Flags = np.isin(responses.learner, learners[round(WARM_UP * len(learners)) :])
    return kept


def stopped_on(responses: Responses) -> Flags:
    """Return which of them tables are checked on while they grow: the last fifth of the training learners."""
    learners = np.array(list(dict.fromkeys(responses.learner[~responses.test].tolist())), np.int64)
    last: Flags = np.isin(responses.learner, learners[len(learners) - round(CHECKED * len(learners)) :])
    return last


def fit_weights(told: Floats, scores: Floats) -> Weights:
    """Return the weights that fit scores, shape (n,), by features, shape (n, 32): logistic, L2 with C = 1."""
    means, spreads = told.mean(axis=0), told.std(axis=0)
    spreads = np.where(spreads > TOLERANCE, spreads, 1.0)
    design = np.column_stack(((told - means) / spreads, np.ones(len(told))))
    penalty = np.append(np.ones(told.shape[1]), TOLERANCE)
    weights = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        chances = logistic(design @ weights)
        gradient = design.T @ (scores - chances) - penalty * weights
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + np.diag(penalty)
        move = np.linalg.solve(curvature, gradient)
        weights = weights + move
        if float(np.abs(move).max()) < TOLERANCE:
            break
    return Weights(means=means, spreads=spreads, weights=weights[:-1], intercept=float(weights[-1]))


def _filtered(responses: Responses, constants: Constants) -> Floats:
    """Return what the engine's filter holds before each response, shape (n, 10), in the order of FILTER."""
    told = np.zeros((len(responses.rows), len(FILTER)))
    loop = _compiled_filter() if len(told) >= COMPILE_FROM else _filter
    loop(
        (responses.columns, responses.touches),
        start_tables(responses, constants),
        told,
        constants.row(timed=responses.log.timed),
    )
    return told


@cache
def _compiled_filter() -> Callable[..., None]:
    return compiled(_filter)


def _filter(given: Any, tables: Any, told: Any, constants: Any) -> None:
    """Note the state before each response, then learn from it; nothing is allocated (see `kernel.compiled`)."""
    (learner_of, item_of, rater_of, facts), (starts, memory_of, point_of, weight_of) = given
    learners, items, raters, memories, points = tables
    for e in range(len(told)):
        first, last = starts[e], starts[e + 1]
        learner, item, row = learners[learner_of[e]], items[item_of[e]], told[e]
        row[2], row[3], row[4], row[5] = learner[0], learner[1], item[0], item[1]
        for touch in range(first, last):
            memory, w = memories[memory_of[touch]], weight_of[touch]
            fade(memory, facts[e, 0], learner[4], constants[1])
            # As if touched now: what `step` lets fade again is nothing.
            memory[5], memory[6] = facts[e, 0], learner[4]
            row[6] += w * memory[0]
            row[7] += w * memory[1]
            row[8] += w * points[point_of[touch]][0]
            row[9] = memory[0] if touch == first else min(row[9], memory[0])
        numbers = step(
            (learner, item, raters[rater_of[e]]),
            (memories, points, memory_of[first:last], point_of[first:last], weight_of[first:last]),
            (facts[e, 0], facts[e, 1], facts[e, 2], facts[e, 3], facts[e, 4], facts[e, 5]),
            constants,
        )
        row[0], row[1] = numbers[1], numbers[2]


def _point_features(responses: Responses, mean: float) -> Floats:
    """Return the history of each touch, shape (touches, 8), in the order of KP."""
    group, touch = responses.memory, responses.touch
    score = responses.score[touch]
    position = responses.position[touch].astype(np.float64)
    time = responses.log.time[responses.rows][touch]
    met = responses.met > 0
    between = np.where(met, position - _previous(group, position, 0.0) - 1, 0.0)
    since = np.where(met, (time - _previous(group, time, 0.0)) / MINUTE, 0.0)
    return np.column_stack(
        (
            np.log1p(_sums(group, score)),
            np.log1p(_sums(group, 1 - score)),
            _running_mean(group, score, QUICK, mean),
            _previous(group, 2 * score - 1, 0.0),
            np.log1p(between),
            np.log1p(np.maximum(since, 0.0)),
            _streak(group, score),
            np.log(_odds(responses, mean)),
        )
    )


def _odds(responses: Responses, mean: float) -> Floats:
    """Return the smoothed odds of success on the point of each touch, over everybody so far."""
    score = responses.score[responses.touch]
    ones, zeros = _sums(responses.point, score), _sums(responses.point, 1 - score)
    odds: Floats = (ones + POINT_PRIOR * mean) / (zeros + POINT_PRIOR * (1 - mean))
    return odds


def _item_features(responses: Responses, mean: float) -> tuple[Floats, Floats, Floats]:
    """Return the number of points, the logit of the smoothed rate and ln(1 + responses) of each one's item."""
    score, item = responses.score, responses.item
    odds = _odds(responses, mean)
    rates = _averaged(responses, (odds / (1 + odds))[:, None])[:, 0]
    rates = np.where(responses.points > 0, rates, mean)
    count = _sums(item, np.ones(len(score)))
    rate = np.clip((_sums(item, score) + ITEM_PRIOR * rates) / (count + ITEM_PRIOR), RATE_LIMIT, 1 - RATE_LIMIT)
    return responses.points.astype(np.float64), np.log(rate / (1 - rate)), np.log1p(count)


def _averaged(responses: Responses, values: Floats) -> Floats:
    """Return the weighted means over the points of each response, shape (n, k); values of touches have (touches, k)."""
    weighted = values * responses.weight[:, None]
    count = len(responses.rows)
    return np.column_stack([np.bincount(responses.touch, column, count) for column in weighted.T])


def _sums(group: Indices, amounts: Floats) -> Floats:
    """Return for each row the sum of amounts over the earlier rows of its group."""
    order, starts, sizes = _sorted(group)
    sums = np.cumsum(amounts[order]) - amounts[order]
    return _unsorted(order, sums - np.repeat(sums[starts], sizes))


def _previous(group: Indices, values: Floats, absent: float) -> Floats:
    """Return for each row the value of the row before in its group."""
    order, starts, _ = _sorted(group)
    shifted = np.concatenate(([absent], values[order][:-1])) if len(order) else values
    shifted[starts] = absent
    return _unsorted(order, shifted)


def _streak(group: Indices, scores: Floats) -> Floats:
    """Return for each row how many full successes in a row came just before it in its group."""
    order, starts, sizes = _sorted(group)
    index = np.arange(len(order))
    wrong = np.maximum.accumulate(np.where(scores[order] == 1, -1, index)) if len(order) else index
    last_wrong = np.concatenate(([-1], wrong[:-1])) if len(order) else wrong
    streak = index - 1 - np.maximum(last_wrong, np.repeat(starts, sizes) - 1)
    return _unsorted(order, streak.astype(np.float64))


def _running_mean(group: Indices, scores: Floats, kept: float, start: float) -> Floats:
    """Return for each row the running mean of its group's earlier scores, beginning at ``start``."""
    told, state = np.empty(len(scores)), np.full(int(group.max(initial=-1)) + 1, start)
    loop = _compiled_mean() if len(scores) >= COMPILE_FROM else _mean
    loop((group, scores), kept, state, told)
    return told


@cache
def _compiled_mean() -> Callable[..., None]:
    return compiled(_mean)


def _mean(rows: Any, kept: Any, state: Any, told: Any) -> None:
    group, scores = rows
    for row in range(len(scores)):
        told[row] = state[group[row]]
        state[group[row]] = kept * told[row] + (1.0 - kept) * scores[row]


def _sorted(group: Indices) -> tuple[Indices, Indices, Indices]:
    """Return the rows sorted by group, where each group starts, and its size."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return order, starts, np.diff(np.append(starts, len(order)))


def _unsorted(order: Indices, values: Floats) -> Floats:
    """Return sorted values at their own places."""
    result = np.empty(len(order))
    result[order] = values
    return result


def _numbered(keys: Indices) -> Indices:
    """Return keys as numbers from 0."""
    numbers: Indices = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    return numbers


def logistic(logits: Floats) -> Floats:
    """Return the chances of logits, which are kept within what a float can hold."""
    chances: Floats = 1 / (1 + np.exp(-np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)))
    return chances
