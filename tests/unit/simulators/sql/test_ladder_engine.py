"""The engine on answers that are given: marks, states, views. No process is started."""

from __future__ import annotations

import json

import pytest

from qualoop.simulators import BaselineKind, Decision, WorldKey, gap_score, shares, standard_of
from qualoop.simulators.conformance import play
from qualoop.simulators.sql.engine import MOST_BYTES, SqlLadderEngine
from qualoop.simulators.sql.errors import SqlSandboxError
from qualoop.simulators.sql.ladder import SqlWorld
from qualoop.simulators.sql.sandbox import Answer
from tests.factories.sql_ladder import ladder_spec
from tests.fakes.sql_runner import GivenAnswers, rows

KEY = WorldKey.of_seed(5)
RUN = WorldKey.of_seed(6)


@pytest.fixture
def runner() -> GivenAnswers:
    return GivenAnswers()


@pytest.fixture
def engine(runner: GivenAnswers) -> SqlLadderEngine:
    return SqlLadderEngine(runner)


@pytest.fixture
def world(engine: SqlLadderEngine) -> SqlWorld:
    return engine.world(ladder_spec(), KEY)


def sheet(world: SqlWorld, **texts: str) -> Decision:
    """Return a sheet with texts for tasks by their keys (with _ for -), and nothing else."""
    filled = {key.replace("_", "-"): text for key, text in texts.items()}
    assert filled.keys() <= {task.spec.key for task in world.tasks}
    return {topic: [filled.get(task.spec.key, "") for task in world.of_topic(topic)] for topic in world.spec.packs}


def test_solutions_earn_full_marks_and_nothing_earns_none(
    engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers
) -> None:
    assert engine.value(world, engine.reference(world)) == engine.oracle(world).value == 1.0
    assert engine.value(world, engine.baseline(world, BaselineKind.NAIVE) or []) == 0.0
    assert runner.asked == []


def test_the_last_sheet_counts(engine: SqlLadderEngine, world: SqlWorld) -> None:
    right, nothing = engine.reference(world)[0], sheet(world)
    assert engine.value(world, [nothing, nothing, right]) == 1.0
    assert engine.value(world, [right, right, nothing]) == 0.0


def test_a_task_weighs_its_share_of_its_topic(engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers) -> None:
    (task,) = (task for task in world.tasks if task.spec.key == "lines-without-customer")
    runner.given[task.solution] = rows(["UK", 3], ["EIRE", 2])
    runner.given["half"] = rows(["UK", 3], ["EIRE", 1])
    plan = [sheet(world, lines_without_customer="half")] * 3
    assert engine.value(world, plan) == pytest.approx(0.5 / 24)
    parts = {part.part: part for part in engine.scores(world, plan)}
    assert parts["cleaning"].score == pytest.approx(0.5 / 4)
    assert parts["cleaning"].lost == pytest.approx((1 - 0.5 / 4) / 6)
    assert parts["returns"].score == 0.0


def test_the_parts_are_their_shapley_shares(engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers) -> None:
    reference = engine.reference(world)
    plan = [{**reference[0], "rfm": ["mine"] * 4, "basket": ["mine", *reference[0]["basket"][1:]]}] * 3
    runner.given["mine"] = rows(["wrong"])
    lost = {part.part: part.lost for part in engine.scores(world, plan)}
    assert lost == pytest.approx(shares(engine, world, plan, reference), abs=1e-12)
    assert sum(lost.values()) == pytest.approx(1.0 - engine.value(world, plan))
    assert float(gap_score(engine.value(world, plan), standard_of(engine, world))) == pytest.approx(
        1 - sum(lost.values())
    )


def test_every_topic_carries_a_sixth_of_the_gap(engine: SqlLadderEngine, world: SqlWorld) -> None:
    assert standard_of(engine, world).poor_lost == pytest.approx(dict.fromkeys(world.spec.packs, 1 / 6))


def test_a_step_says_what_was_found_and_shows_the_learners_own_rows(
    engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers
) -> None:
    runner.given["slip"] = Answer(fault="syntax", line=2)
    runner.given["mine"] = rows(["Germany", 1.25, None])
    decision = sheet(world, recency="slip", returned_value="mine")
    state, happened = engine.step(world, engine.initial(world), decision, RUN)
    assert happened.realised == 0.0
    view = engine.view(world, state, RUN)
    text = repr(view.panels)
    assert "There is a slip" not in text
    assert "slip in its syntax (line 2)" in text
    assert "Germany | 1.25 | NULL" in text
    assert view.standing == decision
    assert (view.round, view.rounds) == (1, 3)


def test_a_view_runs_no_query_and_holds_no_solution(
    engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers
) -> None:
    for task in world.tasks:
        runner.given[task.solution] = rows(["secret-row", task.spec.key])
    state, happened = engine.step(world, engine.initial(world), sheet(world, recency="mine"), RUN)
    asked = len(runner.asked)
    view = engine.view(world, state, RUN)
    assert len(runner.asked) == asked
    shown = repr((view, happened, state, engine.form(world)))
    assert "secret-row" not in shown
    assert not any(task.solution in shown for task in world.tasks)
    assert [panel.key for panel in view.panels] == ["data", "standing", "results", "own-rows"]


def test_after_the_last_round_nothing_is_to_be_decided(engine: SqlLadderEngine, world: SqlWorld) -> None:
    state, realised = play(engine, world, engine.reference(world), RUN)
    view = engine.view(world, state, RUN)
    assert (view.form, dict(view.standing)) == (None, {})
    assert realised == pytest.approx(1.0)
    assert engine.plan(world, state) == engine.reference(world)


def test_a_state_keeps_only_what_changed(engine: SqlLadderEngine, world: SqlWorld) -> None:
    first, second, third = sheet(world, recency="a"), sheet(world, recency="b", lift="c"), sheet(world)
    state = engine.initial(world)
    for decision in (first, second, third):
        state, _ = engine.step(world, state, decision, RUN)
    assert state["sheets"][1] == {"rfm": ["b", None, None, None], "basket": [None, None, None, "c"]}
    assert engine.plan(world, json.loads(json.dumps(state))) == [first, second, third]


def test_the_largest_state_fits(engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers) -> None:
    longest = MOST_BYTES // 24 - 4
    state = engine.initial(world)
    for letter in "abc":
        decision = {topic: [letter * longest] * 4 for topic in world.spec.packs}
        runner.given[letter * longest] = rows(*[["汉" * 500, '"' * 500]] * 3)
        assert engine.check(world, state, decision) == []
        state, _ = engine.step(world, state, decision, RUN)
    assert len(json.dumps(state, separators=(",", ":"))) <= 64 * 1024


def test_a_sheet_of_the_solutions_is_small(engine: SqlLadderEngine, world: SqlWorld) -> None:
    state, _ = play(engine, world, engine.reference(world), RUN)
    assert len(json.dumps(state, separators=(",", ":"))) <= 16 * 1024


@pytest.mark.parametrize("text", ["select 1\0", "select '\ud800'", "select \x1b[2J", "select \x85\x7f"])
def test_characters_that_cannot_be_stored_are_refused(engine: SqlLadderEngine, world: SqlWorld, text: str) -> None:
    (refusal,) = engine.check(world, engine.initial(world), sheet(world, best_of_country=text))
    assert (refusal.code, refusal.field, refusal.row) == ("sql-characters", "window", 1)


def test_line_breaks_tabs_and_chinese_are_taken(engine: SqlLadderEngine, world: SqlWorld) -> None:
    decision = sheet(world, recency="-- 最近一次购买，\u3000全角\r\n\tselect '汉字' as \"é\"\n")
    assert engine.check(world, engine.initial(world), decision) == []


def test_a_sheet_that_is_too_long_is_refused(engine: SqlLadderEngine, world: SqlWorld) -> None:
    long = {topic: ["\n" * 350] * 4 for topic in world.spec.packs}
    assert [refusal.code for refusal in engine.check(world, engine.initial(world), long)] == ["sql-sheet-too-long"]


def test_a_solution_that_does_not_run_counts_for_nobody(
    engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers
) -> None:
    (task,) = (task for task in world.tasks if task.spec.key == "recency")
    runner.given[task.solution] = Answer(fault="timeout")
    with pytest.raises(SqlSandboxError, match="recency"):
        engine.step(world, engine.initial(world), sheet(world, recency="mine"), RUN)


def test_a_construct_that_is_asked_for_is_a_fifth(
    engine: SqlLadderEngine, world: SqlWorld, runner: GivenAnswers
) -> None:
    plain, windowed = "select day, revenue, running from days", "select sum(a) over (order by day) from days"
    marks = []
    for text in (plain, windowed):
        state, _ = engine.step(world, engine.initial(world), sheet(world, running_revenue=text), RUN)
        outcome = state["outcomes"][[task.spec.key for task in world.tasks].index("running-revenue")]
        marks.append((outcome[0], outcome[1]))
    assert marks == [(0.8, "no-construct"), (1.0, "none")]


def test_mistakes_are_typical_ones_and_never_the_solution(engine: SqlLadderEngine, world: SqlWorld) -> None:
    for task in world.tasks:
        texts = {engine.wrong_text(world, task.topic, task.row, uniform) for uniform in (0.01, 0.5, 0.99)}
        assert len(texts) == 3
        assert task.solution not in texts


def test_the_oracle_of_another_dialect(world: SqlWorld) -> None:
    runner = GivenAnswers(engine="sqlite")
    engine = SqlLadderEngine(runner)
    engine.step(world, engine.initial(world), sheet(world, recency="mine"), RUN)
    assert any("julianday" in text for text in runner.asked)
