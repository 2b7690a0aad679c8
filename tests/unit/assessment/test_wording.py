from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment.wording import clean, comparable, find_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("2.5", "2.5"),
        ("+2.5", "2.5"),
        ("-2.5", "-2.5"),
        ("\N{MINUS SIGN}2.5", "-2.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        ("２．５", "2.5"),
        ("－１２", "-12"),
        ("2。5", "2.5"),
        ("1,234", "1234"),
        ("1，234，567.8", "1234567.8"),
        ("1 234 567", "1234567"),
        ("1\N{NARROW NO-BREAK SPACE}234", "1234"),
        ("1'234.5", "1234.5"),
        ("2,5", "2.5"),
        ("0,125", "0.125"),
        ("12,34", "12.34"),
        ("1234,567", "1234.567"),
        ("1.234", "1.234"),
        ("1.234,5", "1234.5"),
        ("1.234.567", "1234567"),
        ("25%", "25"),
        ("25 ％", "25"),
        ("¥25", "25"),
        ("25元", "25"),
        ("CNY 25", "25"),
        ("25 cny", "25"),
    ],
)
def test_a_number_is_read(typed: str, number: Any) -> None:
    assert find_number(typed, ["CNY", "元"]) == Decimal(number)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "%",
        "CNY",
        "abc",
        "1e5",
        "1/2",
        "--1",
        "1-",
        "1,23,456",
        "1.2.3",
        "1,2.3,4",
        "NaN",
        "Infinity",
        "25 USD",
        "五",
    ],
)
def test_no_number_is_read(typed: str) -> None:
    assert find_number(typed, ["CNY", "元"]) is None


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=3))
def test_written_numbers_are_read_with_and_without_separators(number: Any) -> None:
    assert find_number(f"{number:f}") == number
    assert find_number(f"{number:,f}") == number


@given(st.decimals(min_value=1000, max_value=10**12, places=2))
def test_a_continental_number_is_read(number: Any) -> None:
    assert find_number(f"{number:,f}".translate(str.maketrans(",.", ".,"))) == number


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_none(typed: str) -> None:
    number = find_number(typed, ["%", ""])
    assert number is None or number.is_finite()


@given(st.text())
def test_what_is_clean_and_comparable_stays_so(text: str) -> None:
    assert comparable(clean(text)) == comparable(text)
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("one", "other", "same", "same_where_case_matters"),
    [
        ("CTR", "ctr", True, False),
        ("ＣＴＲ", "CTR", True, True),
        ("click  through", " click through ", True, True),
        ("点击率", "点击率 ", True, True),
        ("STRASSE", "straße", True, False),
        ("click-through", "click through", False, False),
    ],
)
def test_when_two_texts_are_the_same(one: str, other: str, *, same: bool, same_where_case_matters: bool) -> None:
    assert (comparable(one) == comparable(other)) is same
    assert (comparable(one, case_sensitive=True) == comparable(other, case_sensitive=True)) is same_where_case_matters
