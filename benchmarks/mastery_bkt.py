"""Bayesian knowledge tracing beside the engine: four numbers per knowledge point, fitted by expectation-maximisation.

A sequence is what one learner did on one knowledge point. A response with several knowledge points counts in the
sequence of each, and its prediction is the mean of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from benchmarks.mastery_compiling import compiled
from qualoop.mastery.log_runs import Flags, Floats, Indices, Responses

ROUNDS: Final = 40
START: Final = (0.4, 0.1, 0.25, 0.1)
"""Known before, learned at a step, guessed, slipped: where the fit starts."""
PRIOR_COUNT: Final = 2.0
"""How many observations each start value weighs."""


def bkt(responses: Responses) -> Floats:
    """Return the predictions for all responses, fitted on the training rows; those without a point get the mean."""
    sequences = Sequences(responses)
    parameters = fitted(responses)
    chances = compiled(knowledge, len(sequences.scores))(
        sequences.point, sequences.starts, sequences.scores, parameters
    )
    known = parameters[:, 0][sequences.point[sequences.of_touch]].copy()
    inner = np.ones(len(known), np.bool_)
    inner[sequences.starts[:-1]] = False
    known[inner] = chances[np.flatnonzero(inner) - 1]
    guess, slip = parameters[sequences.point[sequences.of_touch]][:, 2:].T
    predicted = np.empty(len(known))
    predicted[sequences.order] = known * (1 - slip) + (1 - known) * guess
    sums = np.bincount(responses.touch, weights=predicted, minlength=len(responses.rows))
    mean = float(responses.score[~responses.test].mean()) if (~responses.test).any() else 0.5
    return np.where(responses.points > 0, sums / np.maximum(responses.points, 1), mean)


@dataclass(frozen=True)
class Sequences:
    """The touches of a log, one (learner, knowledge point) after the other."""

    responses: Responses

    @cached_property
    def order(self) -> Indices:
        """Return the touches in the order of their sequences."""
        return np.argsort(self.responses.memory, kind="stable")

    @cached_property
    def of_touch(self) -> Indices:
        """Return the sequence of each, in that order."""
        return self.responses.memory[self.order]

    @cached_property
    def starts(self) -> Indices:
        """Return where each sequence begins, and at last where all end."""
        return np.append(np.flatnonzero(np.diff(self.of_touch, prepend=-1)), len(self.order))

    @cached_property
    def scores(self) -> Floats:
        """Return the score of each, in that order."""
        return self.responses.score[self.responses.touch][self.order]

    @cached_property
    def point(self) -> Indices:
        """Return the knowledge point of each sequence."""
        return self.responses.point[self.order[self.starts[:-1]]]

    @cached_property
    def learner(self) -> Indices:
        """Return the learner of each sequence."""
        return self.responses.learner[self.responses.touch[self.order[self.starts[:-1]]]]


def fitted(responses: Responses) -> Floats:
    """Return known, learned, guessed, slipped of each knowledge point, shape (points, 4), from the training rows.

    The fit of a point begins, and stays where there is no data, at the fit of all sequences together.
    """
    sequences = Sequences(responses)
    training = ~responses.log.tests[sequences.learner]
    together = np.zeros(len(sequences.point), np.int64)
    pooled = _fitted(sequences, together, training, np.array([START]))
    return _fitted(sequences, sequences.point, training, np.repeat(pooled, len(responses.log.point_names), axis=0))


def _fitted(sequences: Sequences, point: Indices, training: Flags, start: Floats) -> Floats:
    """Return the parameters of each point, shape (points, 4)."""
    parameters = start.copy()
    for _ in range(ROUNDS):
        counts = compiled(expect, len(sequences.scores))(
            point, sequences.starts, (sequences.scores, training), parameters
        )
        parameters = (counts[:, :4] + PRIOR_COUNT * start) / (counts[:, 4:] + PRIOR_COUNT)
    return parameters


def expect(point: Indices, starts: Indices, given: tuple[Floats, Flags], parameters: Floats) -> Floats:
    """Return the expected counts of each point, shape (points, 8): four events, and the chances for each.

    One forward and one backward pass over every training sequence. ``given`` holds the scores, of which sequence i has
    ``starts[i]`` to ``starts[i + 1]``, and which sequences are for training; ``parameters`` has shape (points, 4).
    """
    scores, training = given
    counts = np.zeros((len(parameters), 8))
    longest = 0
    for i in range(len(point)):
        longest = max(longest, starts[i + 1] - starts[i])
    known = np.empty(longest)  # after the response, forward
    before = np.empty(longest)  # before the response, forward
    for i in range(len(point)):
        if not training[i]:
            continue
        k, n = point[i], starts[i + 1] - starts[i]
        chance, learn, guess, slip = parameters[k]
        for t in range(n):
            y = scores[starts[i] + t]
            yes, no = y * (1 - slip) + (1 - y) * slip, y * guess + (1 - y) * (1 - guess)
            before[t] = chance
            known[t] = chance * yes / (chance * yes + (1 - chance) * no)
            chance = known[t] + (1 - known[t]) * learn
        later = known[n - 1]
        for t in range(n - 1, -1, -1):
            y = scores[starts[i] + t]
            if t < n - 1:
                jump = later * (1 - known[t]) * learn / before[t + 1]
                stay = later * known[t] / before[t + 1]
                counts[k, 1] += jump
                counts[k, 5] += 1 - stay
                later = stay
            counts[k, 2] += (1 - later) * y
            counts[k, 6] += 1 - later
            counts[k, 3] += later * (1 - y)
            counts[k, 7] += later
        counts[k, 0] += later
        counts[k, 4] += 1
    return counts


def knowledge(point: Indices, starts: Indices, scores: Floats, parameters: Floats) -> Floats:
    """Return the chance that the point is known after each response of every sequence, shape of ``scores``."""
    result = np.empty(len(scores))
    for i in range(len(point)):
        prior, learn, guess, slip = parameters[point[i]]
        chance = prior
        for row in range(starts[i], starts[i + 1]):
            y = scores[row]
            yes, no = y * (1 - slip) + (1 - y) * slip, y * guess + (1 - y) * (1 - guess)
            known = chance * yes / (chance * yes + (1 - chance) * no)
            chance = known + (1 - known) * learn
            result[row] = chance
    return result
