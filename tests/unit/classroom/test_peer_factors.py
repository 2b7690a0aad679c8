"""The peer factor: neutral for who is silent, one for equal parts, no rating outside the own team."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.classroom.peer_factor import (
    FactorRules,
    MarkMissingError,
    RatingRefusedError,
    bounded,
    marks,
    raw_factor,
    require_rating,
)
from qualoop.classroom.session import ClassRefusedError
from qualoop.values import Score

POINTS = st.integers(0, 5)


@st.composite
def ratings(draw: Any, fewest: int = 2) -> tuple[list[int], dict[int, dict[int, int]]]:
    """Draw a team, and what those who are not silent gave everybody, themselves too."""
    team = list(range(draw(st.integers(fewest, 6))))
    speakers = draw(st.sets(st.sampled_from(team)))
    return team, {rater: {each: draw(POINTS) for each in team} for rater in speakers}


@given(ratings(), st.integers(0, 100), st.integers(0, 100))
def test_nobody_gains_by_silence(
    drawn: tuple[list[int], dict[int, dict[int, int]]], product: int, penalty: int
) -> None:
    team, given_points = drawn
    rules = FactorRules(penalty=penalty)
    spoken = marks(team, given_points, product, rules)
    for member in given_points:
        silent = {rater: given for rater, given in given_points.items() if rater != member}
        after = marks(team, silent, product, rules)[member]
        assert after.factor == spoken[member].factor
        assert (after.mark or 0) <= (spoken[member].mark or 0)
        assert after.is_silent
        assert after.penalty == penalty


@given(ratings(), st.data())
def test_what_somebody_gives_never_changes_the_own_factor(
    drawn: tuple[list[int], dict[int, dict[int, int]]], data: st.DataObject
) -> None:
    team, given_points = drawn
    member = data.draw(st.sampled_from(team))
    changed = {**given_points, member: {each: data.draw(POINTS) for each in team}}
    assert raw_factor(member, team, changed) == raw_factor(member, team, given_points)


@given(st.integers(2, 6), st.data())
def test_where_all_rate_the_factors_sum_to_the_team(size: int, data: st.DataObject) -> None:
    team = list(range(size))
    given_points = {rater: {mate: data.draw(POINTS) for mate in team if mate != rater} for rater in team}
    raw = [raw_factor(member, team, given_points) for member in team]
    assert sum((each for each in raw if each is not None), Fraction(0)) == size


@given(ratings())
def test_factors_lie_within_their_bounds_and_marks_within_a_hundred(
    drawn: tuple[list[int], dict[int, dict[int, int]]],
) -> None:
    team, given_points = drawn
    for mark in marks(team, given_points, 97, FactorRules(penalty=60)).values():
        assert Decimal("0.5") <= mark.factor <= Decimal("1.2")
        assert mark.mark is not None
        assert 0 <= mark.mark <= 100
        assert Score(0) <= mark.score <= Score(1)


@given(ratings(), st.integers(0, 5))
def test_what_somebody_gives_to_oneself_is_not_counted(
    drawn: tuple[list[int], dict[int, dict[int, int]]], own: int
) -> None:
    team, given_points = drawn
    vain = {rater: {**given, rater: own} for rater, given in given_points.items()}
    assert [raw_factor(member, team, vain) for member in team] == [
        raw_factor(member, team, given_points) for member in team
    ]


def test_an_unequal_share_is_seen_exactly() -> None:
    team = ["a", "b", "c"]
    given_points = {"a": {"b": 4, "c": 2}, "b": {"a": 3, "c": 3}}
    # c got 2 of 6 and 3 of 6, where equal work would give 3 of 6: (2/3 + 1) / 2.
    assert raw_factor("c", team, given_points) == Fraction(5, 6)
    assert raw_factor("b", team, given_points) == Fraction(4, 3)
    found = marks(team, given_points, 90, FactorRules(penalty=5))
    assert (found["c"].factor, found["c"].mark, found["c"].is_silent) == (Decimal("0.833"), Decimal("70.0"), True)
    # 90 x 1.2 is more than everything.
    assert (found["b"].factor, found["b"].mark) == (Decimal("1.200"), Decimal("100.0"))
    assert found["a"].mark == Decimal("90.0")


def test_without_raters_everybody_has_the_mark_of_the_team() -> None:
    found = marks([1, 2, 3], {}, 80, FactorRules())
    assert {each.mark for each in found.values()} == {Decimal("80.0")}
    assert all(each.raw is None and each.is_silent for each in found.values())
    assert bounded(None, FactorRules()) == 1


def test_a_rater_who_gave_everybody_nothing_said_that_all_are_equal() -> None:
    assert raw_factor(1, [1, 2, 3], {2: {1: 0, 3: 0}}) == 1


def test_who_joined_later_was_not_in_the_earlier_budgets() -> None:
    given_points = {1: {2: 4, 3: 4}, 4: {1: 1, 2: 1, 3: 4}}
    assert raw_factor(2, [1, 2, 3, 4], given_points) == (Fraction(1) + Fraction(1, 2)) / 2
    assert raw_factor(4, [1, 2, 3, 4], given_points) is None


def test_alone_there_is_nobody_to_rate_and_no_silence() -> None:
    found = marks([1], {}, 70, FactorRules(penalty=50))[1]
    assert (found.mark, found.is_silent, found.penalty) == (Decimal("70.0"), False, 0)


def test_without_a_product_there_is_no_mark() -> None:
    found = marks([1, 2], {1: {2: 3}}, None, FactorRules())[1]
    assert found.mark is None
    with pytest.raises(MarkMissingError):
        _ = found.score


@pytest.mark.parametrize(
    "given_points",
    [{}, {2: 3}, {2: 3, 3: 6}, {2: -1, 3: 0}, {2: 3, 3: 3, 4: 3}],
    ids=["empty", "one-left-out", "too-many", "too-few", "outside"],
)
def test_a_rating_says_something_of_every_mate_and_of_nobody_else(given_points: dict[int, int]) -> None:
    with pytest.raises(RatingRefusedError):
        require_rating(1, [1, 2, 3], given_points)


def test_a_whole_rating_is_taken_and_nobody_rates_another_team() -> None:
    require_rating(1, [1, 2, 3], {2: 0, 3: 5})
    require_rating(1, [1, 2, 3], {1: 5, 2: 0, 3: 5})
    with pytest.raises(RatingRefusedError):
        require_rating(9, [1, 2, 3], {1: 1, 2: 1, 3: 1})


def test_who_left_may_be_rated_and_need_not_be() -> None:
    for given_points in ({2: 3}, {2: 3, 3: 1}, {2: 3, 1: 5}):
        require_rating(1, [1, 2, 3], given_points, gone=[3])
    # Where all mates left, there may still be something to say of them.
    require_rating(1, [1, 2, 3], {3: 1}, gone=[2, 3])
    for given_points in ({}, {3: 3}, {1: 5}, {2: 3, 4: 3}):
        with pytest.raises(RatingRefusedError):
            require_rating(1, [1, 2, 3], given_points, gone=[3])


def test_silence_costs_nothing_of_who_left_nor_of_who_has_no_mate_left() -> None:
    rules = FactorRules(penalty=10)
    found = marks([1, 2, 3], {1: {2: 3}}, 80, rules, gone=[3])
    assert {member: (mark.is_silent, mark.penalty) for member, mark in found.items()} == {
        1: (False, 0),
        2: (True, 10),
        3: (False, 0),
    }
    assert not any(mark.is_silent for mark in marks([1, 2], {}, 80, rules, gone=[2]).values())


@pytest.mark.parametrize(("low", "high"), [("1.1", "1.2"), ("0.5", "0.9"), ("0.5", "2.1"), ("-1", "1.2")])
def test_bounds_lie_on_both_sides_of_one(low: str, high: str) -> None:
    with pytest.raises(ClassRefusedError):
        FactorRules(low=Decimal(low), high=Decimal(high))


@pytest.mark.parametrize(("low", "high"), [("1e-7", "1.2"), ("0.0005", "1.2"), ("0.5", "1.00001")])
def test_a_bound_has_three_decimals_at_most(low: str, high: str) -> None:
    with pytest.raises(ClassRefusedError):
        FactorRules(low=Decimal(low), high=Decimal(high))
    assert FactorRules(low=Decimal("0.125"), high=Decimal("1.50000")).low == Decimal("0.125")


@pytest.mark.parametrize("penalty", [-1, 101])
def test_a_penalty_is_a_part_of_a_hundred(penalty: int) -> None:
    with pytest.raises(ClassRefusedError):
        FactorRules(penalty=penalty)
