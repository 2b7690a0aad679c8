"""In the regime of epochs learners do not depend on one another, and difficulties learn as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from qualoop.mastery.accuracy import auc
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.epochs import run_epochs
from qualoop.mastery.log_runs import run_engine
from tests.unit.benchmarks.mastery.csv_logs import made_responses, responses_of

HEADER = "learner,order,item,kps,score,split"


def test_an_epoch_for_each_response_is_live(tmp_path: Path) -> None:
    responses = made_responses(tmp_path, learners=8, responses=12)
    live = run_engine(responses, DEFAULT_CONSTANTS).predictions
    assert run_epochs(responses, DEFAULT_CONSTANTS, len(responses.rows)).tolist() == live.tolist()


def test_within_an_epoch_learners_meet_the_same_difficulties(tmp_path: Path) -> None:
    rows = [f"u{n},0,i,a,{n % 3 > 0:d},train" for n in range(6)] + ["t,0,i,a,1,test", "s,0,i,a,1,test"]
    responses = responses_of(tmp_path, *rows, header=HEADER)
    live = run_engine(responses, DEFAULT_CONSTANTS).predictions
    half = run_epochs(responses, DEFAULT_CONSTANTS, 2)
    assert set(half[:4].tolist()) == {live[0]}
    assert set(half[4:].tolist()) == {live[4]}, "what four learners taught is published"
    assert live[4] != live[0]
    assert set(run_epochs(responses, DEFAULT_CONSTANTS, 1).tolist()) == {live[0]}


def test_compiled_and_plain_give_the_same_bits(tmp_path: Path) -> None:
    responses = made_responses(tmp_path)
    plain, compiled = (
        run_epochs(responses, DEFAULT_CONSTANTS, 5, compile_it=compile_it) for compile_it in (False, True)
    )
    assert plain.tobytes() == compiled.tobytes()


def test_twenty_epochs_cost_little(tmp_path: Path) -> None:
    responses = made_responses(tmp_path, learners=100, responses=40)
    test = responses.test
    live, epochs = (
        auc(responses.score[test], predictions[test])
        for predictions in (
            run_engine(responses, DEFAULT_CONSTANTS).predictions,
            run_epochs(responses, DEFAULT_CONSTANTS, 20),
        )
    )
    assert epochs == pytest.approx(live, abs=0.01)


def test_no_responses(tmp_path: Path) -> None:
    responses = responses_of(tmp_path, header=HEADER)
    assert run_epochs(responses, DEFAULT_CONSTANTS, 20).tolist() == []
