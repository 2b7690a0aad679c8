"""The beer game (Sterman, Modeling managerial behavior, Management Science 35, 1989) for many runs at once.

Nodes stand from the customer up: retailer, wholesaler, distributor, factory. Each week, all nodes at once: (1) receive
what was shipped ``shipping`` weeks ago (the factory: what it began to make ``ordering + shipping`` weeks ago); (2) read
the order placed below ``ordering`` weeks ago (the retailer: demand); (3) ship what there is of backlog and order; (4)
order; (5) pay for stock and backlog. Arrays have the nodes first and any further axes (products, replications) after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from qualoop.simulators.streams import Floats

NODES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Delays in weeks, each at least 1, and money a piece and week for stock and for what is owed."""

    ordering: int = 1
    shipping: int = 2
    holding: float = 0.5
    waiting: float = 1.0

    @property
    def whole_delay(self) -> int:
        """Return how many weeks lie between an order and its arrival where the node above has stock."""
        return self.ordering + self.shipping


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Pieces in stock at every node, and in every slot of every pipeline; numbers, or arrays of the further axes."""

    stock: Floats | float = 12.0
    slot: Floats | float = 4.0


class Week:
    """What stands when nodes order: ``number`` counts from 0, ``net`` is stock − backlog, ``incoming`` the orders read.

    ``outstanding`` is everything ordered and not yet received, what the node above owes included.
    """

    __slots__ = ("incoming", "net", "number", "outstanding")

    def __init__(self, nothing: Floats) -> None:
        self.number = 0
        self.net = self.incoming = self.outstanding = nothing


Rule: TypeAlias = Callable[[Week], Floats]
"""Returns what every node orders, none below 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How it went: ``net`` stock, ``orders`` placed and ``incoming`` orders; weeks first, then nodes."""

    net: Floats
    orders: Floats
    incoming: Floats

    def costs(self, chain: Chain) -> Floats:
        """Return what each node paid in each week."""
        paid: Floats = np.maximum(chain.holding * self.net, -chain.waiting * self.net)
        return paid


def simulate(demand: Floats, rule: Rule, chain: Chain, start: Start) -> Course:
    """Return the course of a chain under ``demand`` (weeks first, then the further axes) and one rule for all nodes."""
    shape = (NODES, *demand.shape[1:])
    weeks, late, whole = len(demand), chain.ordering, chain.whole_delay
    arrivals = np.zeros((weeks + whole, *shape))
    incoming = np.empty((weeks + late, *shape))
    nets, orders = np.empty((2, weeks, *shape))
    arrivals[: chain.shipping] = start.slot
    arrivals[chain.shipping : whole, -1] = start.slot
    incoming[:late, 1:] = start.slot
    incoming[:weeks, 0] = demand
    net, backlog = np.broadcast_to(start.stock, shape), np.zeros(shape)
    week = Week(backlog)
    outstanding = np.broadcast_to(whole * np.asarray(start.slot), shape)
    for number in range(weeks):
        wanted, arrived = incoming[number], arrivals[number]
        net = nets[number] = net + arrived - wanted
        # What was owed and what is asked for now, less what stays owed, has been shipped.
        owed = backlog + wanted
        backlog = np.maximum(-net, 0.0)
        arrivals[number + chain.shipping, :-1] = (owed - backlog)[1:]
        outstanding = outstanding - arrived
        week.number, week.net, week.incoming, week.outstanding = number, net, wanted, outstanding
        order = orders[number] = rule(week)
        outstanding = outstanding + order
        incoming[number + late, 1:] = order[:-1]
        arrivals[number + whole, -1] = order[-1]
    return Course(net=nets, orders=orders, incoming=incoming[:weeks])


def base_stock(levels: Floats) -> Rule:
    """Return the rule that orders up to ``levels``, counting stock, backlog and everything outstanding."""
    return lambda week: np.maximum(levels - week.net - week.outstanding, 0.0)


def bullwhip(course: Course) -> Floats:
    """Return by node the variance of its orders over the variance of demand, weeks being the sample.

    Where demand does not vary, the ratio is 1 for orders that do not either, else infinite.
    """
    orders, demand = course.orders.var(axis=0), course.incoming[:, :1].var(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = orders / demand
    return np.where(np.isnan(ratio), 1.0, ratio)
