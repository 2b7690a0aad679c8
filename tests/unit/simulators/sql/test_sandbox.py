"""Which queries share a process, and that company does no harm."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from qualoop.simulators.sql import confinement
from qualoop.simulators.sql.dataset import PreparedData
from qualoop.simulators.sql.rungs import BUBBLEWRAP, LANDLOCK, find_rung
from qualoop.simulators.sql.sandbox import TOGETHER, Query, Sandbox, _grouped
from tests.factories.sql_ladder import HERE, open_whole, prepared


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
    assert _grouped(asked, {"a", "b", "c"}) == [[0, 3], [1], [2], [4]]
    many = [Query(text="a", sample="1")] * (2 * TOGETHER + 1)
    assert [len(group) for group in _grouped(many, {"a"})] == [TOGETHER, TOGETHER, 1]


def test_answers_come_in_the_order_of_the_questions(sandbox: Sandbox, data: PreparedData) -> None:
    texts = [f"select {number}" for number in range(11)]
    answers = sandbox.run(queries(data, *texts), trusted=texts[::2])
    assert [answer.rows for answer in answers] == [((number,),) for number in range(11)]


def test_a_query_that_is_stopped_takes_none_with_it(sandbox: Sandbox, data: PreparedData) -> None:
    texts = [
        "select 1",
        "select count(*) from sales a, sales b where a.quantity < b.quantity",
        "select nothing",
        "select 2",
    ]
    answers = sandbox.run(queries(data, *texts), trusted=texts)
    assert [answer.fault for answer in answers] == [None, "timeout", "binding", None]
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
