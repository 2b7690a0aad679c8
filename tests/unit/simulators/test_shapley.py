"""Shapley values against their definition over all orders, and what they promise."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from qualoop.simulators.scoring import as_score, shapley
from qualoop.values import Score


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_it_is_the_mean_over_all_orders(count: int) -> None:
    players = [f"p{number}" for number in range(count)]
    random = Random(count)
    worth: dict[frozenset[str], float] = {}

    def value(coalition: frozenset[str]) -> float:
        return worth.setdefault(coalition, random.uniform(-5, 5))

    found = shapley(players, value)
    orders = list(permutations(players))
    for player in players:
        gains = [
            value(frozenset(order[: order.index(player) + 1])) - value(frozenset(order[: order.index(player)]))
            for order in orders
        ]
        assert found[player] == pytest.approx(sum(gains) / len(orders), abs=1e-12)
    assert sum(found.values()) == pytest.approx(value(frozenset(players)) - value(frozenset()), rel=1e-12)


def test_who_adds_nothing_gets_nothing() -> None:
    assert shapley(["a", "b"], lambda coalition: 3.0 * ("a" in coalition)) == {"a": 3.0, "b": 0.0}


@pytest.mark.parametrize(
    ("share", "score"),
    [
        (-1.0, "0"),
        (0.0, "0"),
        (0.1234567, "0.123457"),
        (1.0, "1"),
        (7.0, "1"),
        (float("nan"), "0"),
        (float("inf"), "0"),
    ],
)
def test_a_share_as_a_score(share: float, score: str) -> None:
    assert as_score(share) == Score(score)
