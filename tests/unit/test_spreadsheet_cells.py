"""Cells of a spreadsheet: whatever people type, none of it is run, and what is read back is what was typed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.spreadsheet_cells import as_csv, guarded, without_guard


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1+1", "＝1", "＋1", "－1", "＠A1", "\n=1"]
)
def test_what_begins_as_a_formula_is_shown_and_not_run(text: str) -> None:
    assert guarded(text) == f"'{text}"


@given(st.text(st.sampled_from("=+-@ \t\r\n＝＋－＠'1a"), max_size=6))
def test_a_text_comes_back_unless_it_stood_in_a_guard_already(text: str) -> None:
    assert guarded(guarded(text)) == guarded(text)
    if guarded(without_guard(text)) != text or without_guard(text) == text:
        assert without_guard(guarded(text)) == text


def test_numbers_stay_numbers_and_an_absent_value_an_empty_cell() -> None:
    made = as_csv([["王芳", -1, None, "a,b", "=1"]])
    assert made.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(made.decode("utf-8-sig")))) == [["王芳", "-1", "", "a,b", "'=1"]]
