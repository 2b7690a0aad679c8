"""The status of a knowledge point: each edge of the rule."""

from __future__ import annotations

from dataclasses import replace
from math import log
from statistics import NormalDist

import pytest

from qualoop.mastery.engine import Reading
from qualoop.records import DEFAULT_POLICY, Status, chance_above, is_remedial, status_of, whole_percent
from tests.unit.records.evidence import reading

LEVEL = log(0.7 / 0.3)
# The mean at which the chance of lying above 70 % is exactly four in five, for a deviation of 1 widened by 1.15.
STOP = LEVEL + 1.15 * NormalDist().inv_cdf(0.8)


def test_nothing_is_said_without_evidence() -> None:
    assert status_of(None, 0) is Status.NO_EVIDENCE
    assert status_of(reading(3, 0.1, n=0), 5) is Status.NO_EVIDENCE


@pytest.mark.parametrize(
    ("mean", "items", "status"),
    [
        (STOP + 0.01, 3, Status.PROVISIONAL),
        (STOP - 0.01, 3, Status.DEVELOPING),
        (STOP + 0.01, 2, Status.DEVELOPING),
        (-3, 10, Status.DEVELOPING),
        (9, 10, Status.PROVISIONAL),
    ],
)
def test_the_rule_asks_for_chance_and_for_different_items(mean: float, items: int, status: Status) -> None:
    assert status_of(reading(mean, 1), items) is status


def test_the_chance_is_that_of_the_widened_belief() -> None:
    expected = 1 - NormalDist(1.2, 0.8 * 1.15).cdf(LEVEL)
    assert chance_above(reading(1.2, 0.8)) == pytest.approx(expected, abs=1e-9)


def test_the_same_level_with_less_doubt_is_worth_more() -> None:
    assert status_of(reading(1.5, 2), 5) is Status.DEVELOPING
    assert status_of(reading(1.5, 0.5), 5) is Status.PROVISIONAL


def test_a_stricter_policy_changes_the_status() -> None:
    strict = replace(DEFAULT_POLICY, id="strict", stop=0.95)
    assert status_of(reading(STOP + 0.01, 1), 3, strict) is Status.DEVELOPING


def test_help_is_due_where_the_level_is_almost_surely_below() -> None:
    low, middling = reading(-1, 0.8), reading(0.8, 0.8)
    assert is_remedial(low, 3)
    assert not is_remedial(low, 2)
    assert not is_remedial(middling, 3)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.0), (1.0, 1.0)])
def test_a_band_that_rounding_has_pressed_to_the_edge_is_no_fault(low: float, high: float) -> None:
    assert 0 <= chance_above(Reading(low, low, high, 3)) <= 1


@pytest.mark.parametrize(("share", "shown"), [(0.0, 0), (0.004, 0), (0.616, 62), (0.995, 100), (1.0, 100)])
def test_levels_are_shown_as_whole_per_cent(share: float, shown: int) -> None:
    assert whole_percent(share) == shown
