"""Logistic regressions beside the engine: items only (irt), and performance factors (pfa).

Their weights are fitted on the training rows by Newton's method with conjugate gradients; the intercept is free, all
other weights carry an L2 penalty of 1/2 each (C = 1 in scikit-learn's words).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.mastery.log_runs import Floats, Indices, Responses

NEWTON_STEPS: Final = 30
CONJUGATE_STEPS: Final = 200
TOLERANCE: Final = 1e-8
LEAST_CURVATURE: Final = 1e-12
LARGEST_LOGIT: Final = 35.0


@dataclass(frozen=True, slots=True)
class Design:
    """A sparse matrix of features, without the intercept: entry i is values[i] at (rows[i], columns[i])."""

    rows: Indices
    columns: Indices
    values: Floats
    height: int
    width: int

    def times(self, weights: Floats) -> Floats:
        """Return the logits of all rows; the last weight is the intercept."""
        terms = self.values * weights[:-1][self.columns]
        logits: Floats = np.bincount(self.rows, weights=terms, minlength=self.height) + weights[-1]
        return logits

    def transposed_times(self, amounts: Floats) -> Floats:
        """Return the sum of each feature times ``amounts`` over the rows; last, that of the intercept."""
        sums = np.bincount(self.columns, weights=self.values * amounts[self.rows], minlength=self.width)
        return np.append(sums, amounts.sum())

    def only(self, chosen: Floats) -> Design:
        """Return the design with the rows kept where ``chosen`` is true; the others become empty."""
        kept = chosen[self.rows] > 0
        return Design(self.rows[kept], self.columns[kept], self.values[kept], self.height, self.width)


def logistic(logits: Floats) -> Floats:
    """Return the chances of logits, which are kept within what a float can hold."""
    return 1 / (1 + np.exp(-np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)))


def fit(design: Design, scores: Floats, counted: Floats) -> Floats:
    """Return the weights, shape (width + 1,), that fit ``scores`` where ``counted`` is 1 (and not where it is 0)."""
    design = design.only(counted)
    penalty = np.append(np.ones(design.width), 0.0)
    weights = np.zeros(design.width + 1)
    for _ in range(NEWTON_STEPS):
        chances = logistic(design.times(weights))
        gradient = design.transposed_times(counted * (scores - chances)) - penalty * weights
        curvature = counted * chances * (1 - chances)
        move = _solve(design, curvature, penalty, gradient)
        weights = weights + move
        if float(np.abs(move).max()) < TOLERANCE:
            break
    return weights


def _solve(design: Design, curvature: Floats, penalty: Floats, gradient: Floats) -> Floats:
    """Return H⁻¹ gradient by conjugate gradients, preconditioned with the diagonal of H."""
    squares = Design(design.rows, design.columns, design.values**2, design.height, design.width)
    diagonal = np.maximum(squares.transposed_times(curvature) + penalty, LEAST_CURVATURE)
    result = np.zeros_like(gradient)
    residual = gradient.copy()
    scaled = residual / diagonal
    direction = scaled.copy()
    size = start = float(residual @ scaled)
    for _ in range(CONJUGATE_STEPS):
        if size <= TOLERANCE * TOLERANCE * start or size == 0:
            break
        curved = design.transposed_times(curvature * design.times(direction)) + penalty * direction
        step = size / float(direction @ curved)
        result += step * direction
        residual -= step * curved
        scaled = residual / diagonal
        before, size = size, float(residual @ scaled)
        direction = scaled + size / before * direction
    return result


def irt(responses: Responses) -> Floats:
    """Return predictions from the difficulty of each item alone, as for learners of whom nothing is known."""
    rows = np.arange(len(responses.rows))
    design = Design(rows, responses.item, np.ones(len(rows)), len(rows), len(responses.log.items))
    return _fitted(design, responses)


def pfa(responses: Responses) -> Floats:
    """Return predictions from each knowledge point's ease and the logs of 1 + successes, 1 + failures there before."""
    width = len(responses.log.point_names)
    score = responses.score[responses.touch]
    values = [
        np.ones(len(score)),
        np.log1p(responses.before(score)),
        np.log1p(responses.before(1 - score)),
    ]
    design = Design(
        np.tile(responses.touch, 3),
        np.concatenate([responses.point + part * width for part in range(3)]),
        np.concatenate(values),
        len(responses.rows),
        3 * width,
    )
    return _fitted(design, responses)


def _fitted(design: Design, responses: Responses) -> Floats:
    weights = fit(design, responses.score, (~responses.test).astype(np.float64))
    return logistic(design.times(weights))
