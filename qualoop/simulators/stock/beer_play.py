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
    # Levels have a value a product, shares one for all: axes are added where they are missing.
    levels, gaps, pipelines = (part.reshape(*part.shape, *([1] * (axes - 1))) for part in _decided(decisions))
    return _rule(world, levels, gaps, pipelines)


def _decided(decisions: Sequence[Decision]) -> tuple[Floats, Floats, Floats]:
    """Return levels, shares of the gap and shares of the pipeline, each by round, node, and product or 1."""
    levels, gaps, pipelines = (
        np.array([[decision[key(role)] for role in ROLES] for decision in decisions], dtype=np.float64)
        for key in (level_key, gap_key, pipeline_key)
    )
    return levels, gaps, pipelines


def _rule(world: BeerGameWorld, levels: Floats, gaps: Floats, pipelines: Floats) -> Rule:
    """Return the rule of arrays with the rounds first."""
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


def costs_by_round(world: BeerGameWorld, plans: Sequence[Sequence[Decision]]) -> Floats:
    """Return the mean cost over all futures by plan, round and node (in the order of ROLES).

    Plans are of the same length, at least one round, and may end before the last: what is to come changes no week before.
    """
    rounds, weeks = len(plans[0]), world.spec.round_weeks
    demand = world.futures[: rounds * weeks, :, None, :]
    demand = np.broadcast_to(demand, (*demand.shape[:2], len(plans), demand.shape[3]))
    stock, slot = (np.asarray(part)[:, None, None] for part in (world.start.stock, world.start.slot))
    levels, gaps, pipelines = (
        np.stack(parts, axis=3)[..., None] for parts in zip(*(_decided(plan) for plan in plans), strict=True)
    )
    course = simulate(demand, _rule(world, levels, gaps, pipelines), CHAIN, Start(stock=stock, slot=slot))
    by_week = course.costs(CHAIN).mean(axis=4)
    by_round = by_week.reshape(rounds, weeks, *by_week.shape[1:]).sum(axis=1)
    costs: Floats = np.einsum("rnpk,p->krn", by_round, world.unit)
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
