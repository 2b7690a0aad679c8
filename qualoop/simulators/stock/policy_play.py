"""A year with order points as it comes out for one run: courses of every product, and what they cost by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Decision
from qualoop.simulators.stock.policy_world import StockPolicyWorld, drawn_demand
from qualoop.simulators.stock.year import Policy, StockCourse, run_stock
from qualoop.simulators.streams import Floats, Integers, WorldKey

POINT: Final = "point"
QUANTITY: Final = "quantity"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedYear:
    """What came of decisions: pieces by product and week. ``batches`` are as many as were ordered."""

    demand: Integers
    net: Integers
    batches: Integers
    holding: Floats
    waiting: Floats
    ordering: Floats

    @property
    def costs(self) -> Floats:
        """Return what each product cost in each week."""
        total: Floats = self.holding + self.waiting + self.ordering
        return total


def points_and_quantities(decision: Decision) -> tuple[Integers, Integers]:
    """Return a round's order points and order quantities, in whole pieces, a batch holding one at least."""
    points, quantities = (np.round(np.array(decision[key], dtype=np.float64)) for key in (POINT, QUANTITY))
    return points.astype(np.int64), np.maximum(quantities, 1.0).astype(np.int64)


def play(world: StockPolicyWorld, decisions: Sequence[Decision], run: WorldKey) -> PlayedYear:
    """Return the weeks of the rounds decided so far; after the last round also those until the last order arrives."""
    ordering = len(decisions) * world.spec.round_weeks
    weeks = world.all_weeks if ordering == world.weeks else ordering
    demand = drawn_demand(world, run)[:, :weeks]
    rounds = np.array([world.round_of(week) for week in range(weeks)])
    policies = [points_and_quantities(decision) for decision in decisions]
    courses = [
        run_stock(
            int(world.stock[product]),
            demand[product].tolist(),
            _policies(policies, product, world.spec.round_weeks),
            world.leads[:ordering],
        )
        for product in range(len(world.products))
    ]
    return _priced(world, courses, demand, rounds)


def _policies(rounds: Sequence[tuple[Integers, Integers]], product: int, weeks: int) -> list[Policy]:
    each = [Policy(point=int(points[product]), quantity=int(sizes[product])) for points, sizes in rounds]
    return [policy for policy in each for _ in range(weeks)]


def _priced(world: StockPolicyWorld, courses: Sequence[StockCourse], demand: Integers, rounds: Integers) -> PlayedYear:
    net = np.array([course.net for course in courses])
    batches = np.array([course.batches for course in courses])
    return PlayedYear(
        demand=demand,
        net=net,
        batches=batches,
        holding=world.fee[:, None] * world.fee_factor[rounds] * np.maximum(net, 0),
        waiting=world.waiting[:, None] * np.maximum(-net, 0),
        ordering=world.spec.ordering * batches.astype(np.float64),
    )
