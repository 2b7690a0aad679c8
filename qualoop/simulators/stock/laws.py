"""What can neither appear nor get lost in the stores of this room: pieces and money, for the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qualoop.simulators.decisions import Plan
from qualoop.simulators.engine import Happened
from qualoop.simulators.stock import beer_play, policy_play
from qualoop.simulators.stock.beer_world import CHAIN, BeerGameWorld
from qualoop.simulators.stock.policy_world import StockPolicyWorld
from qualoop.simulators.stock.season_world import SeasonWorld
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import Grid


def season_laws(world: SeasonWorld, happened: Happened) -> Mapping[str, float]:
    """Return by how much the season's table does not add up: pieces bought and asked for, and money."""
    table = next(panel for panel in happened.panels if isinstance(panel, Grid) and panel.key == "season-by-product")
    ordered, asked, sold, left, missed, profit = np.array([row[1:] for row in table.rows], dtype=np.float64).T
    earned = world.price * sold + world.salvage * left - world.cost * ordered
    return {
        "pieces bought are sold or left": _most(ordered - sold - left),
        "pieces asked for are sold or missed": _most(asked - sold - missed),
        "money": _most(profit - earned) + abs(happened.realised - float(earned.sum())),
    }


def year_laws(world: StockPolicyWorld, plan: Plan, run: WorldKey) -> Mapping[str, float]:
    """Return by how much a year's stock is not what it began with, and was ordered, less what was asked for."""
    played = policy_play.play(world, plan, run)
    sizes = np.stack([policy_play.points_and_quantities(decision)[1] for decision in plan], axis=1)
    by_round = played.batches[:, : world.weeks].reshape(len(world.products), len(plan), -1).sum(axis=2)
    expected = world.stock + (by_round * sizes).sum(axis=1) - played.demand.sum(axis=1)
    return {"pieces": _most(expected - played.net[:, -1])}


def chain_laws(world: BeerGameWorld, plan: Plan, run: WorldKey) -> Mapping[str, float]:
    """Return by how much firms receive something else than the firm above shipped, or the factory began to make."""
    course = beer_play.play(world, plan, run)
    backlog = np.maximum(-course.net, 0.0)
    shipped = course.incoming[1:] + backlog[:-1] - backlog[1:]
    received = np.diff(course.net, axis=0) + course.incoming[1:]
    late, whole = CHAIN.shipping, CHAIN.whole_delay
    return {
        "pieces shipped arrive": _most(received[late:, :-1] - shipped[:-late, 1:]),
        "pieces made arrive": _most(received[whole - 1 :, -1] - course.orders[:-whole, -1]),
        "nothing is shipped that is not there": _most(np.minimum(shipped, 0.0)),
    }


def _most(off: Any) -> float:
    return float(np.abs(off).max(initial=0.0))
