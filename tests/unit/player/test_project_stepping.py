"""What actions make of an attempt at a practice project: rounds, drafts, what-ifs, handing in, and what is refused."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from qualoop.assessment import LinkSettings
from qualoop.player import Action, Finished, RunScored, StaleActionError, UnknownActionError
from qualoop.player.errors import DecisionRefusedError
from qualoop.simulators import Decision, FormOutsideBandError, WorldKey, gap_score, shares, standard_of
from qualoop.simulators.decisions import unpacked
from qualoop.simulators.project import FormBand, Scoring
from qualoop.simulators.run_files import run_digest
from qualoop.simulators.spreadsheet import write_csv
from qualoop.values import Score
from tests.fakes.engines import StallEngine
from tests.unit.player.projects import KIND, NOW, PROJECT, SEED, Attempt, cells, finished, graded_world, played, project


def test_a_new_attempt_has_neither_run_and_nothing_done() -> None:
    attempt = Attempt()
    assert attempt.state == {"v": 1, "seed": SEED, "at": None, "graded": None, "practice": None, "worlds": 0}
    assert KIND.progress(PROJECT, attempt.state) == (0, 1)
    assert KIND.score(PROJECT, attempt.state, LinkSettings()) == 0


def test_practice_is_played_round_by_round_and_scored_after_the_last() -> None:
    attempt = Attempt()
    attempt.open("practice")
    assert attempt.events == []
    attempt.play(60)
    assert attempt.events == []
    assert attempt.state["practice"]["played"] == 1
    attempt.play(90)
    (event,) = attempt.events
    assert isinstance(event, RunScored)
    assert (event.mode, event.number) == ("practice", 1)
    assert [part.part for part in event.parts] == ["orders", "prices", "signs"]
    assert {part.reliability for part in event.parts} == {None}
    assert {part.components for part in event.parts} == {3}
    commitment = WorldKey.of_seed(SEED, PROJECT.key, "practice", 1).commitment
    assert event.digest == played(run_digest(commitment, attempt.state["practice"]["state"]["plan"]))
    assert "proof" not in attempt.state["practice"]
    assert attempt.state["practice"]["done"] is True


def test_practice_moves_neither_score_nor_progress() -> None:
    attempt = Attempt()
    attempt.play_all("practice")
    assert KIND.score(PROJECT, attempt.state, LinkSettings()) == 0
    assert KIND.progress(PROJECT, attempt.state) == (0, 1)


def test_a_graded_run_is_handed_in_with_its_gap_score_and_its_parts() -> None:
    attempt = finished(Attempt())
    scored, over = attempt.events
    assert isinstance(scored, RunScored)
    assert isinstance(over, Finished)
    world, key = graded_world(attempt)
    plan = PROJECT.engine.plan(world, attempt.state["graded"]["state"])
    assert [row["order"][0] for row in plan] == [60.0, 90.0]
    standard = standard_of(PROJECT.engine, world)
    assert over.score == gap_score(PROJECT.engine.value(world, plan), standard)
    assert KIND.score(PROJECT, attempt.state, LinkSettings()) == over.score
    assert KIND.progress(PROJECT, attempt.state) == (2, 2)
    lost = shares(PROJECT.engine, world, plan, PROJECT.engine.reference(world))
    expected = {key: 1 - amount / standard.poor_lost[key] for key, amount in lost.items()}
    for part in scored.parts:
        assert float(part.score) == pytest.approx(min(max(expected[part.part], 0), 1), abs=1e-6)
        assert part.reliability == Decimal("0.84")
    assert scored.digest == played(run_digest(key.commitment, attempt.state["graded"]["state"]["plan"]))


def test_a_run_without_merit_is_evidence_of_none_in_any_part() -> None:
    attempt = Attempt()
    attempt.open("graded")
    for _ in range(2):
        attempt.play(order=10, price="high")
    attempt.send("hand-in", {})
    world, _ = graded_world(attempt)
    plan = PROJECT.engine.plan(world, attempt.state["graded"]["state"])
    assert max(part.score for part in PROJECT.engine.scores(world, plan)) > 0
    assert set(attempt.state["graded"]["parts"].values()) == {"0"}
    assert "The parts share out your score" in attempt.html()


def test_nothing_is_handed_in_before_the_last_round_or_twice() -> None:
    attempt = Attempt()
    attempt.open("graded")
    with pytest.raises(StaleActionError):
        attempt.send("hand-in", {})
    attempt.play()
    with pytest.raises(StaleActionError):
        attempt.send("hand-in", {})
    attempt.play()
    attempt.send("hand-in", {})
    with pytest.raises(StaleActionError):
        attempt.send("hand-in", {})


def test_practice_is_never_handed_in() -> None:
    attempt = Attempt()
    attempt.play_all("practice")
    with pytest.raises(StaleActionError):
        attempt.send("hand-in", {})


@pytest.mark.parametrize("name", ["run", "save", "import"])
@pytest.mark.parametrize(
    "moment",
    [
        {"mode": "practice", "world": "1", "round": "0"},
        {"mode": "practice", "world": "1", "round": "2"},
        {"mode": "practice", "world": "2", "round": "1"},
        {"mode": "graded", "world": "1", "round": "1"},
        {"mode": "else", "world": "1", "round": "1"},
        {},
    ],
)
def test_a_form_of_another_moment_changes_nothing(name: str, moment: dict[str, str]) -> None:
    attempt = Attempt()
    attempt.open("practice")
    attempt.play()
    before = copy.deepcopy(attempt.state)
    with pytest.raises(StaleActionError):
        attempt.send(name, {**cells(), "csv": "x"}, at=moment)
    assert attempt.state == before


@pytest.mark.parametrize("name", ["run", "save", "import"])
@pytest.mark.parametrize("mode", ["practice", "graded"])
def test_a_closed_round_takes_no_decision(name: str, mode: str) -> None:
    attempt = Attempt()
    attempt.play_all(mode)
    with pytest.raises(StaleActionError):
        attempt.send(name, {**cells(), "csv": "x"})


@pytest.mark.parametrize("odd", [None, 5, [], ["1", "1"], [1], {"a": "1"}])
def test_the_fields_of_a_moment_may_hold_anything(odd: Any) -> None:
    attempt = Attempt()
    attempt.open("practice")
    for name in ("mode", "world", "round"):
        form = {**{key: [text] for key, text in attempt.moment().items()}, name: odd}
        with pytest.raises(StaleActionError):
            KIND.step(PROJECT, attempt.state, Action(name="run", form=form), settings=LinkSettings(), now=NOW)


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(UnknownActionError, match="'cheat'"):
        Attempt().send("cheat", {})


def test_a_refused_decision_leaves_the_one_before() -> None:
    attempt = Attempt()
    attempt.open("graded")
    attempt.send("save", cells(70))
    before = copy.deepcopy(attempt.state)
    refused = attempt.refused("run", cells(80, order_tea="-1", price_cup="free"))
    assert attempt.state == before
    error = refused.error
    assert isinstance(error, DecisionRefusedError)
    assert [(each.code, each.field, each.row) for each in error.problems] == [
        ("negative", "order", 0),
        ("not-offered", "price", 1),
    ]
    assert error.typed is not None
    assert error.typed["order"][:2] == ("-1", "80")


def test_what_the_engine_refuses_is_refused_after_what_the_form_does() -> None:
    attempt = Attempt()
    attempt.open("practice")
    error = attempt.refused("run", cells(200)).error
    assert isinstance(error, DecisionRefusedError)
    assert [each.code for each in error.problems] == ["van"]
    assert error.message == "The van holds 600 pieces, not 1000."


def test_a_draft_is_kept_and_nothing_is_played() -> None:
    attempt = Attempt()
    attempt.open("practice")
    attempt.send("save", cells(70))
    run = attempt.state["practice"]
    assert run["played"] == 0
    assert unpacked(run["draft"], StallEngine().form(graded_free_world())) == {
        "order": [70.0] * 5,
        "price": ["usual"] * 5,
        "sign": [False] * 5,
    }


def graded_free_world() -> Any:
    return PROJECT.engine.world(PROJECT.spec, WorldKey.of_seed(SEED, PROJECT.key, "practice", 1))


def test_a_draft_goes_along_to_the_other_mode_and_back() -> None:
    attempt = Attempt()
    attempt.open("practice")
    attempt.send("open", {"to": "graded", **cells(70)})
    assert attempt.state["at"] == "graded"
    assert attempt.state["practice"]["draft"]["order"] == [70.0] * 5
    attempt.send("open", {"to": "practice", **cells(60, order_tea="nonsense")})
    assert attempt.state["at"] == "practice"
    assert attempt.state["graded"]["draft"] is None


def test_a_table_is_imported_as_a_draft() -> None:
    attempt = Attempt()
    attempt.open("practice")
    form = StallEngine().form(graded_free_world())
    decision: Decision = {"order": [1.0, 2.0, 3.0, 4.0, 5.0], "price": ["low"] * 5, "sign": [True] * 5}
    attempt.send("import", {**cells(70), "csv": write_csv(form, decision, "zh-Hans")})
    assert unpacked(attempt.state["practice"]["draft"], form) == decision
    assert attempt.state["practice"]["played"] == 0


def test_a_refused_import_keeps_what_was_typed_beside_it() -> None:
    attempt = Attempt()
    attempt.open("practice")
    error = attempt.refused(
        "import", {**cells(70, price="low"), "csv": "goods,order\ntea,5\ncup,1\npot,1\ntray,1\n"}
    ).error
    assert isinstance(error, DecisionRefusedError)
    assert error.typed is not None
    assert list(error.typed["order"]) == ["5", "1", "1", "1", "70"]
    assert list(error.typed["price"]) == ["low"] * 5


def test_a_paste_of_ten_thousand_rows_is_refused_at_once() -> None:
    attempt = Attempt()
    attempt.open("practice")
    error = attempt.refused("import", {**cells(), "csv": "goods,order\n" + "tea,1\n" * 10_000}).error
    assert isinstance(error, DecisionRefusedError)
    assert [each.code for each in error.problems] == ["too-large"]


def test_a_what_if_changes_neither_log_nor_round() -> None:
    attempt = Attempt()
    attempt.open("practice")
    attempt.play(60)
    before = copy.deepcopy(attempt.state["practice"])
    events = attempt.send("what-if", {**cells(30), "instead": "1"})
    after = attempt.state["practice"]
    assert events == ()
    assert after["what_if"]["round"] == 0
    assert {**after, "what_if": None, "draft": None} == {**before, "what_if": None, "draft": None}


@pytest.mark.parametrize("instead", ["0", "2", "-1", "x", "", "１", "1e3", "99999999999999999999"])
def test_a_what_if_is_of_a_round_that_was_played(instead: str) -> None:
    attempt = Attempt()
    attempt.open("practice")
    attempt.play(60)
    with pytest.raises(StaleActionError):
        attempt.send("what-if", {**cells(30), "instead": instead})


def test_a_graded_run_has_no_what_if_before_it_is_handed_in() -> None:
    attempt = Attempt()
    attempt.open("graded")
    attempt.play()
    with pytest.raises(StaleActionError):
        attempt.send("what-if", {**cells(30), "instead": "1"})
    attempt.play()
    with pytest.raises(StaleActionError):
        attempt.send("what-if", {**cells(30), "instead": "1"})
    attempt.send("hand-in", {})
    attempt.send("what-if", {**cells(30), "instead": "1"})
    assert attempt.state["graded"]["what_if"]["round"] == 0
    assert attempt.state["graded"]["played"] == 2


def test_again_goes_to_another_world_and_an_old_page_to_none() -> None:
    attempt = Attempt()
    attempt.open("practice")
    attempt.play()
    attempt.send("again", {})
    assert attempt.state["practice"]["number"] == 2
    assert attempt.state["practice"]["played"] == 0
    with pytest.raises(StaleActionError):
        attempt.send("again", {}, at={"world": "1"})


def test_practice_goes_on_after_the_graded_run_was_handed_in() -> None:
    attempt = finished(Attempt())
    attempt.play_all("practice")
    assert isinstance(attempt.events[-1], RunScored)
    assert attempt.state["graded"]["done"] is True


def test_time_that_is_over_goes_on_with_the_last_decision() -> None:
    whole, cut = Attempt(), Attempt()
    whole.open("graded")
    whole.play(60)
    cut.state = copy.deepcopy(whole.state)
    whole.play(60)
    whole.send("hand-in", {})
    step = KIND.hand_in(PROJECT, cut.state, settings=LinkSettings(), now=NOW)
    assert KIND.score(PROJECT, cut.state, LinkSettings()) == KIND.score(PROJECT, whole.state, LinkSettings()) > 0
    assert step.events == tuple(whole.events)
    assert step.state == whole.state
    with pytest.raises(StaleActionError):
        KIND.hand_in(PROJECT, step.state, settings=LinkSettings(), now=NOW)


@pytest.mark.parametrize("opened", [False, True])
def test_time_that_is_over_before_a_round_was_played_scores_nothing(*, opened: bool) -> None:
    attempt = Attempt()
    if opened:
        attempt.open("graded")
    step = KIND.hand_in(PROJECT, attempt.state, settings=LinkSettings(), now=NOW)
    assert step.events == (Finished(score=Score(0)),)
    attempt.state = step.state
    assert "counts as 0" in attempt.html()
    assert KIND.review(PROJECT, attempt.state, attempt.host, settings=LinkSettings(), by_other=True)


class CrashingEngine(StallEngine):
    name = "crashing-stall"

    def __init__(self, at: str) -> None:
        def crash(*args: Any) -> NoReturn:
            raise ZeroDivisionError("a bug of the engine")

        setattr(self, at, crash)


def test_a_crash_of_the_world_opens_nothing_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    attempt = Attempt(content=project(engine=CrashingEngine("world")))
    with pytest.raises(DecisionRefusedError) as refused:
        attempt.open("practice")
    assert refused.value.reason == "crashed"
    assert attempt.state == KIND.initial_state(attempt.content, seed=SEED)
    assert "a bug of the engine" in caplog.text


@pytest.mark.parametrize("at", ["check", "step"])
def test_a_crash_leaves_the_attempt_as_it_was_and_says_so(at: str, caplog: pytest.LogCaptureFixture) -> None:
    attempt = Attempt(content=project())
    attempt.open("practice")
    attempt.send("save", cells(70))
    before = copy.deepcopy(attempt.state)
    attempt.content = project(engine=CrashingEngine(at))
    refused = attempt.refused("run", cells(75))
    assert attempt.state == before
    assert isinstance(refused.error, DecisionRefusedError)
    assert refused.error.reason == "crashed"
    assert "a bug of the engine" in caplog.text
    html = attempt.html(refused)
    assert "Your attempt is as it was before" in html
    assert 'value="75"' in html


def test_a_class_shares_a_world_by_its_number() -> None:
    one, other = Attempt(), Attempt(state=KIND.initial_state(PROJECT, seed=SEED + 1))
    for attempt in (one, other):
        attempt.send("join", {"number": " 4711 "})
        attempt.play_all("practice")
    assert one.events[-1] == other.events[-1]
    assert "Class world 4711" in one.html()
    assert one.state["worlds"] == 0, "a world of one's own is still to come"
    one.send("again", {})
    assert one.state["practice"]["number"] == 1


@pytest.mark.parametrize("number", ["", "x", "1234567", "-1", "1.5", "１２"])
def test_no_other_text_is_the_number_of_a_class_world(number: str) -> None:
    attempt = Attempt()
    with pytest.raises(DecisionRefusedError) as error:
        attempt.send("join", {"number": number})
    assert error.value.reason == "class-world"
    assert attempt.state["practice"] is None


def test_no_fit_form_is_told_and_leaves_the_attempt_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    band = FormBand(reference_over_oracle=(Decimal(5), Decimal(6)))
    attempt = Attempt(content=project(form_band=band, score=Scoring(forms_tried=2)))
    with pytest.raises(DecisionRefusedError) as error:
        attempt.open("graded")
    assert error.value.reason == "no-form"
    assert isinstance(error.value.__cause__, FormOutsideBandError)
    assert attempt.state["graded"] is None


def test_a_step_leaves_the_state_that_it_was_given() -> None:
    attempt = Attempt()
    attempt.open("graded")
    given = attempt.state
    before = copy.deepcopy(given)
    attempt.play()
    assert given == before
