"""Measures of predictions, against their definitions by brute force."""

from __future__ import annotations

from math import isnan, log

import numpy as np
import pytest

from qualoop.mastery.accuracy import RankedScores, accuracy, auc, calibration_error, log_loss, resampled, rmse


def brute_auc(scores: list[float], predictions: list[float], weights: list[float]) -> float:
    won = pairs = 0.0
    for y, p, w in zip(scores, predictions, weights, strict=True):
        for other_y, other_p, other_w in zip(scores, predictions, weights, strict=True):
            if y == 1 and other_y == 0:
                won += w * other_w * (1.0 if p > other_p else 0.5 if p == other_p else 0.0)
                pairs += w * other_w
    return won / pairs


def test_auc_with_ties_partial_scores_and_weights() -> None:
    random = np.random.default_rng(4)
    for _ in range(20):
        scores = random.choice([0.0, 0.5, 1.0], 40)
        predictions = random.choice(np.linspace(0, 1, 9), 40)
        assert auc(scores, predictions) == pytest.approx(brute_auc(scores.tolist(), predictions.tolist(), [1.0] * 40))
        whole = scores != 0.5
        weights = random.integers(0, 4, int(whole.sum())).astype(float)
        expected = brute_auc(scores[whole].tolist(), predictions[whole].tolist(), weights.tolist())
        assert RankedScores(scores[whole], predictions[whole]).auc(weights) == pytest.approx(expected)


@pytest.mark.parametrize("scores", [[], [1.0, 1.0], [0.0], [0.5, 0.4]])
def test_nothing_to_rank(scores: list[float]) -> None:
    assert isnan(auc(np.array(scores), np.full(len(scores), 0.5)))


def test_errors() -> None:
    scores, predictions = np.array([1.0, 0.0, 0.5]), np.array([0.8, 0.4, 0.5])
    assert rmse(scores, predictions) == pytest.approx(((0.04 + 0.16 + 0) / 3) ** 0.5)
    assert log_loss(scores, predictions) == pytest.approx(-(log(0.8) + log(0.6) + log(0.5)) / 3)
    assert log_loss(np.array([1.0]), np.array([0.0])) == pytest.approx(-log(1e-6))
    assert accuracy(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.5, 0.6, 0.4, 0.1])) == 0.5


def test_calibration_error_is_that_of_twenty_bins() -> None:
    random = np.random.default_rng(2)
    predictions = np.append(random.random(500), [0.0, 1.0])
    scores = (random.random(502) < predictions**2).astype(float)
    expected = 0.0
    for place in range(20):
        inside = [
            i for i, p in enumerate(predictions) if place / 20 <= p < (place + 1) / 20 or (place == 19 and p == 1)
        ]
        if inside:
            expected += abs(scores[inside].mean() - predictions[inside].mean()) * len(inside) / 502
    assert calibration_error(scores, predictions) == pytest.approx(expected)


@pytest.mark.parametrize("measure", [rmse, log_loss, accuracy, calibration_error])
def test_no_rows(measure: object) -> None:
    assert callable(measure)
    assert isnan(measure(np.array([]), np.array([])))


def test_rows_of_a_learner_are_drawn_together() -> None:
    learners = np.array([7, 3, 7, 9, 3, 7])
    drawn = list(resampled(learners, 50))
    assert all(weights[0] == weights[2] == weights[5] and weights[1] == weights[4] for weights in drawn)
    assert all(weights[0] + weights[1] + weights[3] == 3 for weights in drawn)
    assert len({tuple(weights) for weights in drawn}) > 5
    assert [tuple(weights) for weights in resampled(learners, 50)] == [tuple(weights) for weights in drawn]
    assert list(resampled(np.array([], np.int64), 5)) == []
