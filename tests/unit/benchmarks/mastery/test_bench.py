"""`qualoop bench mastery` prints every figure that it could measure, and why the others are missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import mastery
from benchmarks.mastery_speed import busy_log, speed_figures
from qualoop.commands import main
from qualoop.mastery.calibration import identified, write_constants
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from tests.unit.benchmarks.mastery.csv_logs import made_log


@pytest.fixture(autouse=True)
def without_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastery, "speed_figures", lambda: {"update_us_python": 4.0, "update_us_numba": 0.1})
    monkeypatch.setattr(mastery, "truth_figures", lambda: ({"coverage_90": 0.9, "r_b": None}, {"r_b": "no reason"}))
    monkeypatch.setattr(mastery, "rater_figures", lambda folder: ({f"raters.{folder.name}.qwk": 0.5}, {}))


def report(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, dict[str, object]]:
    assert main(["bench", "mastery", "--json", *arguments]) == status
    parsed: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)
    return parsed


def test_without_data(capsys: pytest.CaptureFixture[str]) -> None:
    found = report(capsys)
    assert found["figures"] == {"update_us_python": 4.0, "update_us_numba": 0.1, "coverage_90": 0.9, "r_b": None}
    assert found["notes"]["r_b"] == "no reason"
    assert set(found["notes"]) == {"r_b", "raters", "data"}


def test_with_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set1.csv").write_text(made_log())
    found = report(capsys, "--data", str(tmp_path), "--raters", "/a/folder", "--mastery", "--cold")
    figures, notes = found["figures"], found["notes"]
    assert figures["raters.folder.qwk"] == 0.5
    for model in ("mean", "irt", "pfa", "bkt", "elo", "engine", "engine_logit", "engine_ga2m"):
        for key in ("auc", "rmse", "log_loss", "accuracy", "ece", "auc_se", "auc_first", "us_per_event"):
            assert isinstance(figures[f"set1.{model}.{key}"], float), (model, key)
    assert figures["set1.mean.auc"] == 0.5
    assert figures["set1.rows"] == 1200
    assert 0.5 < float(str(figures["set1.engine.auc_cold_0"])) < 1
    assert float(str(figures["set1.engine_minus_mean.auc_se"])) > 0
    assert "set1.rule.engine_70_80_3_items.reach" in figures
    assert all(key in notes for key, figure in figures.items() if figure is None)
    assert "no other set" in str(notes["cold"])


def test_constants_of_a_file_are_those_that_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set1.csv").write_text(made_log(12, 10))
    write_constants(tmp_path / "c.json", identified(Constants(base=-3.0)), {})
    shipped, other = (
        report(capsys, "--data", str(tmp_path), "--constants", constants)["figures"]["set1.engine.log_loss"]
        for constants in ("default", str(tmp_path / "c.json"))
    )
    assert float(str(shipped)) < float(str(other))
    assert identified(DEFAULT_CONSTANTS).id != identified(Constants(base=-3.0)).id
    assert main(["bench", "mastery", "--constants", str(tmp_path / "none")]) == 1


def test_regimes_change_the_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set1.csv").write_text(made_log(20, 15))
    losses = {
        report(capsys, "--data", str(tmp_path), *regime)["figures"]["set1.engine.log_loss"]
        for regime in ((), ("--freeze", "test"), ("--freeze", "epoch:3"), ("--by-time",))
    }
    assert len(losses) == 4


def test_faults_of_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set1.csv").write_text("learner\nu\n")
    assert main(["bench", "mastery", "--json", "--data", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "set1.csv:1: header: no column `item`" in printed.err


def test_the_gate_names_what_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "mastery", "--json", "--gate"]) == 1
    assert "missed: update_us_python is 4, not within 0 to 3\n" in capsys.readouterr().err


def test_what_must_be_reached() -> None:
    assert mastery.missed({"A09.engine.auc": 0.7, "a09.pfa.auc": 0.1, "x.engine.ece": 0.03, "r_s": None}) == [
        "A09.engine.auc is 0.7, not within 0.7662 to 1",
        "x.engine.ece is 0.03, not within 0 to 0.02",
    ]


def test_used_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "mastery", "--dta", "x"]) == 2
    assert "qualoop bench mastery" in capsys.readouterr().err
    assert main(["bench", "mastery", "--help"]) == 0
    assert "--raters" in capsys.readouterr().out
    assert main(["bench", "nothing"]) == 2
    for regime in ("tests", "epoch", "epoch:0", "epoch:x", "epochs:3"):
        assert main(["bench", "mastery", "--freeze", regime]) == 2


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "mastery"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith(("r_b", "coverage"))] == [
        ["coverage_90", "0.9"],
        ["r_b", "no", "reason"],
    ]


def test_the_cost_of_an_update_is_measured() -> None:
    figures = speed_figures(steps=200, rows=2000)
    assert all(0 < float(figure or 0) < 1000 for figure in figures.values())
    assert set(figures) == {"update_us_python", "update_us_numba", "update_us_numba_shuffled"}


def test_a_busy_log_has_classes_that_take_turns() -> None:
    log = busy_log(1000, 10, 5)
    assert log.learner[:10].tolist() == log.learner[10:20].tolist() == log.learner[40:50].tolist()
    assert log.learner[:10].tolist() != log.learner[50:60].tolist()
    assert (log.points[log.item[:10]] == log.points[log.item[40:50]]).all()
    assert log.timed
