from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment import Item, read_response, reveal, score_response
from qualoop.values import ONE, ZERO, Score
from tests.unit.assessment.examples import ITEMS, changed, every_item, form_of, responses, seeds


@given(data=st.data(), item=every_item)
def test_any_response_has_a_score_and_feedback(data: st.DataObject, item: Item) -> None:
    outcome = score_response(item, data.draw(responses(item)))
    assert isinstance(outcome.score, Score)
    assert 0 <= outcome.score <= 1
    assert outcome.correct is (outcome.score == 1)
    assert outcome.feedback


@given(item=every_item, seed=seeds)
def test_the_right_answer_scores_1_whatever_the_shuffle(item: Item, seed: int) -> None:
    outcome = score_response(item, read_response(item, form_of(item, reveal(item).response, seed), seed))
    assert outcome.score == ONE
    assert outcome.correct
    assert all(outcome.marks.values())


@given(data=st.data(), item=every_item)
def test_only_the_right_answer_scores_1(data: st.DataObject, item: Item) -> None:
    response = data.draw(responses(item))
    if item.type not in {"number", "short-text"}:
        assert score_response(item, response).correct is (response == reveal(item).response)


@pytest.mark.parametrize(("key", "score"), [("transact", ONE), ("learn", ZERO), ("navigate", ZERO), ("compare", ZERO)])
def test_a_single_choice_is_right_or_wrong(key: str, score: Score) -> None:
    item = ITEMS["single-choice"]
    outcome = score_response(item, [key])
    assert outcome.score == score
    assert outcome.marks == {key: score == ONE}
    assert outcome.feedback == (next(option.feedback for option in item.options if option.key == key),)


@pytest.mark.parametrize(
    ("picked", "score"),
    [
        (["click", "thousand"], "1"),
        (["click"], "0.5"),
        (["click", "thousand", "organic"], "0.5"),
        (["click", "organic"], "0"),
        (["organic", "view"], "0"),
        (["click", "thousand", "organic", "view"], "0"),
    ],
)
def test_a_multiple_choice_takes_wrong_picks_off(picked: list[str], score: str) -> None:
    outcome = score_response(ITEMS["multiple-choice"], picked)
    assert outcome.score == Score(score)
    assert outcome.marks == {key: key in {"click", "thousand"} for key in picked}
    assert len(outcome.feedback) == len(picked)


@pytest.mark.parametrize(
    ("value", "correct"),
    [
        ("2.4899999999", False),
        ("2.49", True),
        ("2.4900000001", True),
        ("2.5", True),
        ("2.5099999999", True),
        ("2.51", True),
        ("2.510", True),
        ("2.5100000001", False),
        ("2.51000000000000000000000000000000000001", False),
        ("-2.5", False),
    ],
)
def test_a_number_just_below_at_and_just_above_the_tolerance(value: str, *, correct: bool) -> None:
    assert score_response(ITEMS["number"], [value]).correct is correct


def test_a_tolerance_of_nothing() -> None:
    item = changed("number", answer="0.3", tolerance="0", near_misses=[])
    assert score_response(item, ["0.30"]).correct
    assert not score_response(item, ["0.3000000001"]).correct


def test_numbers_of_twenty_digits_are_compared_exactly() -> None:
    item = changed("number", answer="99999999999999999999", tolerance="0.0000000001", near_misses=[])
    assert score_response(item, ["99999999999999999999.0000000001"]).correct
    assert not score_response(item, ["99999999999999999999.0000000002"]).correct


@given(
    answer=st.decimals(-1000, 1000, places=5),
    tolerance=st.decimals(0, 10, places=5),
    shift=st.decimals(-20, 20, places=5),
)
def test_the_tolerance_is_an_absolute_difference(answer: Decimal, tolerance: Decimal, shift: Decimal) -> None:
    item = changed("number", answer=answer, tolerance=tolerance, near_misses=[])
    assert score_response(item, [format(answer + shift, "f")]).correct is (abs(shift) <= tolerance)


@pytest.mark.parametrize(("value", "near"), [("0.389", False), ("0.39", True), ("0.41", True), ("0.411", False)])
def test_a_near_miss_has_its_own_feedback(value: str, *, near: bool) -> None:
    item = ITEMS["number"]
    outcome = score_response(item, [value])
    assert outcome.score == ZERO
    assert outcome.feedback == ((item.near_misses[0].feedback if near else item.feedback.incorrect),)


def test_the_first_near_miss_that_fits_is_shown() -> None:
    misses = [
        {"value": value, "tolerance": "1", "feedback": {"en": value, "zh-Hans": value}} for value in ("7", "8", "9")
    ]
    outcome = score_response(changed("number", near_misses=misses), ["8.5"])
    assert [text["en"] for text in outcome.feedback] == ["8"]


@pytest.mark.parametrize(
    ("text", "score", "feedback"),
    [
        ("CTR", "1", "Yes."),
        ("ctr", "1", "Yes."),
        ("Click-Through  RATE", "1", "Yes."),
        ("ＣＴＲ", "1", "Yes."),
        ("点击率", "1", "Yes."),
        ("click rate", "0.5", "Say what is clicked through."),
        ("点击", "0.5", "Say what is clicked through."),
        ("CPC", "0", "Think of the two words behind CTR."),
    ],
)
def test_a_short_text(text: str, score: str, feedback: str) -> None:
    outcome = score_response(ITEMS["short-text"], [text])
    assert (outcome.score, [shown["en"] for shown in outcome.feedback]) == (Score(score), [feedback])


def test_case_can_matter() -> None:
    item = changed("short-text", case_sensitive=True)
    assert score_response(item, ["CTR"]).correct
    assert not score_response(item, ["ctr"]).correct


@pytest.mark.parametrize(
    ("order", "score", "marks"),
    [
        ("seed expand group bid", "1", [True, True, True]),
        ("expand group bid seed", "0.666667", [True, True, False]),
        ("seed expand bid group", "0.333333", [True, False, False]),
        ("group bid seed expand", "0.666667", [True, False, True]),
        ("bid group expand seed", "0", [False, False, False]),
    ],
)
def test_an_ordering_counts_right_neighbours(order: str, score: str, marks: list[bool]) -> None:
    item = ITEMS["ordering"]
    outcome = score_response(item, order.split())
    assert outcome.score == Score(score)
    assert outcome.marks == dict(zip(order.split(), marks, strict=False))
    assert outcome.feedback == ((item.feedback.correct if score == "1" else item.feedback.incorrect),)


@pytest.mark.parametrize(
    ("rights", "score", "feedback"),
    [
        ("ctr cpc cvr", "1", ["All three."]),
        ("ctr inverse cvr", "0.666667", ["Look at the rows below.", "Cost per what?"]),
        ("cpc ctr cvr", "0.333333", ["Look at the rows below.", "Rate of what?", "Cost per what?"]),
        ("cpc cvr ctr", "0", ["Look at the rows below.", "Rate of what?", "Cost per what?", "What converts?"]),
    ],
)
def test_a_matching_counts_right_pairs(rights: str, score: str, feedback: list[str]) -> None:
    outcome = score_response(ITEMS["matching"], rights.split())
    assert outcome.score == Score(score)
    assert [text["en"] for text in outcome.feedback] == feedback
    picked = zip(("ctr", "cpc", "cvr"), rights.split(), strict=True)
    assert outcome.marks == {key: key == right for key, right in picked}


@pytest.mark.parametrize(("key", "score"), [("top", ONE), ("side", ZERO), ("lower", ZERO)])
def test_a_hotspot_is_right_or_wrong(key: str, score: Score) -> None:
    item = ITEMS["hotspot"]
    outcome = score_response(item, [key])
    assert outcome.score == score
    assert outcome.feedback == (next(region.feedback for region in item.regions if region.key == key),)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("single-choice", [("To buy now", "马上购买")]),
        (
            "multiple-choice",
            [("A click under CPC", "CPC 下的一次点击"), ("A thousand views under CPM", "CPM 下的一千次展示")],
        ),
        ("number", [("2.5 CNY", "2.5 元")]),
        ("short-text", [("click-through rate", "点击率")]),
        ("hotspot", [("First box", "第一个框")]),
    ],
)
def test_what_is_revealed(name: str, answer: Any) -> None:
    revealed = reveal(ITEMS[name])
    assert [(text["en"], text["zh-Hans"]) for text in revealed.answer] == answer
    assert revealed.solution == ITEMS[name].solution


def test_a_number_without_a_unit_is_revealed_alone() -> None:
    assert reveal(changed("number", unit=None)).answer[0]["zh-Hans"] == "2.5"


def test_rows_are_revealed_in_order() -> None:
    assert [text["en"] for text in reveal(ITEMS["ordering"]).answer][::3] == ["Collect seed words", "Set bids"]
    assert [text["en"] for text in reveal(ITEMS["matching"]).answer][1:] == ["cost / clicks", "orders / clicks"]
