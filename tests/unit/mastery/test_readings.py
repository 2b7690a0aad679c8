"""Read-outs of rows: levels, roll-ups, the bound of an award, the worth of an item."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.kernel import new_item, new_learner, new_memory, new_point, new_rater
from qualoop.mastery.readings import (
    Reading,
    award_bound,
    award_sd,
    combine,
    false_pass_rate,
    is_rested,
    item_worth,
    logit,
    normal,
    read_point,
    roll_up,
    sigmoid,
)

DAY = 86_400.0
LEARNER = [0.3, 0.12, 0.2, 0.1, 40.0]
MEMORY = [0.4, 0.20, 0.1, 0.3, 6.0, 0.0, 39.0]
POINT = [-0.2, 0.01]


def read(memory: list[float] | None = None, at: float = 0.0) -> Reading:
    return read_point(LEARNER, MEMORY if memory is None else memory, POINT, at=at, constants=DEFAULT_CONSTANTS)


def test_a_reading_is_the_formula_of_the_page() -> None:
    reading = read()
    assert reading.mean == pytest.approx(0.83 + 0.3 + 0.4 + 0.2)
    assert reading.sd == pytest.approx(sqrt(0.12 + 0.20 + 0.02))
    assert reading.level == pytest.approx(sigmoid(1.73 / sqrt(1 + 0.3927 * 0.34)))
    assert (reading.low, reading.high) == (
        pytest.approx(sigmoid(1.73 - 1.645 * reading.sd)),
        pytest.approx(sigmoid(1.73 + 1.645 * reading.sd)),
    )
    assert (reading.n, reading.award_sd) == (6, pytest.approx(1.15 * reading.sd))


def test_a_reading_changes_nothing() -> None:
    memory = [*MEMORY]
    read(memory, 30 * DAY)
    assert memory == MEMORY


def test_what_nobody_met_is_read_from_the_priors() -> None:
    reading = read_point(None, None, None, at=0.0, constants=DEFAULT_CONSTANTS)
    assert (reading.mean, reading.n) == (0.83, 0)
    assert reading.sd == pytest.approx(sqrt(0.48 + 0.25 + 7.5))


@given(st.floats(-3, 3), st.floats(0.001, 0.25), st.floats(0, 4000))
def test_idleness_never_raises_a_mean_and_never_narrows_a_band(m: float, v_m: float, days: float) -> None:
    memory = [m, v_m, 0.0, 0.3, 3.0, 0.0, 39.0]
    now, later = read(memory), read(memory, days * DAY)
    assert later.mean <= now.mean
    assert later.sd >= now.sd - 1e-12


@given(st.floats(0.01, 0.99))
def test_the_chance_of_lying_above_a_share_is_normal_in_log_odds(share: float) -> None:
    reading = read()
    plain = 1 - NormalDist(reading.mean, reading.sd).cdf(logit(share))
    wide = 1 - NormalDist(reading.mean, reading.award_sd).cdf(logit(share))
    assert reading.chance_above(share) == pytest.approx(plain, abs=1e-9)
    assert reading.chance_above(share, widening=1.15) == pytest.approx(wide, abs=1e-9)


def test_shared_ability_is_counted_once_and_whole() -> None:
    learner, memory, point = [0.0, 0.12, 0.0, 0.1, 9.0], [0.1, 0.20, 0.0, 0.3, 3.0, 0.0, 8.0], [0.0, 0.01]
    mean, sd = roll_up(learner, [(1 / 20, memory, point)] * 20, at=0.0, constants=DEFAULT_CONSTANTS)
    assert mean == pytest.approx(0.83 + 0.1)
    assert sd == pytest.approx(0.36, abs=0.005)


def test_weights_of_one_point_are_added_before_they_are_squared() -> None:
    whole = combine([(1.0, read())], LEARNER[1])
    assert whole == (pytest.approx(read().mean), pytest.approx(read().sd))
    assert combine([(0.5, read()), (0.5, read())], LEARNER[1])[1] < whole[1]


def test_a_roll_up_reads_what_nobody_met_from_the_priors() -> None:
    mean, sd = roll_up(None, [(0.5, None, None), (0.5, None, None)], at=0.0, constants=DEFAULT_CONSTANTS)
    assert mean == pytest.approx(0.83)
    assert sd == pytest.approx(sqrt(0.48 + 0.5 * (0.25 + 7.5)))


def test_a_roll_up_takes_rows_of_arrays() -> None:
    rows = (np.array(LEARNER), np.array(MEMORY), np.array(POINT))
    got = roll_up(rows[0], [(1.0, rows[1], rows[2])], at=DAY, constants=DEFAULT_CONSTANTS)
    assert got == roll_up(LEARNER, [(1.0, MEMORY, POINT)], at=DAY, constants=DEFAULT_CONSTANTS)


def test_the_error_of_the_cut_joins_the_widened_doubt() -> None:
    assert award_sd(0.3, 0.2) == pytest.approx(sqrt(0.345**2 + 0.04))
    assert award_bound(2.0, 0.3, cut_error=0.2) == pytest.approx(2.0 - 1.645 * sqrt(0.345**2 + 0.04))


@given(st.floats(-3, 3), st.floats(0.05, 1), st.floats(-2, 2), st.floats(0, 0.5))
def test_what_clears_the_bound_is_wrong_in_one_of_twenty_at_most(
    mean: float, sd: float, cut: float, error: float
) -> None:
    rate = false_pass_rate(mean, sd, cut=cut, cut_error=error)
    assert (award_bound(mean, sd, cut_error=error) > cut) == (rate < 1 - normal(1.645))


@pytest.mark.parametrize(
    ("error", "false_pass", "recall"), [(0.2, 0.011, 0.60), (0.3, 0.022, 0.47), (0.5, 0.058, 0.31), (0.7, 0.112, 0.22)]
)
def test_the_bound_certifies_few_wrongly_even_where_few_qualify(error: float, false_pass: float, recall: float) -> None:
    """A cut one standard deviation above the mean of normal learners, measured with this error."""
    true = np.linspace(-6, 6, 24_001)
    share = np.exp(-true * true / 2)
    margin = -award_bound(0.0, error, cut_error=0.0, widening=1.0)
    passing = np.array([normal((value - 1.0 - margin) / error) for value in true])
    passed = share * passing
    assert passed[true < 1.0].sum() / passed.sum() == pytest.approx(false_pass, abs=0.002)
    assert passed[true > 1.0].sum() / share[true > 1.0].sum() == pytest.approx(recall, abs=0.01)


def worth(*, memory: list[float] | None = None, b: float = 0.0, guess: float = 0.0, points: int = 1) -> float:
    rows = ([*LEARNER], [b, 0.1], new_rater(DEFAULT_CONSTANTS))
    memories = [MEMORY if memory is None else memory] * points
    touched = (memories, [POINT] * points, range(points), range(points), [1 / max(points, 1)] * points)
    return item_worth(rows, touched, at=DAY, guess=guess, constants=DEFAULT_CONSTANTS.row()).gain


def test_an_item_tells_most_where_doubt_is_and_least_where_all_is_clear() -> None:
    known = [0.4, 0.01, 0.1, 0.3, 60.0, DAY, 39.0]
    assert worth() > worth(memory=known)
    assert worth() > worth(b=-4.0)
    assert worth() > worth(guess=0.5)
    assert worth(points=0) == 0.0


def test_the_worth_of_an_item_is_its_formula_and_changes_nothing() -> None:
    rows = (new_learner(DEFAULT_CONSTANTS), new_item(DEFAULT_CONSTANTS), new_rater(DEFAULT_CONSTANTS))
    memories, points = [new_memory(DEFAULT_CONSTANTS)], [new_point(DEFAULT_CONSTANTS)]
    before = repr((rows, memories, points))
    found = item_worth(
        rows, (memories, points, (0,), (0,), (1.0,)), at=0.0, guess=0.0, constants=DEFAULT_CONSTANTS.row()
    )
    p = sigmoid(0.83)
    information, variance = p * (1 - p), 0.48 + 0.16 + 1.1 + 0.25 + 0.34 + 7.5
    assert found.gain == pytest.approx((0.48 + 0.25) ** 2 * information / (1 + information * variance))
    assert found.per_minute(2.0) == found.gain / 2
    assert repr((rows, memories, points)) == before


@pytest.mark.parametrize(("b", "inside"), [(-3.0, False), (0.5, True), (3.0, False)])
def test_practice_is_neither_hopeless_nor_idle(b: float, *, inside: bool) -> None:
    rows = (LEARNER, [b, 0.05], new_rater(DEFAULT_CONSTANTS))
    touched = ([MEMORY], [POINT], (0,), (0,), (1.0,))
    assert item_worth(rows, touched, at=0.0, guess=0.0, constants=DEFAULT_CONSTANTS.row()).is_in_band is inside


def test_an_item_rests_for_a_week() -> None:
    assert is_rested(None, 0.0)
    assert not is_rested(0.0, 6 * DAY)
    assert is_rested(0.0, 7 * DAY)
