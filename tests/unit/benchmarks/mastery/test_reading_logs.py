"""A log of responses is read whole or refused with every fault: file, line, code."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from qualoop.mastery.logs import LogFaultsError, NoLogsError, copy_previous_auc, read_logs, run_order
from tests.unit.benchmarks.mastery.csv_logs import HEADER, write

FULL = "learner,order,time,item,kps,score,split,rater,sheet,omega,options"


def faults(folder: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(LogFaultsError) as caught:
        read_logs(folder)
    return [(problem.file, problem.line, problem.code) for problem in caught.value.problems]


def test_every_column_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        'u1,1,42.5,i18,fractions;"compare",0.5,train,,,,4'.replace('"', ""),
        '"u,2",0,50,i2,,1,test,R,s1,2.5,',
        "u1,7,50,i2,,1.0,train,,,1,2",
        header=FULL,
    )
    log = read_logs(tmp_path)["log"]
    assert (log.learners, log.items, log.point_names) == (("u1", "u,2"), ("i18", "i2"), ("fractions", "compare"))
    assert (log.raters, log.sheets) == (("R",), ("s1",))
    assert log.learner.tolist() == [0, 1, 0]
    assert log.item.tolist() == [0, 1, 1]
    assert log.order.tolist() == [1, 0, 7]
    assert (log.time.tolist(), log.timed) == ([42.5, 50.0, 50.0], True)
    assert log.score.tolist() == [0.5, 1.0, 1.0]
    assert log.tests.tolist() == [False, True]
    assert (log.point_start.tolist(), log.points.tolist()) == ([0, 2, 2], [0, 1])
    assert (log.rater.tolist(), log.sheet.tolist()) == ([-1, 0, -1], [-1, 0, -1])
    assert log.omega.tolist() == [1.0, 2.5, 1.0]
    assert log.guess.tolist() == [0.25, 0.0, 0.5]


def test_aliases_order_of_columns_and_gzip(tmp_path: Path) -> None:
    text = "correct,split,seq,t,kps,item,learner\r\n1,train,0,5,k,i,u\r\n0,train,1,5,k,i,u\r\n"
    (tmp_path / "other.csv.gz").write_bytes(gzip.compress(text.encode("utf-8-sig")))
    write(tmp_path, "u,0,i,k,1,train", header="learner,order,item,kps,score,split")
    (tmp_path / "README.txt").write_text("no log")
    logs = read_logs(tmp_path)
    assert list(logs) == ["log", "other"]
    assert logs["other"].score.tolist() == [1.0, 0.0]
    assert not logs["other"].timed, "equal times are no times"
    assert logs["other"].time.tolist() == [0.0, 0.0]
    assert not logs["log"].timed


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("learner,order,item,kps,score", 1),
        (HEADER + ",mood", 1),
        (HEADER + ",t", 1),
        ("", 6),
        ("mood", 7),
    ],
)
def test_headers(tmp_path: Path, header: str, expected: int) -> None:
    write(tmp_path, header=header)
    assert faults(tmp_path) == [("log.csv", 1, "header")] * expected


@pytest.mark.parametrize(
    "row",
    [
        ",0,1,i,k,1,train",
        "u,0,1, ,k,1,train",
        "u,-1,1,i,k,1,train",
        "u,1.0,1,i,k,1,train",
        "u,1234567890123456789,1,i,k,1,train",
        "u,0,-1,i,k,1,train",
        "u,0,inf,i,k,1,train",
        "u,0,1e999,i,k,1,train",
        "u,0,1,i,k,nan,train",
        "u,0,1,i,k,NaN,train",
        "u,0,1,i,k,,train",
        "u,0,1,i,k,1.01,train",
        "u,0,1,i,k,-0.01,train",
        "u,0,1,i,k,1_0,train",
        "u,0,1,i,k,١,train",
        "u,0,1,i,k;k,1,train",
        "u,0,1,i,k;;l,1,train",
        "u,0,1,i,k; l,1,train",
        "u,0,1,i,k,1,Train",
        "u,0,1,i,k,1",
        "u,0,1,i,k,1,train,1",
        'u,0,1,"i"x,k,1,train',
    ],
)
def test_values(tmp_path: Path, row: str) -> None:
    write(tmp_path, "v,0,1,j,k,1,train", row)
    assert faults(tmp_path) == [("log.csv", 3, "value")]


@pytest.mark.parametrize("tail", ["R,,1,4", "R,s,0,4", "R,s,-1,4", "R,s,1,1", "R,s,1,2.5"])
def test_values_of_rated_and_weighed_rows(tmp_path: Path, tail: str) -> None:
    write(tmp_path, f"u,0,1,i,k,1,train,{tail}", header=FULL)
    assert faults(tmp_path) == [("log.csv", 2, "rater-sheet" if tail == "R,,1,4" else "value")]


def test_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        "u,3,10,i,k,1,train",
        '"v\n",0,10,i,k,1,test',  # a name over two lines
        "u,3,10,j,k,1,train",
        "u,4,9,j,k,1,train",
        "u,2,11,i,l;k,2,train",
        "u,9,11,i,l,1,test",
        "w,0,1,i,l,1,test",
    )
    (tmp_path / "broken.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"\nu,0,1,i,caf\xe9,1,train\n")
    (tmp_path / "log.csv.gz").write_bytes(b"")
    write(tmp_path, header="", name="zero.csv")
    assert faults(tmp_path) == [
        ("broken.csv.gz", 1, "header"),
        ("latin.csv", 2, "value"),
        ("log.csv", 5, "order"),
        ("log.csv", 6, "order"),
        ("log.csv", 7, "value"),
        ("log.csv", 7, "order"),
        ("log.csv", 7, "item-kps"),
        ("log.csv", 8, "split"),
        ("log.csv.gz", 1, "header"),
        *[("zero.csv", 1, "header")] * 6,
    ]


def test_a_header_that_is_no_csv(tmp_path: Path) -> None:
    write(tmp_path, "u,0,1,i,k,1,train", header='"learner"x,order')
    assert faults(tmp_path) == [("log.csv", 1, "value")]


def test_knowledge_points_in_another_order_are_the_same(tmp_path: Path) -> None:
    write(tmp_path, "u,0,1,i,a;b,1,train", "u,1,1,i,b;a,1,train")
    assert read_logs(tmp_path)["log"].point_names == ("a", "b")


def test_a_folder_without_logs(tmp_path: Path) -> None:
    with pytest.raises(NoLogsError):
        read_logs(tmp_path)
    with pytest.raises(NoLogsError):
        read_logs(tmp_path / "nowhere")


def test_a_log_without_rows(tmp_path: Path) -> None:
    log = read_logs(write(tmp_path))["log"]
    assert log.rows == 0
    assert run_order(log).tolist() == []


def test_run_order_is_shuffled_training_learners_then_test_learners(tmp_path: Path) -> None:
    rows = [f"u{learner},{order},{order},i,k,1,{'test' if learner in {0, 3} else 'train'}"
            for order in range(2) for learner in range(8)]  # fmt: skip
    log = read_logs(write(tmp_path, *rows))["log"]
    training = np.array([1, 2, 4, 5, 6, 7])
    np.random.default_rng(1).shuffle(training)
    expected = [(learner, order) for learner in [*training.tolist(), 0, 3] for order in (0, 1)]
    ran = run_order(log)
    assert list(zip(log.learner[ran].tolist(), log.order[ran].tolist(), strict=True)) == expected
    assert training.tolist() != sorted(training.tolist())


def test_warns_where_responses_were_expanded(tmp_path: Path) -> None:
    rows, random = [], np.random.default_rng(0)
    for learner in range(30):
        for order in range(20):
            right = int(random.random() < 0.5)
            rows += [f"u{learner},{2 * order + part},{order},i{order}-{part},k{part},{right},train" for part in (0, 1)]
    log = read_logs(write(tmp_path, *rows))["log"]
    assert [warning.split("?")[0] for warning in log.warnings] == ["expanded", "expanded"]
    assert copy_previous_auc(log) > 0.65
    honest = read_logs(write(tmp_path, *rows[::2]))["log"]
    assert honest.warnings == ()
    assert copy_previous_auc(honest) == pytest.approx(0.5, abs=0.06)
