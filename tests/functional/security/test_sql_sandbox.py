"""Every attack on the place where learners' SQL runs ends as it must, on every rung that this machine has."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from qualoop.simulators.sql import rungs
from qualoop.simulators.sql.dataset import PreparedData
from qualoop.simulators.sql.errors import SandboxBusyError, SandboxUnavailableError, SqlSandboxError
from qualoop.simulators.sql.rungs import LANDLOCK, find_rung
from qualoop.simulators.sql.sandbox import Answer, Query, Sandbox, open_sandbox
from tests.factories.sql_ladder import HERE, ask, data_folder, open_whole, prepared
from tests.functional.security.sql_attacks import CLOCK, FORMS, OURS, REFERENCE, ROUND, STOPPED, Attack
from tests.functional.security.sqlite_attacks import SQLITE

ATTACKS = (*REFERENCE, *OURS, *ROUND, *CLOCK, *FORMS)
CANARY = "postgresql://qualoop:canary@db/qualoop"
#: What no answer may hold: paths, versions, the engine's own words.
TELLTALES = ("/", "duckdb", "Error", "root", "home", "2.0", "LINE")


@pytest.fixture(scope="session")
def sql_cache() -> Path:
    return data_folder()


@pytest.fixture(scope="session")
def data(sql_cache: Path) -> PreparedData:
    return prepared(sql_cache, "duckdb")


@pytest.fixture(scope="session")
def small(sql_cache: Path) -> PreparedData:
    return prepared(sql_cache, "sqlite")


@pytest.fixture(scope="session", params=HERE)
def sandbox(request: pytest.FixtureRequest, data: PreparedData) -> Iterator[Sandbox]:
    before = dict(os.environ)
    os.environ["QUALOOP_DATABASE_URL"] = CANARY
    made = open_whole(data, request.param)
    os.environ.clear()
    os.environ.update(before)
    yield made
    made.close()


@pytest.fixture(scope="session")
def sqlite(small: PreparedData) -> Iterator[Sandbox]:
    made = open_whole(small, HERE[-1])
    yield made
    made.close()


def outcome(sandbox: Sandbox, data: PreparedData, query: str) -> Answer:
    """Return what a query brought; on a machine so busy that it hardly ran, it was stopped all the same."""
    try:
        return ask(sandbox, data, query)[0]
    except SandboxBusyError:
        return Answer(fault="timeout")


def all_outcomes(sandbox: Sandbox, data: PreparedData, attacks: Sequence[Attack]) -> dict[str, Answer]:
    """Try all attacks, four at once, as a class would."""
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda tried: outcome(sandbox, data, tried.query), attacks)
        return {tried.name: answer for tried, answer in zip(attacks, found, strict=True)}


@pytest.fixture(scope="session")
def outcomes(sandbox: Sandbox, data: PreparedData) -> dict[str, Answer]:
    return all_outcomes(sandbox, data, ATTACKS)


@pytest.fixture(scope="session")
def sqlite_outcomes(sqlite: Sandbox, small: PreparedData) -> dict[str, Answer]:
    return all_outcomes(sqlite, small, SQLITE)


def assert_it_ended_as_it_must(tried: Attack, answer: Answer) -> None:
    # Whatever its end would be, a busy machine may stop it first.
    assert (answer.fault or "none") in tried.ends | {"timeout"}
    if answer.fault:
        assert (answer.columns, answer.rows) == ((), ())
        assert not any(sign in answer.fault for sign in TELLTALES)


@pytest.mark.parametrize("tried", ATTACKS, ids=lambda each: each.name)
def test_an_attack_ends_as_it_must(outcomes: Mapping[str, Answer], tried: Attack) -> None:
    assert_it_ended_as_it_must(tried, outcomes[tried.name])


@pytest.mark.parametrize("tried", SQLITE, ids=lambda each: each.name)
def test_an_attack_on_sqlite_ends_as_it_must(sqlite_outcomes: Mapping[str, Answer], tried: Attack) -> None:
    assert_it_ended_as_it_must(tried, sqlite_outcomes[tried.name])


def test_the_attacks_have_names_of_their_own() -> None:
    for attacks in (ATTACKS, SQLITE):
        assert len({tried.name for tried in attacks}) == len(attacks)


def test_after_all_that_an_honest_query_runs(
    outcomes: Mapping[str, Answer], sandbox: Sandbox, data: PreparedData
) -> None:
    assert len(outcomes) == len(ATTACKS)
    (answer,) = ask(sandbox, data, "select count(*), round(sum(quantity * unit_price), 2) from sales")
    assert answer.rows == ((541_909, 9_747_747.93),)


def test_the_data_is_as_it_was(sandbox: Sandbox, data: PreparedData, small: PreparedData) -> None:
    for path in (data.path, small.path):
        assert path.stat().st_mode & 0o222 == 0
    assert sorted(path.suffix for path in data.path.parent.iterdir()) == [".duckdb", ".json", ".json", ".sqlite"]


def test_memory_runs_out_at_once(sandbox: Sandbox, data: PreparedData) -> None:
    start = time.monotonic()
    assert outcome(sandbox, data, "select repeat('a', 4000000000)").fault in STOPPED
    assert time.monotonic() - start < 10.0


def test_one_learners_endless_query_does_not_stop_anothers(sandbox: Sandbox, data: PreparedData) -> None:
    endless = "select count(*) from sales a, sales b, sales c where a.quantity < b.quantity"
    with ThreadPoolExecutor(4) as pool:
        stuck = [pool.submit(outcome, sandbox, data, endless + f" and {number} < 9") for number in range(2)]
        honest = [pool.submit(ask, sandbox, data, "select count(*) from sales") for _ in range(6)]
        assert [found.result()[0].rows for found in honest] == [((541_909,),)] * 6
        assert {found.result().fault for found in stuck} == {"timeout"}


def test_the_worker_has_no_environment_one_thread_and_no_file_but_the_data(
    sandbox: Sandbox, data: PreparedData
) -> None:
    workers = [sandbox.process_id, *children_of(sandbox.process_id)]
    environments = [read(f"/proc/{process}/environ") for process in workers]
    assert not any(CANARY.encode() in found or b"QUALOOP" in found for found in environments)
    threads = [len(list(Path(f"/proc/{process}/task").iterdir())) for process in workers]
    assert set(threads) == {1}
    python = workers[-1]
    opened = {str(path.readlink()) for path in Path(f"/proc/{python}/fd").iterdir()}
    assert {Path(name).name for name in opened if name.startswith("/")} == {"null", data.path.name}


def children_of(process: int) -> list[int]:
    """Return the descendants of a process, parents first."""
    text = read(f"/proc/{process}/task/{process}/children").decode()
    found = [int(child) for child in text.split()]
    return [each for child in found for each in (child, *children_of(child))]


def lives(process: int) -> bool:
    """Return whether a process runs; one that only waits to be buried does not."""
    state = read(f"/proc/{process}/stat").rpartition(b") ")[2][:1]
    return state not in {b"", b"Z"}


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (PermissionError, FileNotFoundError):
        return b""


def test_queries_leave_no_descriptor_open(sandbox: Sandbox, data: PreparedData) -> None:
    worker = [sandbox.process_id, *children_of(sandbox.process_id)][-1]
    before = sorted(path.name for path in Path(f"/proc/{worker}/fd").iterdir())
    for query in ("select 1", "select nothing", "select repeat('a', 4000000000)", "from range(9999)") * 8:
        outcome(sandbox, data, query)
    assert sorted(path.name for path in Path(f"/proc/{worker}/fd").iterdir()) == before


def test_who_sleeps_is_not_tried_again_and_again(sandbox: Sandbox, data: PreparedData) -> None:
    start = time.monotonic()
    answers = ask(sandbox, data, *(f"select sleep_ms({600_000 + number})" for number in range(24)))
    assert {answer.fault for answer in answers} == {"unrepeatable"}
    assert time.monotonic() - start < 30.0


def test_a_query_leaves_no_process_behind(sandbox: Sandbox, data: PreparedData) -> None:
    before = children_of(sandbox.process_id)
    outcome(sandbox, data, "select count(*) from sales a, sales b, sales c where a.quantity < b.quantity")
    assert children_of(sandbox.process_id) == before


def test_a_worker_that_is_gone_is_noticed_and_nothing_counts(data: PreparedData) -> None:
    made = open_whole(data, LANDLOCK)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            ask, made, data, "select count(*) from sales a, sales b, sales c where a.quantity < b.quantity"
        )
        time.sleep(0.3)
        at_work = children_of(made.process_id)
        made.close()
        with pytest.raises(SqlSandboxError):
            waiting.result()
    assert not made.alive
    assert at_work
    until = time.monotonic() + 5.0
    while any(lives(process) for process in at_work):
        assert time.monotonic() < until
        time.sleep(0.01)
    with pytest.raises(SqlSandboxError):
        ask(made, data, "select 1")


def test_too_many_waiting_are_turned_away(sandbox: Sandbox, data: PreparedData) -> None:
    with pytest.raises(SandboxBusyError):
        ask(sandbox, data, *["select 1"] * 241)
    assert ask(sandbox, data, "select 1")[0].rows == ((1,),)


def test_without_a_rung_nothing_runs_and_the_teacher_is_told_what_to_install(data: PreparedData) -> None:
    with pytest.raises(SandboxUnavailableError, match="install bubblewrap") as caught:
        open_sandbox(data.path, engine="duckdb", sample="1", rungs=[])
    assert caught.value.code == "sql-sandbox-unavailable"


def test_bubblewrap_that_cannot_start_falls_to_the_next_rung(
    data: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    made = open_sandbox(data.path, engine="duckdb", sample="1" * len(data.units))
    assert made.rung == LANDLOCK
    made.close()


@pytest.mark.parametrize(
    ("sabotage", "found"),
    [
        ("confinement.allow_files = lambda paths: None", "reading the account file"),
        ("confinement.refuse_needless_calls = lambda: None", "making a socket"),
        ("confinement.allow_query_calls = lambda: None", "in a query|in the worker"),
        ("confinement.give_up_privileges = lambda: 1 / 0", "ended at once|division"),
        ("confinement.has_one_thread = lambda: False", "started a thread"),
    ],
)
def test_a_confinement_that_does_not_hold_is_found_out(
    data: PreparedData, monkeypatch: pytest.MonkeyPatch, sabotage: str, found: str
) -> None:
    boot = rungs._BOOT.replace(
        "from qualoop.simulators.sql.worker import main\n",
        f"from qualoop.simulators.sql import confinement\n{sabotage}\nfrom qualoop.simulators.sql.worker import main\n",
    )
    monkeypatch.setattr(rungs, "_BOOT", boot)
    with pytest.raises(SandboxUnavailableError, match=found):
        open_sandbox(data.path, engine="duckdb", sample="1" * len(data.units), rungs=[LANDLOCK])


def test_a_missing_data_file_is_found_out(data: PreparedData, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailableError, match="the data file does not open"):
        open_sandbox(tmp_path / "none.duckdb", engine="duckdb", sample="1", rungs=[LANDLOCK])


def test_the_worker_is_started_without_site_packages_code_or_environment(data: PreparedData) -> None:
    rung = find_rung(LANDLOCK, data.path, "duckdb")
    assert rung is not None
    assert rung.command[:4] == (sys.executable, "-I", "-S", "-B")


def test_a_sample_cannot_smuggle_sql(sandbox: Sandbox, data: PreparedData) -> None:
    query = Query(text="select 1", sample="1'::bit, unit) = 1 or getenv('HOME') = 'x' --")
    (answer,) = sandbox.run([query])
    assert answer.fault == "failed"
    assert replace(query, sample="1" * len(data.units)) != query
