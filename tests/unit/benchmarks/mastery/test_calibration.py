"""Constants are tuned on training learners alone, and compared on test learners."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from qualoop.commands import main
from qualoop.mastery.accuracy import log_loss
from qualoop.mastery.calibration import (
    RANGES,
    ConstantsFileError,
    Fit,
    TooFewLearnersError,
    compare,
    fit,
    identified,
    median,
    read_constants,
    write_constants,
)
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.log_runs import Responses, run_engine
from qualoop.mastery.stage_files import read_stage
from tests.unit.benchmarks.mastery.csv_logs import made_log, made_responses, responses_of


@pytest.fixture
def responses(tmp_path: Path) -> Responses:
    return made_responses(tmp_path, learners=24, responses=20)


def quick(responses: Responses, *, seed: int = 0) -> Fit:
    return fit(responses, draws=25, refinements=15, seed=seed)


def test_the_objective_is_the_last_quarter_of_the_training_learners(responses: Responses) -> None:
    found = quick(responses)
    training = responses.only(~responses.test)
    order = list(dict.fromkeys(training.learner.tolist()))
    last = np.isin(training.learner, order[-round(len(order) / 4) :])
    for constants, loss in ((found.constants, found.loss), (DEFAULT_CONSTANTS, found.shipped_loss)):
        predictions = run_engine(training, constants).predictions
        assert loss == pytest.approx(log_loss(training.score[last], predictions[last]))
    assert found.loss < found.shipped_loss
    mean = float(training.score.mean())
    assert found.constants.base == pytest.approx(np.log(mean / (1 - mean)))
    assert found.constants.v_s0 == DEFAULT_CONSTANTS.v_s0


def test_the_same_seed_finds_the_same_and_test_learners_are_never_seen(responses: Responses) -> None:
    found = quick(responses)
    assert quick(responses) == found
    assert quick(responses, seed=1) != found
    tests = responses.log.tests[responses.log.learner]
    responses.log.score[tests] = 1 - responses.log.score[tests]
    assert quick(Responses(responses.log, responses.rows)) == found


def test_it_says_how_far_it_is(responses: Responses) -> None:
    said: list[str] = []
    fit(responses.only(responses.position < 3), draws=150, refinements=60, say=said.append)
    assert [line.split(",")[0] for line in said] == ["made: 100 of 210 runs", "made: 200 of 210 runs"]


def test_too_few_learners(tmp_path: Path) -> None:
    rows = [f"u{n},0,i,k,1,{'train' if n < 3 else 'test'}" for n in range(9)]
    with pytest.raises(TooFewLearnersError):
        quick(responses_of(tmp_path, *rows, header="learner,order,item,kps,score,split"))


def test_a_comparison_tells_better_from_worse(responses: Responses) -> None:
    bad = identified(replace(DEFAULT_CONSTANTS, base=-4.0, v_b0=0.01, v_c0=0.01, v_g0=0.01))
    worse = compare(responses, bad)
    assert worse.worse
    assert not worse.better
    better = compare(responses, DEFAULT_CONSTANTS, bad)
    assert better.better
    assert not better.worse
    assert better.log_loss == pytest.approx(-worse.log_loss)
    assert better.rows == int(responses.test.sum())
    same = compare(responses, DEFAULT_CONSTANTS)
    assert (same.log_loss, same.auc, same.better, same.worse) == (0, 0, False, False)


def test_medians() -> None:
    found = [replace(DEFAULT_CONSTANTS, tau=tau, base=base) for tau, base in ((1.0, 5.0), (2.0, 1.0), (9.0, 3.0))]
    middle = median(found)
    assert (middle.tau, middle.base, middle.v_m0) == (2.0, 3.0, DEFAULT_CONSTANTS.v_m0)
    assert middle.id == identified(replace(DEFAULT_CONSTANTS, tau=2.0, base=3.0)).id


def test_every_constant_but_the_two_that_stay_is_tuned() -> None:
    assert set(RANGES) | {"id", "base", "v_s0"} == set(asdict(DEFAULT_CONSTANTS))


def test_files_keep_every_bit(tmp_path: Path) -> None:
    constants = identified(replace(DEFAULT_CONSTANTS, tau=1 / 3))
    write_constants(tmp_path / "c.json", constants, {"seed": 3})
    assert read_constants(tmp_path / "c.json") == constants
    assert json.loads((tmp_path / "c.json").read_text())["provenance"] == {"seed": 3}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", "mastery-0"),
        ("id", "c1"),
        ("constants", {}),
        ("constants", [1]),
        ("constants", {**asdict(DEFAULT_CONSTANTS), "id": "c1"}),
        ("constants", {**{k: v for k, v in asdict(DEFAULT_CONSTANTS).items() if k != "id"}, "tau": 6501.0}),
        ("constants", {**{k: v for k, v in asdict(DEFAULT_CONSTANTS).items() if k != "id"}, "tau": float("nan")}),
        ("constants", {k: v for k, v in asdict(DEFAULT_CONSTANTS).items() if k not in {"id", "tau"}}),
    ],
)
def test_files_that_are_not_what_they_say(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "c.json"
    write_constants(path, identified(DEFAULT_CONSTANTS), {})
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ConstantsFileError):
        read_constants(path)


def test_files_that_are_not_there_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(ConstantsFileError):
        read_constants(tmp_path / "none.json")
    (tmp_path / "c.json").write_text("{")
    with pytest.raises(ConstantsFileError):
        read_constants(tmp_path / "c.json")


def test_the_command_fits_compares_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "one.csv").write_text(made_log(20, 15))
    out = tmp_path / "c.json"
    arguments = ["mastery", "fit", "--data", str(data), "--draws", "6", "--refinements", "4", "--out", str(out)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "one: 300 responses, 15 learners to train on" in printed
    assert "fewer than 100 learners" in printed
    assert "75 test responses, fitted minus shipped: log-loss " in printed
    constants = read_constants(out)
    document = json.loads(out.read_text())
    assert f"constants {constants.id}\n" in printed
    assert document["provenance"]["logs"][0]["own_constants"] == constants.id
    assert (document["provenance"]["seed"], document["provenance"]["draws"]) == (0, 6)
    assert "u1" not in out.read_text(), "no learner is named"

    (data / "two.csv").write_text(made_log(20, 15, seed=9))
    assert main(arguments) == 0
    assert "medians over 2 logs" in capsys.readouterr().out
    assert read_constants(out) != constants


@pytest.mark.parametrize("kind", ["logit", "ga2m"])
def test_the_command_trains_a_second_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    data, out = tmp_path / "data", tmp_path / "stage.json"
    data.mkdir()
    (data / "one.csv").write_text(made_log(20, 15))
    arguments = ["mastery", "fit", "--data", str(data), "--draws", "2", "--refinements", "1"]
    assert main([*arguments, "--second-stage", str(out), "--kind", kind]) == 0
    printed = capsys.readouterr().out
    stage = read_stage(out)
    assert stage.kind == kind
    assert f"constants {stage.constants}\n" in printed
    assert "  second stage minus filter: log-loss " in printed
    (data / "two.csv").write_text(made_log(20, 15))
    assert main([*arguments, "--second-stage", str(out)]) == 2
    assert "one log" in capsys.readouterr().err


def test_the_command_lists_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.csv").write_text("learner,order,item,kps,score,split\nu,0,i,k,2,train\nu,0,i,k,1,test\n")
    assert main(["mastery", "fit", "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert [line.split(": ")[:2] for line in error.splitlines()[:3]] == [
        ["one.csv:2", "value"],
        ["one.csv:3", "order"],
        ["one.csv:3", "split"],
    ]
    assert main(["mastery", "fit", "--data", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.startswith("qualoop: no-logs: ")
    assert main(["mastery", "fit", "--data", str(tmp_path), "--draws", "-1"]) == 2


def test_the_command_needs_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("qualoop.commands.mastery.util.find_spec", {}.get)
    assert main(["mastery", "fit", "--data", str(tmp_path)]) == 1
    assert "pip install 'qualoop[mastery]'" in capsys.readouterr().err
