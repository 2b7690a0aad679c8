"""What the search engines' projects tell the conformance suite: what is hidden, what adds up, what is not used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from qualoop.simulators.decisions import Decision, Plan, Value
from qualoop.simulators.sem.account import MATCH
from qualoop.simulators.sem.auction import Choice
from qualoop.simulators.sem.market import MATCH_KEYS, OFF
from qualoop.simulators.sem.play import played
from qualoop.simulators.sem.tally import by_keyword
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import WorldKey


def hidden_numbers(world: SearchWorld) -> Mapping[str, Sequence[float]]:
    """Return what nobody is told of the queries."""
    market = world.market
    return {
        "searches a day": market.searches.tolist(),
        "click rates": market.click_rate.tolist(),
        "order rates": market.order_rate.tolist(),
        "worths of a click": market.worth.tolist(),
        "rivals' ranks": market.mu.tolist(),
    }


def broken_laws(world: SearchWorld, choices: Sequence[Choice], run: WorldKey) -> Mapping[str, float]:
    """Return by how much counts are out of order, and days and keywords do not add up to the whole."""
    off: dict[str, float] = {}
    for choice, each in zip(choices, played(world, choices, run)[1], strict=True):
        tally = each.tally
        sums = by_keyword(tally, world.spec.keywords)
        whole = [tally.clicks.sum(), tally.orders.sum(), tally.cost.sum(), tally.margin.sum()]
        found = {
            "orders are clicks": _over(tally.orders, tally.clicks),
            "clicks are impressions": _over(tally.clicks, tally.impressions),
            "impressions are searches": _over(tally.impressions, tally.searches),
            "nothing excluded is clicked": float(tally.clicks[choice.excluded].sum()),
            "days add up": _far(each.days.sum(axis=0), whole),
            "keywords add up": _far(sums.cost.sum(), tally.cost.sum()) + _far(sums.profit.sum(), each.profit),
        }
        off |= {law: max(off.get(law, 0.0), amount) for law, amount in found.items()}
    return off


def unused_changed(plan: Plan, field: str, other: Callable[[Value], Value]) -> Plan:
    """Return the plan with another value of a field wherever the keyword is off."""
    return [_changed(decision, field, other) for decision in plan]


def _changed(decision: Decision, field: str, other: Callable[[Value], Value]) -> Decision:
    pairs = zip(decision[MATCH.key], decision[field], strict=True)
    return {**decision, field: [other(value) if match == MATCH_KEYS[OFF] else value for match, value in pairs]}


def _over(part: Any, whole: Any) -> float:
    return float(np.maximum(part - whole, 0).sum())


def _far(one: Any, two: Any) -> float:
    """Return how far apart sums of money are, as a share."""
    return float((np.abs(np.subtract(one, two)) / np.maximum(1.0, np.abs(two))).max())
