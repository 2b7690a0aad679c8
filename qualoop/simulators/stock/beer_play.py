"""Rules of a chain as decided, played on one course of demand or on all that may come.

A rule orders: gap × (level − net stock − pipeline × everything outstanding), in whole pieces, never below 0. With both
shares at 1 it is base stock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from qualoop.simulators.decisions import Decision
from qualoop.simulators.stock.beer_world import CHAIN, BeerGameWorld
from qualoop.simulators.stock.chain import Course, Rule, Start, Week, simulate
from qualoop.simulators.streams import Floats, Integers, WorldKey

ROLES: Final = ("retailer", "wholesaler", "distributor", "factory")


def level_key(role: str) -> str:
    """Return the key of the field of a role's order-up-to levels."""
    return f"{role}-level"


def gap_key(role: str) -> str:
    """Return the key of the field of the share of the gap that a role orders."""
    return f"{role}-gap"


def pipeline_key(role: str) -> str:
    """Return the key of the field of the share of outstanding orders that a role counts."""
    return f"{role}-pipeline"


def decided_rule(world: BeerGameWorld, decisions: Sequence[Decision], axes: int) -> Rule:
    """Return the rule of a plan for demand with ``axes`` further axes after the weeks, the first of them products."""
    levels, gaps, pipelines = (
        np.array([[decision[key(role)] for role in ROLES] for decision in decisions], dtype=np.float64)
        for key in (level_key, gap_key, pipeline_key)
    )
    # Levels have a value a product, shares one for all: axes are added where they are missing.
    levels = levels.reshape(*levels.shape, *([1] * (axes - 1)))
    gaps, pipelines = (shares.reshape(*shares.shape, *([1] * (axes - 1))) for shares in (gaps, pipelines))
    weeks = world.spec.round_weeks

    def rule(week: Week) -> Floats:
        number = week.number // weeks
        counted = week.net + pipelines[number] * week.outstanding
        order: Floats = np.rint(np.maximum(gaps[number] * (levels[number] - counted), 0.0))
        return order

    return rule


def expected_costs(world: BeerGameWorld, plan: Sequence[Decision]) -> Floats:
    """Return the mean cost of each node (in the order of ROLES) over all futures."""
    start = Start(stock=np.asarray(world.start.stock)[:, None], slot=np.asarray(world.start.slot)[:, None])
    course = simulate(world.futures, decided_rule(world, plan, 2), CHAIN, start)
    by_product = course.costs(CHAIN).sum(axis=(0, 3)) / world.spec.futures
    costs: Floats = by_product @ world.unit
    return costs


def drawn_demand(world: BeerGameWorld, run: WorldKey) -> Floats:
    """Return demand by week and product with the luck of ``run``: one of its futures for each product."""
    draws = run.uniforms("future", shape=world.spec.products)
    chosen: Integers = (draws * world.spec.futures).astype(np.int64)
    return np.take_along_axis(world.futures, chosen[None, :, None], axis=2)[:, :, 0]


def play(world: BeerGameWorld, decisions: Sequence[Decision], run: WorldKey) -> Course:
    """Return the course of the rounds decided so far."""
    demand = drawn_demand(world, run)[: len(decisions) * world.spec.round_weeks]
    return simulate(demand, decided_rule(world, decisions, 1), CHAIN, world.start)


def paid(world: BeerGameWorld, course: Course) -> Floats:
    """Return what was paid by week, node and product."""
    costs: Floats = course.costs(CHAIN) * world.unit
    return costs
