"""The ladder on a real installation: DuckDB and SQLite agree on every solution, samples differ, nothing runs twice."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from qualoop.errors import QualoopError
from qualoop.simulators import WorldKey
from qualoop.simulators.sql import duckdb_query, running, sqlite_query
from qualoop.simulators.sql.answers import MOST_ROWS, rows_message
from qualoop.simulators.sql.dataset import ONLINE_RETAIL, Dataset, PreparedData, prepare
from qualoop.simulators.sql.engine import SqlLadderEngine
from qualoop.simulators.sql.errors import DatasetError, SandboxUnavailableError
from qualoop.simulators.sql.grading import Difference, grade
from qualoop.simulators.sql.ladder import pose
from qualoop.simulators.sql.marking import mark
from qualoop.simulators.sql.running import Installation, draw_sample, size_of
from qualoop.simulators.sql.sandbox import Answer, Query
from tests.factories.sql_ladder import installation, ladder_spec, prepared

KEYS = [WorldKey.of_seed(seed) for seed in range(3)]


@pytest.fixture(scope="session")
def small(sql_cache: Path) -> PreparedData:
    return prepared(sql_cache, "sqlite")


@pytest.fixture(scope="session")
def data(sql_cache: Path) -> PreparedData:
    return prepared(sql_cache, "duckdb")


def test_the_whole_data_is_the_one_of_the_source(here: Installation, data: PreparedData) -> None:
    assert len(data.units) == 8_082
    whole = WorldKey.of_seed(0)
    (answer,) = here.answers("online-retail", whole, ["select count(*), count(distinct customer) from sales"])
    lines, customers = answer.rows[0]
    # A few wholesalers have many lines.
    assert 0.7 < lines / 541_909 < 0.9
    assert 0.78 < customers / 4_372 < 0.82


def test_a_learners_sample_is_four_fifths_and_nobody_elses(data: PreparedData) -> None:
    samples = [draw_sample(data.units, key) for key in KEYS]
    for sample in samples:
        assert 0.78 < sample.count("1") / len(sample) < 0.82
    agree = sum(a == b for a, b in zip(samples[0], samples[1], strict=True)) / len(samples[0])
    assert agree == pytest.approx(0.8**2 + 0.2**2, abs=0.02)
    assert draw_sample(data.units, KEYS[0]) == samples[0]
    # A sample is part of what was graded: it may not change with a release.
    assert samples[0][:40] == "1100111111110110110111111101111111011110"


def test_learners_see_different_revenue(here: Installation) -> None:
    text = "select round(sum(quantity * unit_price), 2) from sales where country = 'Germany' and quantity > 0"
    revenues = [here.answers("online-retail", key, [text])[0].rows[0][0] for key in KEYS]
    assert len(set(revenues)) == 3
    assert all(0.5 < revenue / 228_867.14 < 1.0 for revenue in revenues)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.soak)])
def test_two_databases_agree_on_every_solution(data: PreparedData, small: PreparedData, seed: int) -> None:
    # In this process: what two independent engines say does not hang on how busy the machine is.
    world = pose(ladder_spec(), WorldKey.of_seed(seed))
    sample = draw_sample(data.units, world.sample_key)
    duck = duckdb_query.open_sample(duckdb_query.warm(str(data.path)), sample)
    for task in world.tasks:
        first = duckdb_query.run(duck, task.solution, MOST_ROWS)
        # SQLite's clock runs from when the sample is opened.
        lite = sqlite_query.open_sample(sqlite_query.warm(str(small.path)), sample)
        second = sqlite_query.run(lite, task.solution_for("sqlite"), MOST_ROWS)
        plain = [json.loads(rows_message(columns, rows))["rows"] for columns, rows in (first, second)]
        assert grade(plain[0], plain[1], task.rule).difference is Difference.NONE, task.spec.key


@pytest.mark.parametrize("seed", [2, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 13))])
def test_every_solution_is_right_when_it_is_run_and_has_rows_in_order(here: Installation, seed: int) -> None:
    engine = SqlLadderEngine(here)
    world = engine.world(ladder_spec(), WorldKey.of_seed(seed))
    for task, outcome in zip(world.tasks, mark(world, engine.reference(world)[0], here, show=True), strict=True):
        assert (outcome.marks, outcome.code) == (1.0, "none"), task.spec.key
        assert outcome.rows >= 1, task.spec.key


def test_every_typical_mistake_costs_marks(here: Installation) -> None:
    engine = SqlLadderEngine(here)
    world = engine.world(ladder_spec(), WorldKey.of_seed(0))
    marks = []
    for uniform in (0.1, 0.5, 0.9):
        sheet = {
            topic: [engine.wrong_text(world, topic, task.row, uniform) for task in world.of_topic(topic)]
            for topic in world.spec.packs
        }
        marks.append([outcome.marks for outcome in mark(world, sheet, here, show=False)])
    for number, task in enumerate(world.tasks):
        assert max(each[number] for each in marks) < 0.9, task.spec.key
    assert sum(map(sum, marks)) / 72 < 0.2


def test_what_was_run_is_not_run_again(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    first = here.answers("online-retail", KEYS[0], ["select 41 + 1"])
    monkeypatch.setattr(here, "_sandbox", lambda _: pytest.fail("asked again"))
    assert here.answers("online-retail", KEYS[0], ["select 41 + 1", "select 41 + 1"]) == first * 2


class ScriptedSandbox:
    """Answers with what is given, and notes what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.left = list(answers)
        self.asked: list[str] = []

    def run(self, queries: Sequence[Query], *, trusted: Collection[str] = ()) -> list[Answer]:
        self.asked += [query.text for query in queries]
        return [self.left.pop(0) for _ in queries]


def scripted(
    sql_cache: Path, monkeypatch: pytest.MonkeyPatch, *answers: Answer
) -> tuple[Installation, ScriptedSandbox]:
    made, sandbox = installation(sql_cache), ScriptedSandbox(*answers)
    monkeypatch.setattr(made, "_sandbox", lambda _: sandbox)
    return made, sandbox


ROWS = Answer(columns=("c",), rows=((1,),))


@pytest.mark.parametrize("fault", sorted(running.PASSING))
def test_an_end_for_want_of_time_or_memory_is_no_answer(
    sql_cache: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    made, sandbox = scripted(sql_cache, monkeypatch, Answer(fault=fault), ROWS)
    assert made.answers("online-retail", KEYS[0], ["select 1"], anew=True)[0].fault == fault
    # What a sheet is worth is worked out several times in one step.
    assert made.answers("online-retail", KEYS[0], ["select 1"])[0].fault == fault
    assert made.answers("online-retail", KEYS[0], ["select 1"], anew=True) == [ROWS]
    assert made.answers("online-retail", KEYS[0], ["select 1"], anew=True) == [ROWS]
    assert sandbox.asked == ["select 1"] * 2


def test_rows_that_another_thread_found_stay(sql_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, sandbox = scripted(sql_cache, monkeypatch, Answer(fault="timeout"))
    name = running._named(
        "online-retail", running.draw_sample(made._prepared("online-retail").units, KEYS[0]), "select 1"
    )
    run = sandbox.run

    def overtaken(queries: Sequence[Query], *, trusted: Collection[str] = ()) -> list[Answer]:
        made._keep({name: ROWS})
        return run(queries, trusted=trusted)

    monkeypatch.setattr(sandbox, "run", overtaken)
    made.answers("online-retail", KEYS[0], ["select 1"])
    assert made.answers("online-retail", KEYS[0], ["select 1"], anew=True) == [ROWS]


def test_such_an_end_is_soon_forgotten(sql_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = scripted(sql_cache, monkeypatch, Answer(fault="timeout"), ROWS)
    assert made.answers("online-retail", KEYS[0], ["select 1"])[0].fault == "timeout"
    later = time.monotonic() + running.PASSING_SECONDS + 1.0
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert made.answers("online-retail", KEYS[0], ["select 1"]) == [ROWS]


def test_what_is_wrong_with_a_query_is_kept(sql_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, sandbox = scripted(sql_cache, monkeypatch, Answer(fault="syntax"))
    for _ in range(2):
        assert made.answers("online-retail", KEYS[0], ["selec 1"], anew=True)[0].fault == "syntax"
    assert sandbox.asked == ["selec 1"]


def test_answers_are_kept_by_their_bytes(sql_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "KEPT_BYTES", 200_000)
    large = Answer(columns=("c",), rows=(("x" * 60_000,),))
    made, sandbox = scripted(sql_cache, monkeypatch, *[large] * 9, large, ROWS, large)
    for number in range(10):
        made.answers("online-retail", KEYS[0], [f"select {number}"])
    assert sum(size_of(each.answer) for each in made._answers.values()) == made._bytes <= 200_000
    assert len(made._answers) == 3
    # What was asked for last stays.
    made.answers("online-retail", KEYS[0], ["select 7"])
    made.answers("online-retail", KEYS[0], ["select 'new'"])
    made.answers("online-retail", KEYS[0], ["select 'large'"])
    asked = len(sandbox.asked)
    made.answers("online-retail", KEYS[0], ["select 7"])
    assert len(sandbox.asked) == asked


def test_an_answer_weighs_what_it_takes_in_memory() -> None:
    assert size_of(Answer(rows=(("x" * 60_000,),))) > 60_000
    assert size_of(Answer(rows=tuple((number + 1_000,) for number in range(5_000)))) > 5_000 * 60
    assert size_of(Answer(fault="syntax")) < 2_000


def test_a_worker_that_died_is_replaced(sql_cache: Path) -> None:
    made = installation(sql_cache)
    try:
        made.check()
        (sandbox,) = made._sandboxes.values()
        sandbox.close()
        assert made.answers("online-retail", KEYS[0], ["select 1"])[0].rows == ((1,),)
    finally:
        made.close()


def test_without_a_rung_the_ladder_stays_closed(sql_cache: Path) -> None:
    closed = installation(sql_cache, rungs=[])
    engine = SqlLadderEngine(closed)
    world = engine.world(ladder_spec(), KEYS[0])
    engine.view(world, engine.initial(world), KEYS[0])
    sheet = {topic: ["select 1"] * 4 for topic in world.spec.packs}
    with pytest.raises(SandboxUnavailableError):
        engine.step(world, engine.initial(world), sheet, KEYS[0])


def test_a_file_that_is_not_the_data_is_refused(tmp_path: Path) -> None:
    other = Dataset(key="other", file="other.parquet", sha256="0" * 64, columns=ONLINE_RETAIL.columns)
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match="SHA-256"):
        prepare(other, content=tmp_path, cache=tmp_path / "cache", engine="duckdb")
    with pytest.raises(DatasetError, match="cannot be read"):
        prepare(other, content=tmp_path / "nowhere", cache=tmp_path / "cache", engine="duckdb")


def test_an_unknown_data_set_is_named(here: Installation) -> None:
    with pytest.raises(QualoopError, match="online-retail"):
        here.answers("nothing", KEYS[0], ["select 1"])


def test_the_cache_is_for_this_user_alone_and_made_once(sql_cache: Path, data: PreparedData) -> None:
    assert sql_cache.stat().st_mode & 0o077 == 0
    before = data.path.stat().st_mtime_ns
    assert prepared(sql_cache, "duckdb") == data
    assert data.path.stat().st_mtime_ns == before
    assert os.access(data.path, os.R_OK)
