"""Scratch points, the order of a team check, what a card is worth: 4-2-1-0, and nothing is undone."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment import SingleChoice
from qualoop.classroom.session import ClassMovedError
from qualoop.classroom.team_check import (
    Card,
    CheckItem,
    CheckRefusedError,
    CheckState,
    Hardness,
    ScratchRefusedError,
    closed_when_over,
    hardest,
    moved_check,
    points_for,
    possible_points,
    require_items,
    team_score,
)
from qualoop.classroom.teams import TeamsRefusedError, drawn, smallest_team
from qualoop.values import Score


def check_item(options: int = 4, right: int = 0) -> CheckItem:
    item = SingleChoice.model_validate(
        {
            "key": "q",
            "type": "single-choice",
            "knowledge_points": {},
            "prompt": {"en": "Which?"},
            "solution": {"en": "That."},
            "options": [
                {"key": f"o-{n}", "text": {"en": f"Option {n}"}, "correct": n == right, "feedback": {"en": "-"}}
                for n in range(options)
            ],
        }
    )
    return CheckItem(item=item, activity_key="a", content_hash="0" * 64, part="q", version_id=1)


@pytest.mark.parametrize(
    ("options", "points"),
    [(2, [4, 0]), (3, [4, 2, 0]), (4, [4, 2, 1, 0]), (5, [4, 2, 1, 0, 0]), (8, [4, 2, 1, 0, 0, 0, 0, 0])],
)
def test_points_halve_and_the_last_option_gives_none(options: int, points: list[int]) -> None:
    assert [points_for(number, options) for number in range(1, options + 1)] == points
    assert possible_points(options) == tuple(sorted(set(points), reverse=True))


@pytest.mark.parametrize("scratches", [0, 5])
def test_no_other_number_of_scratches_gives_points(scratches: int) -> None:
    with pytest.raises(CheckRefusedError):
        points_for(scratches, 4)


@given(st.permutations(range(4)), st.integers(0, 3))
def test_a_card_is_worth_what_its_order_says_and_ends_at_the_right_option(order: list[int], right: int) -> None:
    card = Card(item=check_item(4, right))
    for option in order:
        if card.is_found:
            with pytest.raises(ScratchRefusedError):
                card.scratch(f"o-{option}")
            continue
        before = card.points
        card = card.scratch(f"o-{option}")
        # The same one again changes nothing.
        assert card.scratch(f"o-{option}") is card
        assert before == 0
    assert card.points == (4, 2, 1, 0)[order.index(right)]
    assert len(card.scratched) == order.index(right) + 1


def test_only_options_of_the_question_are_scratched() -> None:
    with pytest.raises(ScratchRefusedError):
        Card(item=check_item()).scratch("o-9")


def test_points_from_paper_and_an_accepted_appeal() -> None:
    typed = Card(item=check_item(), typed=2)
    assert (typed.points, typed.is_over) == (2, True)
    with pytest.raises(ScratchRefusedError):
        typed.scratch("o-0")
    missed = Card(item=check_item(), scratched=("o-1", "o-2"))
    assert (missed.points, Card(item=missed.item, scratched=missed.scratched, accepted=True).points) == (0, 4)
    assert team_score([typed, missed]) == Score("0.25")


def test_a_check_goes_forward_only() -> None:
    order = list(CheckState)
    for before, after in permutations(order, 2):
        if order.index(after) == order.index(before) + 1:
            assert moved_check(before, after) is after
        else:
            with pytest.raises(ClassMovedError):
                moved_check(before, after)
    assert [closed_when_over(state).value for state in order] == [
        "planned",
        "individual-closed",
        "individual-closed",
        "done",
        "done",
    ]


@pytest.mark.parametrize(("count", "fits"), [(2, False), (3, True), (10, True), (11, False)])
def test_a_check_has_three_to_ten_questions(count: int, *, fits: bool) -> None:
    if fits:
        require_items(count)
    else:
        with pytest.raises(CheckRefusedError):
            require_items(count)


def test_the_worst_question_is_what_teams_got_wrong_first() -> None:
    rows = [
        Hardness(number=1, answered=10, right=2, teams=4, first=4),
        Hardness(number=2, answered=10, right=9, teams=4, first=1),
        Hardness(number=3, answered=10, right=10, teams=4, first=4),
    ]
    assert [each.number for each in hardest(rows)] == [2, 1]
    assert hardest([Hardness(number=1, answered=0, right=0, teams=0, first=0)]) == ()


@given(st.integers(0, 120), st.integers(2, 12), st.text(max_size=5))
def test_drawn_teams_are_even_and_hold_everybody_once(people: int, size: int, seed: str) -> None:
    teams = drawn(list(range(people)), size, seed)
    assert sorted(person for team in teams for person in team) == list(range(people))
    sizes = [len(team) for team in teams]
    if people > 1:
        assert max(sizes) - min(sizes) <= 1
        assert min(sizes) >= 2
        assert max(sizes) <= size + 1
    assert teams == drawn(list(reversed(range(people))), size, seed)


@pytest.mark.parametrize("size", [1, 13])
def test_teams_have_two_to_twelve(size: int) -> None:
    with pytest.raises(TeamsRefusedError):
        drawn([1, 2, 3], size, "")


def test_a_late_comer_goes_where_the_fewest_are() -> None:
    assert smallest_team({"a": [1, 2], "b": [1], "c": [1]}) == "b"
    assert smallest_team({}) is None
