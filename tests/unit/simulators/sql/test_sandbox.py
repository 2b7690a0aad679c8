"""Which queries share a process, and that company does no harm."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qualoop.simulators.sql import confinement
from qualoop.simulators.sql import sandbox as sql_sandbox
from qualoop.simulators.sql.dataset import PreparedData
from qualoop.simulators.sql.errors import SqlSandboxError
from qualoop.simulators.sql.rungs import BUBBLEWRAP, LANDLOCK, find_rung
from qualoop.simulators.sql.sandbox import TOGETHER, Query, Sandbox, _grouped
from qualoop.simulators.sql.worker import _answers, _Job
from tests.factories.sql_ladder import HERE, open_whole, prepared

PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def data(sql_cache: Path) -> PreparedData:
    return prepared(sql_cache, "duckdb")


@pytest.fixture(scope="module")
def sandbox(data: PreparedData) -> Iterator[Sandbox]:
    made = open_whole(data, HERE[0])
    yield made
    made.close()


def queries(data: PreparedData, *texts: str) -> list[Query]:
    return [Query(text=text, sample="1" * len(data.units)) for text in texts]


def test_learners_texts_run_alone_and_the_authors_a_few_together() -> None:
    asked = [
        Query(text=text, sample=sample) for text, sample in [("a", "1"), ("x", "1"), ("b", "0"), ("c", "1"), ("y", "1")]
    ]
    assert _grouped(asked, range(5), {"a", "b", "c"}) == [[0, 3], [1], [2], [4]]
    assert _grouped(asked, [1, 3, 4], {"a", "b", "c"}) == [[1], [3], [4]]
    many = [Query(text="a", sample="1")] * (2 * TOGETHER + 1)
    assert [len(group) for group in _grouped(many, range(len(many)), {"a"})] == [TOGETHER, TOGETHER, 1]


def test_answers_come_in_the_order_of_the_questions(sandbox: Sandbox, data: PreparedData) -> None:
    texts = [f"select {number}" for number in range(11)]
    answers = sandbox.run(queries(data, *texts), trusted=texts[::2])
    assert [answer.rows for answer in answers] == [((number,),) for number in range(11)]


def test_a_query_that_is_stopped_takes_none_with_it(sandbox: Sandbox, data: PreparedData) -> None:
    texts = [
        "select 1",
        "select repeat('a', 4000000000)",
        "select nothing",
        "select 2",
    ]
    answers = sandbox.run(queries(data, *texts), trusted=texts)
    assert [answer.fault for answer in answers] == [None, "memory", "binding", None]
    assert (answers[0].rows, answers[3].rows) == (((1,),), ((2,),))


@pytest.mark.parametrize("status", ["/proc/self/status", "/none"])
def test_a_second_thread_is_noticed_with_and_without_proc(status: str) -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    alone = confinement.has_one_thread(status)
    done.set()
    other.join()
    assert not alone


def test_the_commands_of_the_rungs(data: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bubblewrap = tmp_path / "bwrap"
    bubblewrap.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    rung = find_rung(BUBBLEWRAP, data.path, "duckdb")
    assert rung is not None
    options = rung.command[: rung.command.index("--")]
    for option in ("--unshare-all", "--clearenv", "--die-with-parent", "--new-session", "--cap-drop", "--remount-ro"):
        assert option in options
    bound = {options[place + 1] for place, option in enumerate(options) if option.startswith("--ro-bind")}
    assert str(data.path) in bound
    assert not bound & {"/", "/etc", "/home", "/root", "/proc", "/var", str(data.path.parent)}
    assert not any(option.startswith(("--bind", "--dev", "--share", "--proc", "--tmpfs")) for option in options)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert find_rung(BUBBLEWRAP, data.path, "duckdb") is None
    assert find_rung(LANDLOCK, data.path, "duckdb") is not None


def test_the_worker_loads_little_of_qualoop_and_nothing_that_starts_threads(data: PreparedData) -> None:
    rung = find_rung(LANDLOCK, data.path, "duckdb")
    assert rung is not None
    listing = "import duckdb, json, sys\nprint(json.dumps(sorted(sys.modules)))\n"
    command = [part.replace("main()\n", listing) for part in rung.command]
    loaded = json.loads(subprocess.run(command, env={}, capture_output=True, check=True, timeout=60).stdout)
    ours = {name.removeprefix("qualoop.simulators.sql.") for name in loaded if name.startswith("qualoop")}
    assert ours == {"qualoop", "qualoop.simulators", "qualoop.simulators.sql"} | {
        "answers",
        "confinement",
        "frames",
        "probe",
        "query_process",
        "system_calls",
        "worker",
    }
    assert not {"numpy", "pydantic", "yaml", "threading.Thread", "sqlglot", "site"} & set(loaded)


def test_many_large_texts_with_large_answers_do_not_wait_for_each_other(sandbox: Sandbox, data: PreparedData) -> None:
    # Neither side's pipe holds what is on its way here: who writes must not keep the other from being read.
    padding = "-" * 19_000
    with ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(sandbox.run, queries(data, *(f"select repeat('{each}', 60000) --{padding}" for _ in range(12))))
            for each in "abcd"
        ]
        try:
            found = [each.result(timeout=PATIENCE_S) for each in waiting]
        except TimeoutError:
            sandbox.close()
            pytest.fail("they wait for each other")
    for letter, answers in zip("abcd", found, strict=True):
        assert [answer.rows for answer in answers] == [((letter * 60_000,),)] * 12


def test_texts_of_a_megabyte_are_refused_and_end_nothing(sandbox: Sandbox, data: PreparedData) -> None:
    before = sandbox.process_id
    texts = ["x" * 1_000_000, "select 1", "题" * 1_000_000, "\ud800" * 400_000]
    with ThreadPoolExecutor(4) as pool:
        for answers in pool.map(lambda _: sandbox.run(queries(data, *texts), trusted=texts[:1]), range(8)):
            assert [answer.fault for answer in answers] == ["too-long", None, "too-long", "too-long"]
    assert sandbox.alive
    assert sandbox.process_id == before


@pytest.mark.parametrize("limit", ["SEND_SECONDS", "ANSWER_SECONDS"])
def test_a_worker_that_hangs_is_given_up_by_everybody(
    data: PreparedData, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    made = open_whole(data, LANDLOCK)
    monkeypatch.setattr(sql_sandbox, limit, 0.5)
    os.kill(made.process_id, signal.SIGSTOP)
    size = 19_000 if limit == "SEND_SECONDS" else 1
    texts = [f"select {number} --" + "-" * size for number in range(20)]
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(made.run, queries(data, *texts)) for _ in range(3)]
        for each in waiting:
            with pytest.raises(SqlSandboxError):
                each.result(timeout=PATIENCE_S)
    assert not made.alive
    with pytest.raises(SqlSandboxError):
        made.run(queries(data, "select 1"))


@pytest.mark.parametrize(
    "said",
    [
        b"[",
        b"{}",
        b"[1]",
        b"[[]]",
        b'[{"rows":[1],"columns":[]}]',
        b'[{"fault":1,"line":null}]',
        b'[{"fault":"timeout"}]',
        b"[" * 50_000,
        b'[{"columns":["a"],"rows":[[' + b"[" * 900 + b"]" * 900 + b"]]}]",
    ],
)
def test_whatever_a_process_answers_the_worker_goes_on(said: bytes) -> None:
    job = _Job(number=1, queries=1, process=0, end=0.0, answer=bytearray(said))
    (answer,) = _answers(job, 0, 1.0)
    assert answer.get("fault", "failed") == "failed"
