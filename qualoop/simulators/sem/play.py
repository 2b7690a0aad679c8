"""Rounds played and played again: from the decisions that a state holds to what was seen."""

from __future__ import annotations

from collections.abc import Sequence

from qualoop.simulators.sem.auction import Choice, Outlook, campaign, round_demand
from qualoop.simulators.sem.bound import Dual, round_bounds
from qualoop.simulators.sem.sampling import RoundRun, run_campaign
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import WorldKey


def played(world: SearchWorld, choices: Sequence[Choice], run: WorldKey) -> tuple[list[Outlook], list[RoundRun]]:
    """Return outlook and outcome of the rounds decided so far, with the luck of ``run``."""
    results = campaign(world.spec, world.market, choices)
    return results, run_campaign(world.spec, world.market, results, run)


def bound(world: SearchWorld) -> tuple[float, list[Dual]]:
    """Return what no plan can beat, in money over all rounds, and each round's dual."""
    duals = round_bounds(world.spec, world.market, world.best_quality)
    demand = [float(round_demand(world.spec, world.market, number).sum()) for number in range(world.spec.rounds)]
    return sum(weight * dual.bound for weight, dual in zip(demand, duals, strict=True)), duals
