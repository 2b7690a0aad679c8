"""Sheets without any library: codes, layout, versions, what a fill means."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.sheets.codes import LETTERS, PageCode, code_text, find_code, new_sheet
from qualoop.classroom.sheets.judging import EMPTY, FILLED, Finding, confidence, is_blank, judge_row
from qualoop.classroom.sheets.layout import (
    FOOT,
    TOP,
    Question,
    SheetTooLongError,
    set_pages,
    version_order,
    wrapped,
)
from qualoop.classroom.sheets.shapes import BUBBLE_RADIUS, Bubble, Page, Paper, Row, RowKind

CODES = st.builds(
    PageCode,
    sheet=st.text(LETTERS, min_size=10, max_size=10),
    version=st.sampled_from("ABCD"),
    page=st.integers(1, 9),
)


def measure(text: str, size: float) -> float:
    return len(text) * size * 0.18


@given(CODES)
def test_a_code_says_its_page_and_nothing_else_does(code: PageCode) -> None:
    text = code_text(code, "ours")
    assert find_code(text, "ours") == code
    assert find_code(text, "theirs") is None
    assert len(text) == 20
    changed = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert find_code(changed, "ours") is None


@pytest.mark.parametrize("text", ["", "https://example.test", "QL", "QL0123456789E1AAAAAA", "ql0123456789a1aaaaaa"])
def test_other_codes_are_none_of_ours(text: str) -> None:
    assert find_code(text, "ours") is None


def test_a_new_sheet_is_named_by_chance() -> None:
    assert new_sheet(lambda below: below - 1) == LETTERS[-1] * 10


def questions(count: int, options: int = 4, words: int = 12) -> list[Question]:
    return [
        Question(
            part=f"lesson/item-{number}",
            kind=RowKind.ONE if options else RowKind.MARKED,
            prompt="word " * words,
            options=tuple((f"option-{option}", "text " * words) for option in range(options)),
        )
        for number in range(count)
    ]


@given(
    count=st.integers(1, 25),
    options=st.integers(0, 8),
    words=st.integers(1, 40),
    paper=st.sampled_from(Paper),
    boxes_only=st.booleans(),
)
def test_every_question_stands_once_whole_and_apart(
    count: int, options: int, words: int, paper: Paper, *, boxes_only: bool
) -> None:
    asked = questions(count, options, words)
    try:
        pages = set_pages(asked, paper, measure, boxes_only=boxes_only)
    except SheetTooLongError:
        assert count * (options + 1) * words > 60
        return
    rows = [row for page in pages for row in page.rows]
    assert [row.part for row in rows] == [question.part for question in asked]
    assert [row.number for row in rows] == list(range(1, count + 1))
    for page in pages:
        boxes = [row.box for row in page.rows]
        assert all(upper[3] <= lower[1] for upper, lower in pairwise(boxes))
        assert all(box[1] >= TOP and box[3] <= paper.size[1] - FOOT + 0.01 for box in boxes)
        bubbles = [bubble for row in page.rows for bubble in row.bubbles]
        for one, other in pairwise(bubbles):
            assert abs(one.x - other.x) + abs(one.y - other.y) > 2 * BUBBLE_RADIUS
        assert Page.from_json(page.to_json()) == page


def test_what_no_page_holds_is_refused() -> None:
    with pytest.raises(SheetTooLongError):
        set_pages(questions(1, 8, 400), Paper.A4, measure)


def test_versions_differ_and_stay_the_same() -> None:
    parts = [f"item-{number}" for number in range(8)]
    assert version_order(parts, 1, "A") == version_order(list(reversed(parts)), 1, "A")
    assert version_order(parts, 1, "A") != version_order(parts, 1, "B")
    assert sorted(version_order(parts, 1, "B")) == parts


@given(st.text(alphabet="ab 词，。 x", max_size=200), st.floats(8, 60))
def test_wrapping_loses_no_letter(text: str, width: float) -> None:
    lines = list(wrapped(text, width, 10, measure))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(measure(line.rstrip("，。"), 10) <= width + 0.01 for line in lines)


def row(kind: RowKind, count: int = 4) -> Row:
    bubbles = tuple(Bubble(option=f"o{n}", letter="ABCD"[n], x=n, y=0) for n in range(count))
    return Row(part="p", kind=kind, number=1, bubbles=bubbles, box=(0, 0, 1, 1))


@pytest.mark.parametrize(
    ("kind", "fills", "finding", "picked"),
    [
        (RowKind.ONE, [0.02, 0.9, 0.01, 0.0], Finding.CLEAR, ("o1",)),
        (RowKind.ONE, [0.02, 0.03, 0.01, 0.0], Finding.UNANSWERED, ()),
        (RowKind.ONE, [0.9, 0.8, 0.01, 0.0], Finding.DOUBLE, ("o0", "o1")),
        (RowKind.ONE, [0.9, 0.25, 0.01, 0.0], Finding.FAINT, ("o0",)),
        (RowKind.MANY, [0.9, 0.8, 0.01, 0.0], Finding.CLEAR, ("o0", "o1")),
        (RowKind.MANY, [0.9, 0.2, 0.01, 0.0], Finding.FAINT, ("o0",)),
        (RowKind.MARKED, [0.0, 0.0, 0.01, 0.0], Finding.UNMARKED, ()),
        (RowKind.MARKED, [0.0, 0.9, 0.9, 0.0], Finding.DOUBLE, ("o1", "o2")),
        (RowKind.MARKED, [0.0, 0.0, 0.9, 0.0], Finding.CLEAR, ("o2",)),
    ],
)
def test_what_fills_mean(kind: RowKind, fills: list[float], finding: Finding, picked: tuple[str, ...]) -> None:
    found = judge_row(row(kind), fills)
    assert (found.finding, found.picked) == (finding, picked)
    assert (found.confidence == 0) is (finding is Finding.FAINT)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.sampled_from(RowKind))
def test_nothing_doubtful_is_ever_clear(fills: list[float], kind: RowKind) -> None:
    found = judge_row(row(kind), fills)
    doubtful = any(EMPTY < fill < FILLED for fill in fills)
    assert not (doubtful and found.finding.is_clear)
    assert 0 <= found.confidence <= 1
    assert is_blank([found]) is (found.finding in {Finding.UNANSWERED, Finding.UNMARKED})


@given(st.floats(0, 1))
def test_confidence_is_none_between(fill: float) -> None:
    assert (confidence(fill) == 0) is (EMPTY < fill < FILLED)
