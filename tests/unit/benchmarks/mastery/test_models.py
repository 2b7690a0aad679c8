"""The models beside the engine, against values worked out another way."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from math import exp, log, log1p
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mastery_bkt import bkt, expect, fitted, knowledge
from benchmarks.mastery_elo import SLOWING, STEP, elo
from benchmarks.mastery_logistic import Design, fit, irt, logistic, pfa
from benchmarks.mastery_models import MODELS, Setting
from qualoop.mastery.accuracy import log_loss
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.log_runs import Floats, Responses, run_engine
from qualoop.mastery.synthetic import Plan, make_world
from tests.unit.benchmarks.mastery.csv_logs import made_responses, responses_of

HEADER = "learner,order,item,kps,score,split"


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def test_the_logistic_fit_is_stationary_and_leaves_uncounted_rows_out() -> None:
    random = np.random.default_rng(1)
    dense = random.normal(size=(60, 4)) * (random.random((60, 4)) < 0.6)
    rows, columns = np.nonzero(dense)
    design = Design(rows, columns, dense[rows, columns], 60, 4)
    scores, counted = random.random(60), (np.arange(60) < 45).astype(float)
    weights = fit(design, scores, counted)
    residual = counted * (scores - 1 / (1 + np.exp(-(dense @ weights[:4] + weights[4]))))
    assert np.abs(dense.T @ residual - weights[:4]).max() < 1e-6, "the penalty is half the squares"
    assert abs(residual.sum()) < 1e-6, "the intercept is free"
    scores[45:] = 1 - scores[45:]
    assert fit(design, scores, counted).tolist() == weights.tolist()


def test_items_only_knows_items_only(tmp_path: Path) -> None:
    rows = [f"u{learner},0,i{learner % 2},,{int(learner % 2 == 0 or learner == 1)},train" for learner in range(8)]
    responses = responses_of(tmp_path, *rows, "t,0,i1,,1,test", "t,1,i0,,1,test", "t,2,new,,1,test", header=HEADER)
    by_item = dict(zip(responses.item.tolist(), irt(responses).tolist(), strict=True))
    easy, hard, new = by_item[0], by_item[1], by_item[2]
    assert hard < new < easy
    # Each item's weight w solves: successes - n p(w) = w.
    for item, successes in ((0, 4), (1, 1)):
        w = log(by_item[item] / (1 - by_item[item])) - log(new / (1 - new))
        assert successes - 4 * by_item[item] == pytest.approx(w, abs=1e-6)


def test_performance_factors_are_logs_of_counts(tmp_path: Path) -> None:
    responses = made_responses(tmp_path)
    design_rows = []
    seen: dict[tuple[int, int], list[float]] = {}
    log_ = responses.log
    for row in range(len(responses.rows)):
        features = np.zeros(3 * len(log_.point_names))
        item = responses.item[row]
        points = log_.points[log_.point_start[item] : log_.point_start[item + 1]].tolist()
        for point in points:
            good, bad = seen.setdefault((int(responses.learner[row]), point), [0.0, 0.0])
            features[point] = 1
            features[len(log_.point_names) + point] = log1p(good)
            features[2 * len(log_.point_names) + point] = log1p(bad)
        for point in points:
            counts = seen[int(responses.learner[row]), point]
            counts[0] += responses.score[row]
            counts[1] += 1 - responses.score[row]
        design_rows.append(features)
    dense = np.array(design_rows)
    rows, columns = np.nonzero(dense)
    design = Design(rows, columns, dense[rows, columns], *dense.shape)
    weights = fit(design, responses.score, (~responses.test).astype(float))
    expected = logistic(dense @ weights[:-1] + weights[-1])
    assert pfa(responses) == pytest.approx(expected, abs=1e-6)


def enumerated(scores: list[float], parameters: list[float]) -> Floats:
    """Return the expected counts of one sequence, as `expect` has them, by summing over all hidden paths."""
    prior, learn, guess, slip = parameters
    counts, total = np.zeros(8), 0.0
    for path in product((0, 1), repeat=len(scores)):
        chance = prior if path[0] else 1 - prior
        for before, after in pairwise(path):
            chance *= (1.0 if after else 0.0) if before else (learn if after else 1 - learn)
        for state, y in zip(path, scores, strict=True):
            right = 1 - slip if state else guess
            chance *= y * right + (1 - y) * (1 - right)
        total += chance
        jumps = sum(after > before for before, after in pairwise(path))
        unknown = [y for state, y in zip(path, scores, strict=True) if not state]
        mastered = [y for state, y in zip(path, scores, strict=True) if state]
        good = [path[0], jumps, sum(unknown), sum(1 - y for y in mastered)]
        counts += chance * np.array([*good, 1, sum(1 for s in path[:-1] if not s), len(unknown), len(mastered)])
    return np.asarray(counts / total)


def test_expectation_is_the_sum_over_all_paths() -> None:
    parameters = [[0.3, 0.2, 0.25, 0.1], [0.6, 0.1, 0.4, 0.2]]
    sequences = [(0, [1, 0, 1, 1]), (1, [0.5, 1, 0]), (0, [0]), (1, [1, 1, 1, 0, 1])]
    starts = np.cumsum([0, *(len(scores) for _, scores in sequences)])
    scores = np.array([y for _, ys in sequences for y in ys], float)
    point = np.array([k for k, _ in sequences])
    training = np.array([True, True, True, False])
    expected = np.zeros((2, 8))
    for k, ys in sequences[:3]:
        expected[k] += enumerated([float(y) for y in ys], parameters[k])
    assert expect(point, starts, (scores, training), np.array(parameters)) == pytest.approx(expected)


def test_knowledge_tracing_by_hand() -> None:
    after = knowledge(np.array([0]), np.array([0, 3]), np.ones(3), np.full((1, 4), 0.1))
    # With .1 throughout, three right answers in a row pass .95: 0.1 -> .55, .9225, .9919... by Bayes, then learning.
    known = 0.1
    for chance in after:
        known = 0.9 * known / (0.9 * known + 0.1 * (1 - known))
        known += 0.1 * (1 - known)
        assert chance == pytest.approx(known)
    assert after[1] < 0.95 <= after[2]


def test_a_fit_learns_from_training_learners_and_predicts_by_the_mean_of_points(tmp_path: Path) -> None:
    rows = [f"u{n},{t},i,a,{int(t > n % 3)},train" for n in range(12) for t in range(5)]
    rows += ["t,0,i,a,0,test", "t,1,z,,1,test", "t,2,both,a;b,1,test"]
    responses = responses_of(tmp_path, *rows, header=HEADER)
    parameters = fitted(responses)
    assert parameters[0, 1] > 0.3, "learned quickly"
    predictions = dict(zip(responses.log.order[responses.rows[-3:]].tolist(), bkt(responses)[-3:], strict=True))
    prior, learn, guess, slip = parameters[0]
    assert predictions[0] == pytest.approx(prior * (1 - slip) + (1 - prior) * guess)
    known = prior * slip / (prior * slip + (1 - prior) * (1 - guess))
    known += learn * (1 - known)
    a = known * (1 - slip) + (1 - known) * guess
    prior_b, _, guess_b, slip_b = parameters[1]
    b = prior_b * (1 - slip_b) + (1 - prior_b) * guess_b
    assert predictions[2] == pytest.approx((a + b) / 2)
    assert predictions[1] == pytest.approx(responses.score[~responses.test].mean())


def test_elo_by_hand(tmp_path: Path) -> None:
    rows = ["u,0,i,a,1,train", "u,1,j,a;b,0,train", "u,2,i,a,1,train"]
    predictions = elo(responses_of(tmp_path, *rows, header=HEADER), 0.5)
    first = sigmoid(0.5)
    move = STEP * (1 - first)
    assert predictions[0] == pytest.approx(first)
    second = sigmoid(0.5 + move + 0.5 * (move + move))
    assert predictions[1] == pytest.approx(second)
    down = STEP * (0 - second)
    slower = 1 + SLOWING
    ability, item = move + down / slower, move
    point = skill = move + 0.5 * down / slower
    assert predictions[2] == pytest.approx(sigmoid(0.5 + ability + item + point + skill))


def test_no_model_sees_a_score_before_its_prediction(tmp_path: Path) -> None:
    responses = made_responses(tmp_path)
    last = responses.rows[-1]
    for name, model in MODELS.items():
        before = model(responses, Setting(constants=DEFAULT_CONSTANTS))
        responses.log.score[last] = 1 - responses.log.score[last]
        after = model(Responses(responses.log, responses.rows), Setting(constants=DEFAULT_CONSTANTS))
        responses.log.score[last] = 1 - responses.log.score[last]
        assert before.tolist() == pytest.approx(after.tolist(), abs=1e-12), name


def test_engine_freezes_for_tests_when_told(tmp_path: Path) -> None:
    responses = made_responses(tmp_path)
    frozen = MODELS["engine"](responses, Setting(constants=DEFAULT_CONSTANTS, freeze_tests=True))
    assert frozen.tolist() == run_engine(responses, DEFAULT_CONSTANTS, frozen=responses.test).predictions.tolist()
    assert frozen.tolist() != MODELS["engine"](responses, Setting(constants=DEFAULT_CONSTANTS)).tolist()


def test_the_engine_predicts_best_where_learners_are_as_it_believes() -> None:
    log_ = make_world(Plan(learners=200, responses=60, sheets=0.0, raters=0)).log
    responses = Responses.of(replace(log_, tests=np.arange(len(log_.learners)) % 4 == 0))
    test, setting = responses.test, Setting(constants=DEFAULT_CONSTANTS)
    losses = {
        name: log_loss(responses.score[test], MODELS[name](responses, setting)[test])
        for name in ("mean", "irt", "pfa", "bkt", "elo", "engine")
    }
    assert min(losses, key=lambda name: losses[name]) == "engine"
    assert losses["engine"] < losses["elo"] < losses["irt"] < losses["pfa"] < losses["mean"]
