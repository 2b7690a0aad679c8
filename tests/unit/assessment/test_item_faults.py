from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment import faults
from qualoop.authored_files import Place
from tests.unit.assessment.examples import ADAPTER, ITEMS, RAW

TEXT = {"en": "x", "zh-Hans": "某"}


@pytest.mark.parametrize("name", ITEMS)
def test_a_good_item_has_no_fault(name: str) -> None:
    assert faults(ITEMS[name]) == []


# One row a fault: the example, where it is spoilt, what is put there, then the place and the code of the one fault.
SPOILT = [
    (
        "number",
        ("knowledge_points",),
        {"SEM-1.1": "0.5", "SEM-1.2": "0.4999999999"},
        ("knowledge_points",),
        "item-weights-sum",
    ),
    ("number", ("knowledge_points",), {}, ("knowledge_points",), "item-weights-sum"),
    ("number", ("knowledge_points",), {"SEM-1.1": 1, "SEM-1.2": 0}, ("knowledge_points", "SEM-1.2"), "item-weight"),
    ("number", ("hints",), [TEXT] * 4, ("hints",), "item-hints"),
    ("single-choice", ("options", 0, "correct"), False, ("options",), "item-correct"),
    ("single-choice", ("options", 2, "correct"), True, ("options", 2, "correct"), "item-correct"),
    ("single-choice", ("options", 3, "key"), "learn", ("options", 3, "key"), "item-repeated-key"),
    (
        "single-choice",
        ("options", 3, "text"),
        {"en": "To buy  now", "zh-Hans": "别的"},
        ("options", 3, "text", "en"),
        "item-repeated-text",
    ),
    ("number", ("tolerance",), "-0.01", ("tolerance",), "item-tolerance"),
    ("number", ("near_misses", 0, "tolerance"), "-1", ("near_misses", 0, "tolerance"), "item-tolerance"),
    ("number", ("near_misses", 0, "value"), "2.51", ("near_misses", 0, "value"), "item-near-miss"),
    ("short-text", ("accepted", "en"), [" "], ("accepted", "en", 0), "item-forms"),
    ("short-text", ("accepted", "en"), [], ("accepted", "en"), "item-forms"),
    ("short-text", ("near_misses", 0, "forms"), ["ctr"], ("near_misses", 0, "forms", 0), "item-near-miss"),
    ("short-text", ("near_misses", 0, "forms"), [], ("near_misses", 0, "forms"), "item-forms"),
    ("short-text", ("near_misses", 0, "score"), "1", ("near_misses", 0, "score"), "item-near-miss-score"),
    ("short-text", ("near_misses", 0, "score"), "-0.1", ("near_misses", 0, "score"), "item-near-miss-score"),
    ("ordering", ("entries", 1, "key"), "seed", ("entries", 1, "key"), "item-repeated-key"),
    ("matching", ("extra_right", 0, "key"), "cpc", ("extra_right", 0, "key"), "item-repeated-key"),
    (
        "matching",
        ("extra_right", 0, "text"),
        {"en": "cost / clicks", "zh-Hans": "别的"},
        ("extra_right", 0, "text", "en"),
        "item-repeated-text",
    ),
    (
        "matching",
        ("pairs", 1, "left"),
        {"en": "CTR", "zh-Hans": "别的"},
        ("pairs", 1, "left", "en"),
        "item-repeated-text",
    ),
    ("hotspot", ("regions", 0, "correct"), False, ("regions",), "item-correct"),
    ("hotspot", ("regions", 0, "shape"), {}, ("regions", 0, "shape"), "item-shape"),
    (
        "hotspot",
        ("regions", 0, "shape"),
        {"rect": [0, 0, 1, 1], "circle": [5, 5, 1]},
        ("regions", 0, "shape"),
        "item-shape",
    ),
    ("hotspot", ("regions", 0, "shape", "rect"), [0, 0, 0, 5], ("regions", 0, "shape", "rect"), "item-shape"),
    ("hotspot", ("regions", 0, "shape", "rect"), [0, 0, 401, 5], ("regions", 0, "shape", "rect"), "item-shape-outside"),
    ("hotspot", ("regions", 0, "shape", "rect"), [-1, 0, 40, 5], ("regions", 0, "shape", "rect"), "item-shape-outside"),
    (
        "hotspot",
        ("regions", 1, "shape", "circle"),
        [350, 150, 51],
        ("regions", 1, "shape", "circle"),
        "item-shape-outside",
    ),
    ("hotspot", ("regions", 1, "shape", "circle"), [350, 150, 0], ("regions", 1, "shape", "circle"), "item-shape"),
    (
        "hotspot",
        ("regions", 2, "shape", "polygon"),
        [[0, 0], [9, 9], [0, 0]],
        ("regions", 2, "shape", "polygon"),
        "item-shape",
    ),
]


def put(raw: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """Return ``raw`` with ``value`` at ``place``."""
    spoilt = copy.deepcopy(raw)
    inner: Any = spoilt
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return spoilt


@pytest.mark.parametrize(("name", "at", "value", "place", "code"), SPOILT)
def test_a_fault_is_found_at_its_place(*, name: str, at: Place, value: Any, place: Place, code: str) -> None:
    found = faults(ADAPTER.validate_python(put(RAW[name], at, value)))
    assert [(fault.place, fault.code) for fault in found] == [(place, code)]
    assert found[0].message
    assert found[0].repair


@pytest.mark.parametrize(
    ("name", "field", "allowed"),
    [
        ("single-choice", "options", range(2, 9)),
        ("multiple-choice", "options", range(2, 9)),
        ("ordering", "entries", range(3, 9)),
        ("matching", "pairs", range(3, 9)),
        ("hotspot", "regions", range(3, 11)),
        ("matching", "extra_right", range(9)),
    ],
)
def test_counts_just_inside_and_just_outside(name: str, field: str, allowed: range) -> None:
    sides = ("text", "left", "right", "label")

    def codes(count: int) -> set[str]:
        first, rest = RAW[name][field][0], RAW[name][field][-1]
        entries = [first, *({**rest, "key": f"k{index}"} for index in range(1, count))][:count]
        for index, entry in enumerate(entries[1:]):
            entry.update({side: {"en": f"{side} {index}"} for side in sides if side in entry})
        return {fault.code for fault in faults(ADAPTER.validate_python({**RAW[name], field: entries}))}

    assert not codes(allowed.start)
    assert not codes(allowed.stop - 1)
    assert codes(allowed.stop) == {"item-count"}
    if allowed.start:
        assert codes(allowed.start - 1) == {"item-count"}


def test_every_fault_of_an_item_is_found() -> None:
    raw = put(RAW["single-choice"], ("options", 0, "correct"), value=False)
    raw = put(raw, ("options", 2, "key"), "learn")
    raw = put(raw, ("knowledge_points",), {"SEM-1.1": 2})
    found = {fault.code for fault in faults(ADAPTER.validate_python(raw))}
    assert found == {"item-correct", "item-repeated-key", "item-weights-sum"}


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)
words = st.fixed_dictionaries({"en": st.text(min_size=1).filter(str.strip)})


@given(
    answer=numbers,
    tolerance=numbers,
    misses=st.lists(st.fixed_dictionaries({"value": numbers, "tolerance": numbers, "feedback": words})),
    weights=st.dictionaries(st.text(), numbers),
)
def test_numbers_never_raise(answer: Any, tolerance: Any, misses: Any, weights: Any) -> None:
    raw = {"answer": answer, "tolerance": tolerance, "near_misses": misses, "knowledge_points": weights}
    faults(ADAPTER.validate_python({**RAW["number"], **raw}))


whole = st.integers(-500, 500)
outlines = st.fixed_dictionaries(
    {},
    optional={
        "rect": st.tuples(whole, whole, whole, whole),
        "circle": st.tuples(whole, whole, whole),
        "polygon": st.lists(st.tuples(whole, whole)),
    },
)


@given(shapes=st.lists(outlines), label=words)
def test_regions_never_raise(shapes: Any, label: Any) -> None:
    regions = [{"key": "a", "label": label, "feedback": label, "shape": shape} for shape in shapes]
    faults(ADAPTER.validate_python({**RAW["hotspot"], "regions": regions}))


@given(forms=st.lists(st.text()), near=st.lists(st.text()), score=numbers)
def test_forms_never_raise(forms: list[str], near: list[str], score: Any) -> None:
    misses = [{"forms": near, "score": score, "feedback": {"en": "x"}}]
    faults(ADAPTER.validate_python({**RAW["short-text"], "accepted": {"en": forms}, "near_misses": misses}))
