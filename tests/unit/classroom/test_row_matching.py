"""Whom a row may mean that names nobody for sure."""

from __future__ import annotations

import pytest

from qualoop.classroom.mark_tables import Known
from qualoop.classroom.row_matching import suggest

PEOPLE = [
    Known(uuid="ada", name="Ada Lovelace", numbers=("0020260107",), emails=("ada@example.test",)),
    Known(uuid="bo", name="Bo Diddley", numbers=("0020269999",)),
    Known(uuid="bo-2", name="Bo Derek", numbers=("33",)),
    Known(uuid="wang", name="王小明"),
]


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"number": "20260107"}, [("ada", "number")]),
        ({"number": "00-2026 0107"}, [("ada", "number")]),
        ({"number": "20260170"}, [("ada", "number")]),
        ({"number": "2026010"}, [("ada", "number")]),
        ({"number": "20261107"}, [("ada", "number")]),
        ({"number": "34"}, []),
        ({"email": "ADA@elsewhere.test"}, [("ada", "email")]),
        ({"name": "Lovelace, A."}, [("ada", "name")]),
        ({"name": "Ada Lovelase"}, [("ada", "name")]),
        ({"name": "Bo"}, [("bo", "name"), ("bo-2", "name")]),
        ({"name": "王晓明"}, []),
        ({"name": "Zoe"}, []),
        ({}, []),
    ],
)
def test_who_comes_near(told: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert [(each.learner, each.by) for each in suggest(told, PEOPLE)] == found


def test_a_number_says_more_than_a_name() -> None:
    told = {"number": "20260107", "name": "Bo Derek"}
    assert [each.learner for each in suggest(told, PEOPLE)] == ["ada", "bo-2", "bo"]
