from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from qualoop.assessment import guess_floor, texts
from tests.unit.assessment.examples import ADAPTER, ITEMS, RAW, changed

TYPES = {"single-choice", "multiple-choice", "number", "short-text", "ordering", "matching", "hotspot"}


def test_there_is_an_example_of_every_type() -> None:
    assert set(ITEMS) == TYPES


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_survives_plain_json(name: str) -> None:
    item = ITEMS[name]
    assert ADAPTER.validate_json(json.dumps(ADAPTER.dump_python(item, mode="json"))) == item


@pytest.mark.parametrize("name", ITEMS)
def test_no_float_is_in_the_json(name: str) -> None:
    def refuse(number: str) -> None:
        raise AssertionError(number)

    json.loads(ADAPTER.dump_json(ITEMS[name]), parse_float=refuse)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        changed("number", colour="red")


def test_a_float_is_refused() -> None:
    with pytest.raises(ValidationError, match="write an exact number"):
        changed("number", answer=2.5)


@pytest.mark.parametrize("answer", ["NaN", "Infinity", "1e400", "0.12345678901"])
def test_a_number_out_of_bounds_is_refused(answer: Any) -> None:
    with pytest.raises(ValidationError):
        changed("number", answer=answer)


def test_an_exact_decimal_is_kept() -> None:
    assert changed("number", answer=Decimal("2.50")).answer == Decimal("2.5")


@pytest.mark.parametrize("name", ITEMS)
def test_texts_finds_every_two_language_text(name: str) -> None:
    def count(value: object) -> int:
        if isinstance(value, dict):
            return 1 if set(value) == {"en", "zh-Hans"} and name != "short-text" else sum(map(count, value.values()))
        return sum(map(count, value)) if isinstance(value, list) else 0

    found = list(texts(ITEMS[name]))
    expected = 5 if name == "short-text" else count(RAW[name])
    assert len({place for place, _ in found}) == len(found) == expected


def test_the_place_of_a_text_leads_to_it() -> None:
    item = ITEMS["matching"]
    for place, text in texts(item):
        value: object = item
        for step in place:
            value = value[step] if isinstance(step, int) else getattr(value, step)  # type: ignore[index]
        assert value is text


def test_guess_floors() -> None:
    floors = {name: guess_floor(item) for name, item in ITEMS.items()}
    assert {name: floor for name, floor in floors.items() if floor} == {"single-choice": 4, "hotspot": 3}


def test_every_field_is_described_to_authors() -> None:
    schema = ADAPTER.json_schema()
    bare = [
        f"{name}.{field}"
        for name, model in schema["$defs"].items()
        for field, rules in model["properties"].items()
        if "description" not in rules and field not in {"type", "key"}
    ]
    assert not bare
    assert all("description" in model for model in schema["$defs"].values())


def test_items_are_frozen() -> None:
    with pytest.raises(ValidationError):
        ITEMS["number"].key = "other"
