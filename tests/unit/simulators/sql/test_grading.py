"""Rows against rows: F1, tolerance, order, and what is said of the difference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.simulators.sql.grading import CONSTRUCTS_FROM, Difference, Grade, Rule, credit, grade, matches

ANY_ORDER = Rule()
BY_AMOUNT = Rule(order=("2 desc", "1"))
WANTED = [["a", 3.0], ["b", 2.0], ["c", 1.0]]

cells = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from(["x", "y"]), st.floats(-3, 3, width=16))
tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8)
)


@pytest.mark.parametrize(
    ("mine", "f1", "difference", "column"),
    [
        (WANTED, 1.0, Difference.NONE, None),
        (WANTED[::-1], 1.0, Difference.NONE, None),
        (WANTED[:2], 0.8, Difference.MISSING_ROWS, None),
        ([*WANTED, ["d", 9.0]], 6 / 7, Difference.EXTRA_ROWS, None),
        ([*WANTED, ["a", 3.0]], 6 / 7, Difference.DUPLICATES, None),
        ([["a", 3.0], ["b", 7.0], ["c", 8.0]], 1 / 3, Difference.WRONG_COLUMN, 2),
        ([["a", 3.0], ["b", 7.0], ["d", 8.0]], 1 / 3, Difference.ROWS_DIFFER, None),
        ([["a", "3"], ["b", "2"], ["c", "1"]], 0.0, Difference.TYPE, 2),
        ([["a"], ["b"], ["c"]], 0.0, Difference.COLUMN_COUNT, None),
        ([], 0.0, Difference.NO_ROWS, None),
    ],
)
def test_the_difference_is_named(mine: list[Any], f1: float, difference: Difference, column: int | None) -> None:
    found = grade(mine, WANTED, ANY_ORDER)
    assert found.f1 == pytest.approx(f1)
    assert (found.difference, found.column) == (difference, column)


def test_nothing_where_nothing_is_wanted_is_right() -> None:
    assert grade([], [], ANY_ORDER) == Grade(f1=1.0)
    assert grade(WANTED, [], ANY_ORDER).difference is Difference.NO_ROWS


@pytest.mark.parametrize(
    ("mine", "wanted", "places", "same"),
    [
        (1.004, 1.0, 2, True),
        (1.0051, 1.0049, 2, True),
        (1.0, 1, 2, True),
        (-0.0, 0, 2, True),
        (1.02, 1.0, 2, False),
        (1.02, 1.0, 1, True),
        (12.345, 12.35, 2, True),
        (True, 1, 2, True),
        (None, 0, 2, False),
        (None, "", 2, False),
        (1e18, 1e18 + 1e3, 2, False),
    ],
)
def test_numbers_are_compared_in_the_decimals_asked_for(mine: Any, wanted: Any, places: int, *, same: bool) -> None:
    assert matches([["k", mine]], [["k", wanted]], places) == int(same)


def test_rows_torn_apart_by_rounding_are_paired_within_their_words() -> None:
    mine = [["a", 0.005, 1.0], ["b", 0.005, 2.0], ["a", 0.015, 3.0]]
    wanted = [["a", 0.0051, 1.0], ["b", 0.0049, 2.0], ["a", 0.0149, 3.0]]
    assert matches(mine, wanted, 2) == 3
    assert matches([["a", 0.005, 1.0]], [["b", 0.0051, 1.0]], 2) == 0


def test_equal_rows_may_stand_either_way() -> None:
    rule = Rule(order=("2 desc",))
    assert grade([["b", 2.0], ["a", 2.0], ["c", 1.0]], [["a", 2.0], ["b", 2.0], ["c", 1.0]], rule).ordered


def test_another_order_costs_a_fifth() -> None:
    found = grade(WANTED[::-1], WANTED, BY_AMOUNT)
    assert (found.f1, found.ordered, found.difference) == (1.0, False, Difference.WRONG_ORDER)
    assert credit(found, shows_constructs=True, asks_order=True, asks_constructs=False) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("f1", "shows", "marks"),
    [(1.0, True, 1.0), (1.0, False, 0.8), (CONSTRUCTS_FROM, True, 0.5), (0.49, True, 0.392), (0.0, True, 0.0)],
)
def test_constructs_count_from_half_of_the_rows_on(f1: float, *, shows: bool, marks: float) -> None:
    found = credit(Grade(f1=f1), shows_constructs=shows, asks_order=False, asks_constructs=True)
    assert found == pytest.approx(marks)


@given(tables, st.randoms(use_true_random=False))
def test_a_table_is_itself_in_any_order(table: list[list[Any]], random: Any) -> None:
    shuffled = random.sample(table, len(table))
    assert grade(shuffled, table, ANY_ORDER) == Grade(f1=1.0)


@given(tables, tables)
def test_f1_is_symmetric_and_a_share(first: list[list[Any]], second: list[list[Any]]) -> None:
    there, back = grade(first, second, ANY_ORDER), grade(second, first, ANY_ORDER)
    assert 0.0 <= there.f1 <= 1.0
    assert there.f1 == pytest.approx(back.f1)


def test_thousands_of_rows_are_compared_quickly() -> None:
    mine = [[f"p{row % 50}", row / 7, row] for row in range(5_000)]
    wanted = [[f"p{row % 50}", row / 7 + 0.0004, row] for row in range(5_000)]
    assert grade(mine, wanted, ANY_ORDER).f1 == 1.0
