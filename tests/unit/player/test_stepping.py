"""What actions make of an attempt, and that no form ever makes two events of one."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment import LinkSettings, ResponseRefusedError
from qualoop.player import (
    Action,
    Answered,
    Finished,
    HintShown,
    Revealed,
    StaleActionError,
    UnknownActionError,
)
from qualoop.values import ONE, ZERO, Score
from tests.unit.player.lessons import KIND, NOW, PARTLY, RIGHT, SEED, WRONG, Attempt, canary


def test_an_attempt_begins_at_the_first_step_and_has_seen_it() -> None:
    assert KIND.initial_state(canary(), SEED) == {
        "v": 1,
        "seed": SEED,
        "at": "read",
        "seen": ["read"],
        "items": {},
        "finished": None,
    }


def test_going_marks_the_step_as_seen_once_and_is_no_event() -> None:
    attempt = Attempt()
    attempt.go("watch")
    attempt.go("read")
    attempt.go("watch")
    assert (attempt.state["at"], attempt.state["seen"], attempt.events) == ("watch", ["read", "watch"], [])


def test_the_state_that_was_stepped_is_left_as_it_was() -> None:
    before = KIND.initial_state(canary(), SEED)
    KIND.step(
        canary(),
        before,
        Action(name="answer", form={"item": ["single"], "try": ["1"], "choice": ["1"]}),
        settings=LinkSettings(),
        now=NOW,
    )
    assert before == KIND.initial_state(canary(), SEED)


@pytest.mark.parametrize("item", RIGHT)
def test_a_right_answer_is_one_event_and_closes_the_item(item: str) -> None:
    attempt = Attempt()
    (event,) = attempt.answer(item, 1, **RIGHT[item])
    assert isinstance(event, Answered)
    assert (event.part, event.try_number, event.score, event.correct, event.hints) == (item, 1, ONE, True, 0)
    assert event.options == (3 if item in {"single", "spot"} else None)
    with pytest.raises(StaleActionError):
        attempt.answer(item, 2, **RIGHT[item])


@pytest.mark.parametrize("item", WRONG)
def test_wrong_answers_are_taken_until_the_tries_are_used_up(item: str) -> None:
    attempt = Attempt()
    for number in (1, 2, 3):
        (event,) = attempt.answer(item, number, **WRONG[item])
        assert isinstance(event, Answered)
        assert (event.try_number, event.score) == (number, ZERO)
    with pytest.raises(StaleActionError):
        attempt.answer(item, 4, **RIGHT[item])


@pytest.mark.parametrize(
    ("item", "score"), [("multiple", "0.5"), ("text", "0.5"), ("order", "0.666667"), ("match", "0.333333")]
)
def test_partial_credit(item: str, score: str) -> None:
    (event,) = Attempt().answer(item, 1, **PARTLY[item])
    assert isinstance(event, Answered)
    assert (event.score, event.correct) == (Score(score), False)


@pytest.mark.parametrize("again", ["single", "multiple"])
def test_a_double_click_or_a_second_tab_makes_no_second_event(again: str) -> None:
    attempt = Attempt()
    attempt.answer(again, 1, **WRONG[again])
    for _ in range(2):
        with pytest.raises(StaleActionError):
            attempt.answer(again, 1, **RIGHT[again])
    assert len(attempt.events) == 1


def test_a_refused_response_costs_no_try() -> None:
    attempt = Attempt()
    with pytest.raises(ResponseRefusedError) as refused:
        attempt.answer("single", 1)
    assert refused.value.field == "choice"
    assert attempt.answer("single", 1, **RIGHT["single"])


def test_hints_come_one_by_one_and_only_as_many_as_there_are() -> None:
    attempt = Attempt()
    with pytest.raises(StaleActionError):
        attempt.do("hint", item="single", hint=2)
    assert attempt.do("hint", item="single", hint=1) == (HintShown(part="single", hint=1),)
    with pytest.raises(StaleActionError):
        attempt.do("hint", item="single", hint=1)
    assert attempt.do("hint", item="single", hint=2) == (HintShown(part="single", hint=2),)
    with pytest.raises(StaleActionError):
        attempt.do("hint", item="single", hint=3)


def test_hints_and_tries_lower_the_credit_of_what_comes_after_them() -> None:
    attempt = Attempt()
    attempt.answer("single", 1, **WRONG["single"])
    attempt.do("hint", item="single", hint=1)
    (event,) = attempt.answer("single", 2, **RIGHT["single"])
    assert isinstance(event, Answered)
    assert (event.score, event.hints) == (ONE, 1)
    assert KIND.score(canary(), attempt.state, attempt.settings) == Score.of(Score("0.56"), 7)


def test_giving_up_closes_the_item_and_keeps_what_was_earned() -> None:
    attempt = Attempt()
    attempt.answer("multiple", 1, **PARTLY["multiple"])
    assert attempt.do("reveal", item="multiple", **{"try": 2}) == (Revealed(part="multiple", tries=1),)
    with pytest.raises(StaleActionError):
        attempt.answer("multiple", 2, **RIGHT["multiple"])
    with pytest.raises(StaleActionError):
        attempt.do("reveal", item="multiple", **{"try": 2})
    assert KIND.score(canary(), attempt.state, attempt.settings) == Score.of(Score("0.5"), 7)


@pytest.mark.parametrize("show_solution", ["after_submit", "never"])
def test_nothing_is_revealed_before_the_settings_allow_it(
    show_solution: Literal["after_item", "after_submit", "never"],
) -> None:
    attempt = Attempt(settings=LinkSettings(show_solution=show_solution))
    with pytest.raises(StaleActionError):
        attempt.do("reveal", item="single", **{"try": 1})


def test_finishing_needs_the_confirmation_of_what_is_open_now() -> None:
    attempt = Attempt()
    attempt.answer("single", 1, **RIGHT["single"])
    with pytest.raises(StaleActionError):
        attempt.do("finish", unanswered=7)
    (event,) = attempt.do("finish", unanswered=6)
    assert event == Finished(score=Score.of(1, 7))
    assert (attempt.state["finished"], attempt.state["at"]) == ("2026-11-24T09:30:00+00:00", "_summary")


def test_a_finished_attempt_can_be_looked_at_and_nothing_else() -> None:
    attempt = Attempt()
    attempt.do("finish", unanswered=7)
    attempt.go("ask-single")
    for name, fields in (
        ("answer", {"item": "single", "try": 1, "choice": "1"}),
        ("hint", {"item": "single", "hint": 1}),
        ("reveal", {"item": "single", "try": 1}),
        ("finish", {"unanswered": 7}),
    ):
        with pytest.raises(StaleActionError):
            attempt.do(name, **fields)
    assert len(attempt.events) == 1


def test_an_answer_stands_at_its_own_step_whatever_another_tab_shows() -> None:
    attempt = Attempt()
    attempt.go("watch")
    attempt.answer("single", 1, **WRONG["single"])
    assert attempt.state["at"] == "ask-single"


def test_progress_counts_what_was_read_and_what_was_answered() -> None:
    attempt = Attempt()
    assert KIND.progress(canary(), attempt.state) == (1, 9)
    attempt.go("ask-single")
    assert KIND.progress(canary(), attempt.state) == (1, 9)
    attempt.answer("single", 1, **WRONG["single"])
    attempt.go("watch")
    attempt.do("reveal", item="text", **{"try": 1})
    assert KIND.progress(canary(), attempt.state) == (4, 9)


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(UnknownActionError, match="frobnicate"):
        Attempt().do("frobnicate")


NAMES = st.sampled_from(["go", "answer", "hint", "reveal", "finish"])
WORDS = st.sampled_from(["", "0", "1", "2", "single", "match", "spot", "_summary", "read", "\0", "ü" * 300])
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    WORDS, st.lists(WORDS, max_size=3), st.none(), st.integers(), st.lists(st.integers(), max_size=2)
)
FIELDS = st.sampled_from(
    ["item", "try", "hint", "step", "unanswered", "choice", "value", "text", "order", "rank_0", "match_0"]
)


@given(st.lists(st.tuples(NAMES, st.dictionaries(FIELDS, ANYTHING, max_size=6)), max_size=8))
def test_whatever_is_sent_an_action_happens_or_is_refused_and_the_page_can_be_shown(
    actions: list[tuple[str, dict[str, Any]]],
) -> None:
    attempt = Attempt()
    for name, form in actions:
        try:
            attempt.state = KIND.step(
                canary(), attempt.state, Action(name=name, form=form), settings=attempt.settings, now=NOW
            ).state
        except (StaleActionError, ResponseRefusedError):
            continue
        assert "</qualoop-activity>" in attempt.html()
