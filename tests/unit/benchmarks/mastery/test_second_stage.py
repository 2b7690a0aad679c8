"""The second stage knows only what was known before, and its tables are its trees."""

from __future__ import annotations

import json
from math import log, log1p
from pathlib import Path

import numpy as np
import pytest

from qualoop.mastery import boosted_tables
from qualoop.mastery.accuracy import log_loss
from qualoop.mastery.boosted_tables import bins_of, fit_tables
from qualoop.mastery.constants import DEFAULT_CONSTANTS, KAPPA
from qualoop.mastery.log_runs import Floats, Responses, run_engine
from qualoop.mastery.second_stage import FEATURES, features, fit_weights, logistic, stopped_on, trained_on
from qualoop.mastery.stage_files import GA2M, LOGIT, StageFileError, read_stage, train, write_stage
from tests.unit.benchmarks.mastery.csv_logs import made_responses


@pytest.fixture
def responses(tmp_path: Path) -> Responses:
    return made_responses(tmp_path)


class History:
    """What one group (a learner, a memory, an item) has done so far, kept the slow and plain way."""

    def __init__(self) -> None:
        self.scores: list[float] = []

    def running(self, kept: float, start: float) -> float:
        for score in self.scores:
            start = kept * start + (1 - kept) * score
        return start

    @property
    def last(self) -> float:
        return 2 * self.scores[-1] - 1 if self.scores else 0.0

    @property
    def streak(self) -> int:
        count = 0
        for score in reversed(self.scores):
            if score != 1:
                break
            count += 1
        return count

    @property
    def good(self) -> float:
        return sum(self.scores)

    @property
    def bad(self) -> float:
        return len(self.scores) - sum(self.scores)


class Past:
    """Everything that has happened before a response."""

    def __init__(self, responses: Responses) -> None:
        self.mean = float(responses.score[~responses.test].mean())
        self.groups: dict[object, History] = {}
        self.touched: dict[tuple[int, int], tuple[int, float]] = {}

    def of(self, *key: object) -> History:
        return self.groups.setdefault(key, History())

    def odds(self, point: int) -> float:
        everybody = self.of("point", point)
        return (everybody.good + 5 * self.mean) / (everybody.bad + 5 * (1 - self.mean))

    def of_point(self, who: int, point: int, at: float) -> dict[str, float]:
        history, answered = self.of("memory", who, point), len(self.of("learner", who).scores)
        count, time = self.touched.get((who, point), (answered - 1, at))
        return {
            "kp.successes": log1p(history.good),
            "kp.failures": log1p(history.bad),
            "kp.mean": history.running(0.7, self.mean),
            "kp.last": history.last,
            "kp.between": log1p(answered - count - 1),
            "kp.minutes": log1p((at - time) / 60),
            "kp.streak": history.streak,
            "kp.rate": log(self.odds(point)),
        }

    def of_the_rest(self, who: int, item: int, points: list[int]) -> dict[str, float]:
        mine, pair, its = self.of("learner", who), self.of("pair", who, item), self.of("item", item)
        expected = sum(self.odds(point) / (1 + self.odds(point)) for point in points) / len(points)
        rate = min(max((its.good + 3 * expected) / (len(its.scores) + 3), 0.005), 0.995)
        return {
            "learner.successes": log1p(mine.good),
            "learner.failures": log1p(mine.bad),
            "learner.slow_mean": mine.running(0.9, self.mean),
            "learner.fast_mean": mine.running(0.7, self.mean),
            "learner.last": mine.last,
            "learner_item.successes": log1p(pair.good),
            "learner_item.attempts": log1p(len(pair.scores)),
            "learner_item.last": pair.last,
            "item.points": len(points),
            "item.rate": log(rate / (1 - rate)),
            "item.responses": log1p(len(its.scores)),
        }

    def add(self, who: int, item: int, points: list[int], *, at: float, score: float) -> None:
        for point in points:
            self.touched[who, point] = (len(self.of("learner", who).scores), at)
            self.of("memory", who, point).scores.append(score)
            self.of("point", point).scores.append(score)
        for key in (("learner", who), ("pair", who, item), ("item", item)):
            self.of(*key).scores.append(score)


def slow_histories(responses: Responses) -> list[dict[str, float]]:
    """Work out the features that need no filter, response by response."""
    log_, told, past = responses.log, [], Past(responses)
    facts = (responses.learner, responses.item, log_.time[responses.rows], responses.score)
    for who, item, at, score in zip(*(column.tolist() for column in facts), strict=True):
        points = log_.points[log_.point_start[item] : log_.point_start[item + 1]].tolist()
        each = [past.of_point(who, point, at) for point in points]
        means = {name: sum(row[name] for row in each) / len(each) for name in each[0]}
        products = {f"{name} x kp.between": means[name] * means["kp.between"] for name in ("kp.mean", "kp.last")}
        told.append(means | past.of_the_rest(who, item, points) | products)
        past.add(who, item, points, at=at, score=score)
    return told


def test_histories_are_those_of_the_past(responses: Responses) -> None:
    told = features(responses, DEFAULT_CONSTANTS)
    slow = slow_histories(responses)
    for name in slow[0]:
        expected = [row[name] for row in slow]
        assert told[:, FEATURES.index(name)] == pytest.approx(expected, abs=1e-12), name
    assert len(slow[0]) == 21
    assert len(FEATURES) == 32


def test_the_filter_is_the_engines(responses: Responses) -> None:
    told = dict(zip(FEATURES, features(responses, DEFAULT_CONSTANTS).T, strict=True))
    z = told["filter.z"] / np.sqrt(1 + KAPPA * told["filter.V"])
    assert told["moderated z"].tolist() == z.tolist()
    shown = logistic(DEFAULT_CONSTANTS.slope * z + DEFAULT_CONSTANTS.offset)
    assert shown == pytest.approx(run_engine(responses, DEFAULT_CONSTANTS).predictions, abs=1e-12)
    single = told["item.points"] == 1
    assert (told["filter.m"][single] == told["filter.least_m"][single]).all()
    assert (told["filter.m"][~single] >= told["filter.least_m"][~single]).all()
    first = responses.position == 1
    assert set(told["filter.g"][first]) == {0.0}
    assert set(told["filter.v_g"][first]) == {DEFAULT_CONSTANTS.v_g0}
    assert told["filter.b"][0] == told["filter.c"][0] == 0
    assert told["filter.v_b"][0] == DEFAULT_CONSTANTS.v_b0


def test_it_is_trained_on_warm_training_learners(responses: Responses) -> None:
    rows, checked = trained_on(responses), stopped_on(responses)
    order = list(dict.fromkeys(responses.learner[~responses.test].tolist()))
    assert len(order) == 30
    assert set(responses.learner[rows].tolist()) == set(order[9:])
    assert set(responses.learner[checked].tolist()) == set(order[24:])


def test_weights_are_stationary() -> None:
    random = np.random.default_rng(6)
    told = random.normal(3, 2, (300, 32))
    told[:, 4] = 7.0
    scores = (random.random(300) < logistic(told[:, 0] - told[:, 1])).astype(float)
    weights = fit_weights(told, scores)
    standard = (told - weights.means) / weights.spreads
    residual = scores - weights.predict(told)
    assert standard.T @ residual == pytest.approx(weights.weights, abs=1e-6)
    assert residual.sum() == pytest.approx(0, abs=1e-6)
    assert weights.weights[4] == 0


def wavy(rows: int = 3000) -> tuple[Floats, Floats]:
    """Return features and scores that depend on a curve of one feature and on a pair of two others."""
    random = np.random.default_rng(8)
    told = np.column_stack((random.random((rows, 4)), random.integers(0, 3, rows)))
    logits = 2 * np.sin(7 * told[:, 0]) + 3 * ((told[:, 1] > 0.5) == (told[:, 2] > 0.5)) - 1.5
    return told, (random.random(rows) < logistic(logits)).astype(float)


@pytest.mark.parametrize("order", [1, 2])
def test_tables_are_the_sum_of_their_trees(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    told, scores = wavy()
    check = np.arange(len(told)) % 4 == 0
    grown = boosted_tables._grown
    sums: list[Floats] = []

    def noted(binned: object, told_: object, logits: Floats, order_: object) -> object:
        tree = grown(binned, told_, logits, order_)
        sums.append(logits.copy())
        return tree

    monkeypatch.setattr(boosted_tables, "_grown", noted)
    tables = fit_tables(told, scores, check, order=order)
    best = min(range(len(sums)), key=lambda tree: log_loss(scores[check], logistic(sums[tree][check])))
    assert np.abs(tables.logits(told) - sums[best]).max() < 1e-12
    assert all(len({*pair}) <= order for pair in tables.pairs)
    assert (order == 1) == all(one == other for one, other in tables.pairs)
    assert tables.cells == sum(table.size for table in tables.values)


def test_pairs_find_what_curves_cannot() -> None:
    told, scores = wavy()
    fresh, fresh_scores = told[2000:], scores[2000:]
    check = np.arange(2000) % 4 == 0
    curves, pairs = (fit_tables(told[:2000], scores[:2000], check, order=order) for order in (1, 2))
    losses = [log_loss(fresh_scores, tables.predict(fresh)) for tables in (curves, pairs)]
    assert losses[1] < losses[0] - 0.05
    assert (1, 2) in pairs.pairs


def test_nothing_to_learn_is_the_mean() -> None:
    told, scores = np.zeros((500, 3)), (np.arange(500) % 4 > 0).astype(float)
    tables = fit_tables(told, scores, np.arange(500) < 100)
    assert tables.pairs == ()
    assert tables.predict(told) == pytest.approx(0.75)


def test_bins_are_kept_for_values_never_seen() -> None:
    binned = bins_of(np.array([[-9.0], [1.0], [1.5], [99.0]]), (np.array([1.0, 2.0]),))
    assert binned[:, 0].tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize("kind", [LOGIT, GA2M])
def test_files_predict_the_same(responses: Responses, tmp_path: Path, kind: str) -> None:
    told = features(responses, DEFAULT_CONSTANTS)
    stage = train(responses, DEFAULT_CONSTANTS, told, kind=kind)
    write_stage(tmp_path / "stage.json", stage, {"seed": 0})
    read = read_stage(tmp_path / "stage.json")
    assert (read.kind, read.constants) == (kind, "c1")
    assert read.trained.predict(told).tolist() == stage.trained.predict(told).tolist()


@pytest.mark.parametrize(
    "change",
    [{"model": "mastery-0"}, {"features": ["z"]}, {"kind": GA2M}, {"trained": {}}, {"trained": {"means": [1.0]}}],
)
def test_files_that_are_not_what_they_say(responses: Responses, tmp_path: Path, change: dict[str, object]) -> None:
    told = features(responses, DEFAULT_CONSTANTS)
    path = tmp_path / "stage.json"
    write_stage(path, train(responses, DEFAULT_CONSTANTS, told, kind=LOGIT), {})
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(StageFileError):
        read_stage(path)
    with pytest.raises(StageFileError):
        read_stage(tmp_path / "none.json")
