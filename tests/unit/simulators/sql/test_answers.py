"""Rows as the worker reports them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from qualoop.simulators.sql.answers import MOST_BYTES, QueryFaultError, rows_message
from qualoop.simulators.sql.errors import SandboxBusyError, SandboxUnavailableError, SqlSandboxError
from qualoop.simulators.sql.texts import CODES, FOR_TEACHERS, sentence


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2**70, float(2**70)),
        (Decimal("1.50"), 1.5),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (dt.datetime(2011, 1, 2, tzinfo=dt.UTC), "2011-01-02"),
        (dt.datetime(2011, 1, 2, 3, 4, tzinfo=dt.UTC), "2011-01-02 03:04:00"),
        (dt.date(2011, 1, 2), "2011-01-02"),
        ([1, 2], "[1, 2]"),
        (b"\x00", "b'\\x00'"),
    ],
)
def test_values_become_plain(value: Any, plain: Any) -> None:
    assert json.loads(rows_message(["a"], [(value,)]))["rows"] == [[plain]]


def test_too_much_is_refused() -> None:
    with pytest.raises(QueryFaultError) as caught:
        rows_message(["a"], [("x" * 100,)] * (MOST_BYTES // 100))
    assert caught.value.code == "too-large"


def test_every_code_is_said_in_both_languages_without_gaps() -> None:
    for error in (SqlSandboxError(), SandboxBusyError(), SandboxUnavailableError("nothing")):
        assert set(FOR_TEACHERS[error.code].by_language) == {"en", "zh-Hans"}
    for code in CODES | {"never-heard-of"}:
        for line in (None, 3):
            said = sentence(code, column=2, line=line)
            assert set(said.by_language) == {"en", "zh-Hans"}
            assert not any("{" in text for text in said.by_language.values())
