"""What is reported of predictions: only test rows, by position and meeting, with honest doubt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.mastery_cold import cold_auc, cold_figures, foreign_constants
from benchmarks.mastery_metrics import PAIRED_DRAWS, difference, drawn_aucs, figures_of_tests
from benchmarks.mastery_models import MODELS, Setting
from qualoop.mastery.accuracy import auc, rmse
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.log_runs import Responses, run_engine
from tests.unit.benchmarks.mastery.csv_logs import made_responses, responses_of

SHORT = "learner,order,item,kps,score,split"


@pytest.fixture
def responses(tmp_path: Path) -> Responses:
    return made_responses(tmp_path, learners=60, responses=60)


def test_only_test_rows_count(responses: Responses) -> None:
    predictions = run_engine(responses, DEFAULT_CONSTANTS).predictions
    spoiled = np.where(responses.test, predictions, 0.123)
    assert figures_of_tests(responses, predictions) == figures_of_tests(responses, spoiled)
    assert figures_of_tests(responses, predictions) != figures_of_tests(responses, 1 - predictions)


def test_figures_by_position_and_meeting(responses: Responses) -> None:
    predictions = run_engine(responses, DEFAULT_CONSTANTS).predictions
    figures = figures_of_tests(responses, predictions)
    seen: set[tuple[int, int]] = set()
    counts: dict[int, int] = {}
    first, positions = [], []
    log = responses.log
    for who, item in zip(responses.learner.tolist(), responses.item.tolist(), strict=True):
        points = log.points[log.point_start[item] : log.point_start[item + 1]].tolist()
        first.append(any((who, point) not in seen for point in points))
        seen |= {(who, point) for point in points}
        counts[who] = counts.get(who, 0) + 1
        positions.append(counts[who])
    test, met, place = responses.test, np.array(first), np.array(positions)
    for key, chosen in {
        "auc": test,
        "auc_first": test & met,
        "auc_later": test & ~met,
        "auc_position_1": test & (place == 1),
        "auc_position_6_20": test & (place >= 6) & (place <= 20),
        "auc_position_51_200": test & (place >= 51),
    }.items():
        assert figures[key] == auc(responses.score[chosen], predictions[chosen]), key
    assert figures["auc_position_over_200"] is None
    assert figures["rmse"] == rmse(responses.score[test], predictions[test])


def test_standard_errors_are_of_learners(responses: Responses) -> None:
    predictions = run_engine(responses, DEFAULT_CONSTANTS).predictions
    drawn = drawn_aucs(responses, [predictions], 200)
    assert drawn.shape == (1, 200)
    figures = figures_of_tests(responses, predictions)
    assert figures["auc_se"] == pytest.approx(float(np.std(drawn[0], ddof=1)))
    assert drawn[0].mean() == pytest.approx(figures["auc"], abs=0.02)


def test_differences_are_paired(responses: Responses) -> None:
    engine = run_engine(responses, DEFAULT_CONSTANTS).predictions
    other = MODELS["elo"](responses, Setting(constants=DEFAULT_CONSTANTS))
    gap, error = difference(responses, engine, other)
    test = responses.test
    assert gap == auc(responses.score[test], engine[test]) - auc(responses.score[test], other[test])
    alone = np.std(drawn_aucs(responses, [engine], PAIRED_DRAWS)[0], ddof=1)
    assert 0 < error < alone, "what is hard for both cancels"
    assert difference(responses, engine, engine) == (0, 0)


def test_without_test_rows_there_are_no_figures(tmp_path: Path) -> None:
    responses = responses_of(tmp_path, "u,0,i,k,1,train", header=SHORT)
    figures = figures_of_tests(responses, np.array([0.5]))
    assert set(figures.values()) == {None}


def test_cold_counts_the_first_training_learners_in_run_order(responses: Responses) -> None:
    engine, setting = MODELS["engine"], Setting(constants=DEFAULT_CONSTANTS)
    test = responses.test
    alone = responses.only(test)
    assert cold_auc(responses, 0, engine, setting) == auc(alone.score, run_engine(alone, DEFAULT_CONSTANTS).predictions)
    figures = cold_figures(responses, DEFAULT_CONSTANTS)
    assert figures["auc_cold_all"] == auc(responses.score[test], engine(responses, setting)[test])
    order = list(dict.fromkeys(responses.learner[~test].tolist()))
    some = responses.only(test | np.isin(responses.learner, order[:30]))
    assert figures["auc_cold_30"] == auc(some.score[some.test], engine(some, setting)[some.test])
    assert figures["auc_cold_100"] is None, "there are 45 training learners"


def test_foreign_constants_know_nothing_of_the_set_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned = {name: replace(DEFAULT_CONSTANTS, tau=tau) for name, tau in (("a", 1.0), ("b", 2.0), ("c", 7.0))}
    sets = {name: responses_of(tmp_path, "u,0,i,k,1,train", header=SHORT) for name in tuned}
    whose = {id(responses): name for name, responses in sets.items()}

    def fit(responses: Responses, *, say: object) -> SimpleNamespace:
        return SimpleNamespace(constants=tuned[whose[id(responses)]])

    monkeypatch.setattr("benchmarks.mastery_cold.calibration.fit", fit)
    foreign = foreign_constants(sets, print)
    assert {name: constants.tau for name, constants in foreign.items()} == {"a": 4.5, "b": 4.0, "c": 1.5}
