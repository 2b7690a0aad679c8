from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment import REFUSALS, Item, ResponseRefusedError, presented, read_response, reveal, score_response
from tests.unit.assessment.examples import ITEMS, changed, every_item, form_of, responses, seeds

SEED = 11


def refusal(name: str, form: Any) -> tuple[str, str]:
    with pytest.raises(ResponseRefusedError) as refused:
        read_response(ITEMS[name], form, SEED)
    assert refused.value.code == "response"
    assert refused.value.message == REFUSALS[refused.value.reason]
    return refused.value.field, refused.value.reason


def wire(name: str, key: str) -> str:
    return next(str(at) for at, thing in enumerate(presented(ITEMS[name], SEED)) if thing.key == key)


@given(data=st.data(), item=every_item, seed=seeds)
def test_what_goes_over_the_wire_comes_back(data: st.DataObject, item: Item, seed: int) -> None:
    response = data.draw(responses(item))
    read = read_response(item, form_of(item, response, seed), seed)
    if item.type == "number" and not Decimal(response[0]):
        response = ["0"]
    assert read == response
    assert json.loads(json.dumps(read)) == read


@pytest.mark.parametrize("name", ITEMS)
def test_the_right_answer_can_be_given(name: str) -> None:
    right = reveal(ITEMS[name]).response
    assert read_response(ITEMS[name], form_of(ITEMS[name], right, SEED), SEED) == right


FIELDS = ["choice", "value", "text", "order", "rank_0", "rank_1", "rank_2", "rank_3", "match_0", "match_1", "match_2"]
hostile = st.one_of(st.text(), st.sampled_from(["0", "1", "2", "3", "4", "-1", "0,1,2,3", "1e9", "², "]))


@given(item=every_item, seed=seeds, form=st.dictionaries(st.sampled_from(FIELDS), st.lists(hostile, max_size=60)))
def test_a_hostile_form_is_read_or_refused(item: Item, seed: int, form: Any) -> None:
    try:
        response = read_response(item, form, seed)
    except ResponseRefusedError:
        return
    assert response
    assert all(isinstance(part, str) and part.encode() for part in response)
    score_response(item, response)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@given(item=every_item, form=st.dictionaries(st.sampled_from(FIELDS), anything))
def test_json_of_any_type_is_read_or_refused(item: Item, form: Any) -> None:
    try:
        read_response(item, form, SEED)
    except ResponseRefusedError:
        return


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("single-choice", "choice"),
        ("multiple-choice", "choice"),
        ("hotspot", "choice"),
        ("number", "value"),
        ("short-text", "text"),
        ("ordering", "rank_0"),
        ("matching", "match_0"),
    ],
)
def test_an_empty_answer_is_refused(name: str, field: str) -> None:
    assert refusal(name, {}) == (field, "empty")
    assert refusal(name, {field: [""]}) == (field, "empty")
    assert refusal(name, {field: [" \t"]}) == (field, "empty")


@pytest.mark.parametrize("value", ["4", "-1", "00", "0x0", "transact", "٠", "0 ", "1e0", "9" * 5000])
def test_only_what_was_offered_can_be_picked(value: Any) -> None:
    assert refusal("single-choice", {"choice": [value]}) == ("choice", "not-offered")


def test_an_authors_key_is_not_taken_for_a_position() -> None:
    item = changed(
        "hotspot",
        regions=[
            {**region.model_dump(), "key": key} for region, key in zip(ITEMS["hotspot"].regions, "789", strict=True)
        ],
    )
    with pytest.raises(ResponseRefusedError):
        read_response(item, {"choice": ["7"]}, SEED)


def test_a_single_choice_takes_one() -> None:
    assert refusal("single-choice", {"choice": ["0", "1"]}) == ("choice", "too-many")


def test_a_multiple_choice_takes_each_once_in_the_authors_order() -> None:
    form = {"choice": [wire("multiple-choice", key) for key in ("view", "click", "view")]}
    assert read_response(ITEMS["multiple-choice"], form, SEED) == ["click", "view"]


def test_a_flood_of_values_is_refused() -> None:
    assert refusal("multiple-choice", {"choice": ["0"] * 51}) == ("choice", "too-many")


def test_other_fields_are_ignored() -> None:
    form = {"choice": [wire("single-choice", "learn")], "csrf_token": ["x"], "value": ["5"]}
    assert read_response(ITEMS["single-choice"], form, SEED) == ["learn"]


def test_an_order_can_come_as_one_list_or_as_fields() -> None:
    keys = ["bid", "seed", "group", "expand"]
    positions = [wire("ordering", key) for key in keys]
    assert read_response(ITEMS["ordering"], {"order": positions}, SEED) == keys
    assert read_response(ITEMS["ordering"], {"order": [", ".join(positions)]}, SEED) == keys


def test_an_untouched_order_field_leaves_the_selects_to_speak() -> None:
    form = {"order": [""], "rank_0": ["4"], "rank_1": ["3"], "rank_2": ["2"], "rank_3": ["1"]}
    shown = [entry.key for entry in presented(ITEMS["ordering"], SEED)]
    assert read_response(ITEMS["ordering"], form, SEED) == shown[::-1]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"order": ["0,1,2"]}, ("order", "incomplete")),
        ({"order": ["0,1,2,2"]}, ("order", "repeated")),
        ({"order": ["0,1,2,3,0"]}, ("order", "repeated")),
        ({"order": ["0,1,2,4"]}, ("order", "not-offered")),
        ({"order": [","]}, ("order", "not-offered")),
        ({"rank_0": ["1"], "rank_1": ["2"], "rank_2": ["3"]}, ("rank_3", "incomplete")),
        ({"rank_0": ["1"], "rank_1": ["2"], "rank_2": ["3"], "rank_3": ["3"]}, ("rank_3", "repeated")),
        ({"rank_0": ["0"], "rank_1": ["1"], "rank_2": ["2"], "rank_3": ["3"]}, ("rank_0", "not-offered")),
    ],
)
def test_a_false_order_is_refused(form: Any, expected: tuple[str, str]) -> None:
    assert refusal("ordering", form) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"match_0": ["0"], "match_2": ["1"]}, ("match_1", "incomplete")),
        ({"match_0": ["0"], "match_1": ["1"], "match_2": ["0"]}, ("match_2", "repeated")),
        ({"match_0": ["0"], "match_1": ["1"], "match_2": ["4"]}, ("match_2", "not-offered")),
    ],
)
def test_false_pairs_are_refused(form: Any, expected: tuple[str, str]) -> None:
    assert refusal("matching", form) == expected


def test_a_number_that_is_none_is_refused() -> None:
    assert refusal("number", {"value": ["two"]}) == ("value", "not-a-number")


def test_a_number_is_stored_plain() -> None:
    assert read_response(ITEMS["number"], {"value": ["￥１，２５０．５０"]}, SEED) == ["1250.50"]
    assert read_response(ITEMS["number"], {"value": ["2,5 元"]}, SEED) == ["2.5"]
    assert read_response(ITEMS["number"], {"value": ["-0.0"]}, SEED) == ["0"]


@pytest.mark.parametrize(("name", "field", "longest"), [("number", "value", 40), ("short-text", "text", 200)])
def test_the_length_of_what_is_typed(name: str, field: str, longest: int) -> None:
    assert read_response(ITEMS[name], {field: ["1" * longest]}, SEED) == ["1" * longest]
    assert refusal(name, {field: ["1" * (longest + 1)]}) == (field, "too-long")


def test_a_text_that_grows_when_normalised_is_measured_again() -> None:
    assert refusal("short-text", {"text": ["\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 20]}) == (
        "text",
        "too-long",
    )


def test_a_text_is_stored_clean() -> None:
    form = {"text": ["  Ｃｌｉｃｋ-\ud800through\u200b \n rate\x00"]}
    assert read_response(ITEMS["short-text"], form, SEED) == ["Click-through rate"]


def test_a_text_of_nothing_visible_is_empty() -> None:
    assert refusal("short-text", {"text": ["\u200b\x07"]}) == ("text", "empty")
