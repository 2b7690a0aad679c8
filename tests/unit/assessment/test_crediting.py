from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from qualoop.assessment import LinkSettings, attempt_score, counted_score, item_credit
from qualoop.values import ONE, ZERO, Score

SETTINGS = LinkSettings()
scores = st.decimals(0, 1, places=3).map(Score)
tries = st.lists(st.tuples(scores, st.integers(0, 9)), max_size=10)


@pytest.mark.parametrize(
    ("given_scores", "hints", "credit"),
    [
        ([], [], "0"),
        (["1"], [0], "1"),
        (["1"], [1], "0.8"),
        (["1"], [4], "0.2"),
        (["1"], [5], "0"),
        (["1"], [6], "0"),
        (["0", "1"], [0, 0], "0.7"),
        (["0", "1"], [0, 1], "0.56"),
        (["0", "0", "1"], [0, 0, 0], "0.4"),
        (["0", "0", "0", "1"], [0, 0, 0, 0], "0.4"),
        (["0.5", "0.6"], [0, 0], "0.5"),
        (["0.5", "1"], [0, 3], "0.5"),
    ],
)
def test_credit(given_scores: list[str], hints: list[int], credit: str) -> None:
    assert item_credit([Score(score) for score in given_scores], hints, SETTINGS) == Score(credit)


@given(tries=tries, extra=scores, hints=st.integers(0, 9))
def test_another_try_or_hint_never_takes_credit_away(tries: list[tuple[Score, int]], extra: Score, hints: int) -> None:
    before = item_credit([score for score, _ in tries], [shown for _, shown in tries], SETTINGS)
    tries = [*tries, (extra, hints)]
    after = item_credit([score for score, _ in tries], [shown for _, shown in tries], SETTINGS)
    assert 0 <= before <= after <= 1


@given(tries=tries)
def test_credit_is_never_more_than_the_best_score(tries: list[tuple[Score, int]]) -> None:
    given_scores = [score for score, _ in tries]
    assert item_credit(given_scores, [shown for _, shown in tries], SETTINGS) <= max(given_scores, default=ZERO)


def test_an_attempt_is_the_mean_over_all_items() -> None:
    assert attempt_score([ONE, Score("0.5"), ZERO, ZERO]) == Score("0.375")
    assert attempt_score([ONE, ZERO, ZERO]) == Score("0.333333")
    assert attempt_score([]) == ZERO


@pytest.mark.parametrize(("counts", "score"), [("best", "0.9"), ("latest", "0.6"), ("mean", "0.633333")])
def test_which_attempt_counts(counts: Any, score: str) -> None:
    attempts = [Score("0.4"), Score("0.9"), Score("0.6")]
    assert counted_score(attempts, LinkSettings(counts=counts)) == Score(score)


def test_no_attempt_has_no_score() -> None:
    assert counted_score([], SETTINGS) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"tries_per_item": 0},
        {"tries_per_item": 11},
        {"retry_credit": []},
        {"retry_credit": ["0.7", "1"]},
        {"retry_credit": ["1.1"]},
        {"hint_cost": "-0.1"},
        {"hint_cost": 0.2},
        {"max_attempts": -1},
        {"counts": "median"},
        {"score_maximum": 0},
        {"show_solution": "always"},
        {"colour": "red"},
    ],
)
def test_settings_out_of_bounds_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LinkSettings(**settings)


def test_settings_can_be_made_of_the_texts_of_a_form() -> None:
    made = LinkSettings.model_validate({"tries_per_item": "2", "retry_credit": ["1", "0.5"], "hint_cost": "0"})
    assert made == LinkSettings.model_validate_json(made.model_dump_json())
    assert made.tries_per_item == 2
