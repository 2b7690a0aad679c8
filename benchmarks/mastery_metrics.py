"""What the bench `mastery` reports of a model's predictions, and how sure each figure is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from qualoop.mastery.accuracy import RankedScores, accuracy, auc, calibration_error, log_loss, resampled, rmse
from qualoop.mastery.log_runs import Floats, Responses

DRAWS: Final = 200
PAIRED_DRAWS: Final = 300
POSITIONS: Final[Mapping[str, tuple[int, float]]] = {
    "1": (1, 1),
    "2_5": (2, 5),
    "6_20": (6, 20),
    "21_50": (21, 50),
    "51_200": (51, 200),
    "over_200": (201, np.inf),
}

Figures = dict[str, float | None]


def measures(scores: Floats, predictions: Floats) -> dict[str, float]:
    """Return the five measures by their keys; NaN where there is nothing to measure."""
    return {
        "auc": auc(scores, predictions),
        "rmse": rmse(scores, predictions),
        "log_loss": log_loss(scores, predictions),
        "accuracy": accuracy(scores, predictions),
        "ece": calibration_error(scores, predictions),
    }


def figures_of_tests(responses: Responses, predictions: Floats) -> Figures:
    """Return all figures of one model on the test rows; ``predictions`` has a place for each response."""
    test = responses.test
    scores, predicted = responses.score[test], predictions[test]
    figures = measures(scores, predicted)
    figures["auc_se"] = _spread(drawn_aucs(responses, [predictions], DRAWS)[0])
    first = responses.first_meeting[test]
    figures["auc_first"] = auc(scores[first], predicted[first])
    figures["auc_later"] = auc(scores[~first], predicted[~first])
    position = responses.position[test]
    for name, (low, high) in POSITIONS.items():
        there = (position >= low) & (position <= high)
        figures[f"auc_position_{name}"] = auc(scores[there], predicted[there])
    return {key: None if np.isnan(figure) else figure for key, figure in figures.items()}


def difference(responses: Responses, one: Floats, other: Floats) -> tuple[float, float]:
    """Return the AUC of one model minus that of another on the test rows, and its standard error.

    Both are drawn with the same learners, so what is hard for both cancels. NaN where there is nothing to rank.
    """
    test = responses.test
    scores = responses.score[test]
    gap = auc(scores, one[test]) - auc(scores, other[test])
    drawn = drawn_aucs(responses, [one, other], PAIRED_DRAWS)
    return gap, _spread(drawn[0] - drawn[1])


def drawn_aucs(responses: Responses, models: list[Floats], draws: int) -> Floats:
    """Return AUCs of shape (models, draws), each over the test rows of as many test learners as there are."""
    whole = responses.test & ((responses.score == 0) | (responses.score == 1))
    ranked = [RankedScores(responses.score[whole], model[whole]) for model in models]
    drawn = [[model.auc(weights) for model in ranked] for weights in resampled(responses.learner[whole], draws)]
    result: Floats = np.array(drawn, np.float64).reshape(-1, len(models)).T
    kept: Floats = result[:, ~np.isnan(result).any(axis=0)]
    return kept


def _spread(drawn: Floats) -> float:
    """Return the standard deviation of drawn values; NaN of fewer than two."""
    return float(np.std(drawn, ddof=1)) if len(drawn) > 1 else float("nan")
