from __future__ import annotations

import pytest
from hypothesis import given

from qualoop.assessment import Item, presented, presented_order, right_sides
from tests.unit.assessment.examples import ITEMS, changed, every_item, seeds


@given(item=every_item, seed=seeds)
def test_an_order_is_a_permutation(item: Item, seed: int) -> None:
    order = presented_order(item, seed)
    assert sorted(order) == list(range(len(order)))
    assert presented_order(item, seed) == order


@given(seed=seeds)
def test_an_ordering_is_never_shown_in_order(seed: int) -> None:
    item = ITEMS["ordering"]
    assert presented(item, seed) != item.entries


@pytest.mark.parametrize("name", ["single-choice", "multiple-choice", "ordering", "matching", "hotspot"])
def test_seeds_reach_every_place(name: str) -> None:
    item = ITEMS[name]
    orders = {presented_order(item, seed) for seed in range(300)}
    count = len(presented_order(item, 0))
    assert {(at, index) for order in orders for at, index in enumerate(order)} == {
        (at, index) for at in range(count) for index in range(count)
    }


def test_orders_stay_what_they_were_for_running_attempts() -> None:
    assert presented_order(ITEMS["single-choice"], 1) == (0, 2, 1, 3)
    assert presented_order(ITEMS["matching"], 2) == (1, 0, 3, 2)


def test_two_items_of_one_attempt_are_shuffled_apart() -> None:
    orders = {presented_order(changed("single-choice", key=f"item-{number}"), 7) for number in range(30)}
    assert len(orders) > 5


def test_an_author_can_keep_the_order() -> None:
    item = changed("single-choice", shuffle=False)
    assert all(presented_order(item, seed) == (0, 1, 2, 3) for seed in range(50))


@pytest.mark.parametrize("name", ["number", "short-text"])
def test_what_is_typed_has_no_order(name: str) -> None:
    assert presented_order(ITEMS[name], 1) == ()


def test_distractors_are_among_the_right_sides() -> None:
    assert [side.key for side in right_sides(ITEMS["matching"])] == ["ctr", "cpc", "cvr", "inverse"]
