"""Agreement beyond chance, against the examples of those who defined the measures."""

from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.mastery.agreement import (
    Level,
    RatingsRefusedError,
    agreement,
    krippendorff_alpha,
    quadratic_weighted_kappa,
)

#: Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), example C: four observers, twelve units, gaps.
OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3),
    (nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan),
)
UNITS = [unit for row in OBSERVERS for unit in range(len(row))]
VALUES = [value for row in OBSERVERS for value in row]


def two_observers(first: str, second: str) -> float | None:
    """Return nominal alpha of two strings of categories."""
    values = [float(ord(letter)) for letter in first + second]
    return krippendorff_alpha([*range(len(first)), *range(len(second))], values, level="nominal")


def test_alpha_of_two_observers_and_two_values() -> None:
    assert two_observers("0100000010", "1110010000") == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_two_observers_and_five_values() -> None:
    assert two_observers("aabbdccceDDa".lower(), "babbbccceddd") == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize(("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_four_observers_with_gaps(level: Level, expected: float) -> None:
    assert krippendorff_alpha(UNITS, VALUES, level=level) == pytest.approx(expected, abs=5e-4)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=2, max_size=40))
def test_levels_agree_where_there_are_two_values(ratings: list[tuple[int, int]]) -> None:
    texts, values = [text for text, _ in ratings], [float(value) for _, value in ratings]
    interval = krippendorff_alpha(texts, values, level="interval")
    others = [krippendorff_alpha(texts, values, level="nominal"), krippendorff_alpha(texts, values, level="ordinal")]
    for other in others:
        assert other == (interval if interval is None else pytest.approx(interval))


@pytest.mark.parametrize(
    ("texts", "values"), [([], []), (["a", "b"], [1.0, 2.0]), (["a", "a"], [1.0, nan]), (["a", "a"], [2.0, 2.0])]
)
def test_alpha_is_not_invented(texts: list[str], values: list[float]) -> None:
    assert krippendorff_alpha(texts, values) is None


def crossed(both: int, only_first: int, only_second: int, neither: int) -> tuple[list[float], list[float]]:
    """Return two raters' yes (1) and no (0) with these counts."""
    first = [1.0] * (both + only_first) + [0.0] * (only_second + neither)
    second = [1.0] * both + [0.0] * only_first + [1.0] * only_second + [0.0] * neither
    return first, second


@pytest.mark.parametrize(
    ("counts", "expected"), [((20, 5, 10, 15), 0.4), ((45, 15, 25, 15), 0.1304), ((25, 35, 5, 35), 0.2593)]
)
def test_kappa_of_two_values_is_cohens(counts: tuple[int, int, int, int], expected: float) -> None:
    # With two values squared weights change nothing; the tables are the well-known ones for Cohen's kappa (1960).
    assert quadratic_weighted_kappa(*crossed(*counts)) == pytest.approx(expected, abs=5e-5)


def test_kappa_by_hand() -> None:
    # Squared differences 0, 1, 0, 4. All 16 combinations, by first score: 0+4+4+9, 1+1+1+4, 4+0+0+1, 1+1+1+4.
    assert quadratic_weighted_kappa([0, 1, 2, 1], [0, 2, 2, 3]) == pytest.approx(1 - (5 / 4) / (36 / 16))


def test_kappa_sees_a_shift_that_correlation_does_not() -> None:
    assert quadratic_weighted_kappa([0, 1, 2], [0, 1, 2]) == 1.0
    shifted = quadratic_weighted_kappa([0, 1, 2], [1, 2, 3])
    assert shifted
    assert shifted < 1.0


def test_weights_count_pairs() -> None:
    whole = quadratic_weighted_kappa([0, 0, 1, 2], [0, 0, 2, 2])
    assert quadratic_weighted_kappa([0, 1, 2], [0, 2, 2], weights=[2, 1, 1]) == pytest.approx(whole)
    assert agreement([0, 1], [0, 2], weights=[3, 1]) == 0.75


def test_kappa_is_not_invented() -> None:
    assert quadratic_weighted_kappa([], []) is None
    for number in range(1, 60):
        assert quadratic_weighted_kappa([2] * number, [2] * number) is None, "one level alone, whatever shares round to"


def test_shares() -> None:
    assert agreement([0, 1, 2, 3], [0, 2, 2, 1]) == 0.5
    assert agreement([0, 1, 2, 3], [0, 2, 2, 1], within=1) == 0.75
    assert agreement([], []) is None


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(RatingsRefusedError):
        agreement([0, 1], [0])
