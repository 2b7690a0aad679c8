"""Elo beside the engine: ability, knowledge point and item, each moved by a step that shrinks with what is known."""

from __future__ import annotations

from math import exp
from typing import Final

import numpy as np

from benchmarks.mastery_compiling import compiled
from qualoop.mastery.log_runs import Floats, Indices, Responses

STEP: Final = 0.6
SLOWING: Final = 0.05
"""A mean that has moved n times moves on by STEP / (1 + SLOWING n) of the residual."""


def elo(responses: Responses, base: float) -> Floats:
    """Return the predictions for all responses from an empty system; ``base`` is the log-odds of the average one."""
    log = responses.log
    touches = (responses.touch_start, responses.point, responses.memory)
    sizes = (len(log.learners), len(log.items), len(log.point_names), responses.memories)
    rows = (responses.learner, responses.item, responses.score)
    predictions: Floats = compiled(run, len(responses.rows))(rows, touches, sizes, (base, STEP, SLOWING))
    return predictions


def run(
    rows: tuple[Indices, Indices, Floats],
    touches: tuple[Indices, Indices, Indices],
    sizes: tuple[int, int, int, int],
    constants: tuple[float, float, float],
) -> Floats:
    """Predict and learn, response by response.

    ``rows`` holds learner, item and score of each response; ``touches`` where those of each response begin, and the
    point and the memory of each; ``sizes`` how many learners, items, points and memories there are; ``constants``
    base, step and slowing.
    """
    learners, items, scores = rows
    start, points, memories = touches
    ability, ease = np.zeros((sizes[0], 2)), np.zeros((sizes[1], 2))
    point_ease, skill = np.zeros((sizes[2], 2)), np.zeros((sizes[3], 2))
    base, step, slowing = constants
    result = np.empty(len(scores))
    for row in range(len(scores)):
        first, last = start[row], start[row + 1]
        share = 1.0 / max(last - first, 1)
        z = base + ability[learners[row], 0] + ease[items[row], 0]
        for touch in range(first, last):
            z += share * (skill[memories[touch], 0] + point_ease[points[touch], 0])
        result[row] = 1 / (1 + exp(-z))
        residual = step * (scores[row] - result[row])
        for mean in (ability[learners[row]], ease[items[row]]):
            mean[0] += residual / (1 + slowing * mean[1])
            mean[1] += 1
        for touch in range(first, last):
            for mean in (skill[memories[touch]], point_ease[points[touch]]):
                mean[0] += share * residual / (1 + slowing * mean[1])
                mean[1] += 1
    return result
