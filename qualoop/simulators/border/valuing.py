"""What decisions are worth in a year: profit, less what each error costs.

- A duty or tax that is charged too low is paid by the shop; one that is charged too high drives orders away:
  margin · min(1, elasticity · excess / price).
- A parcel declared under a wrong rule is stopped with some chance: its margin and its way back are lost.
- A wrong heading costs the difference of duty and, where it is found, a penalty on the line's value.
- A wrong cell of an Incoterm costs the item and a dispute. A wrong route costs what it costs more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qualoop.simulators.border.incoterms import incoterms
from qualoop.simulators.border.landed import assess
from qualoop.simulators.border.routes import ROUTES, YEAR
from qualoop.simulators.border.world import BorderWorld, Parcel
from qualoop.simulators.decisions import Decision
from qualoop.simulators.streams import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Money in yuan. A parcel's are for one parcel: ``margin`` if all is right, and what is ``misquoted``, ``stopped``
    (wrong rule), ``reclassified`` (wrong headings). ``cells`` are the wrong cells' costs, a row an item and a column a
    contract; ``routed`` are the products' yearly profits.
    """

    margin: Floats
    misquoted: Floats
    stopped: Floats
    reclassified: Floats
    cells: Floats
    routed: Floats

    @property
    def of_a_parcel(self) -> Floats:
        """Return what is left of each parcel's margin."""
        return self.margin - self.misquoted - self.stopped - self.reclassified

    def profit(self, yearly: Floats) -> float:
        """Return the year's profit, with so many parcels of each sort."""
        return float(self.of_a_parcel @ yearly - self.cells.sum() + self.routed.sum())


def yearly(world: BorderWorld) -> Floats:
    """Return how many parcels of each sort are expected in a year."""
    return np.array([parcel.yearly for parcel in world.parcels], dtype=np.float64)


def result_of(world: BorderWorld, decision: Decision) -> Result:
    """Return what a decision brings."""
    margin = np.array([float(parcel.landed.margin) for parcel in world.parcels])
    wrong_rule = np.array(
        [
            str(chosen) != parcel.landed.assessment.rule.id
            for chosen, parcel in zip(decision["rule"], world.parcels, strict=True)
        ]
    )
    way_back = np.array([float(parcel.terms.return_freight) for parcel in world.parcels])
    return Result(
        margin=margin,
        misquoted=_misquoted(world, decision["duty"], margin, what="duty")
        + _misquoted(world, decision["vat"], margin, what="vat"),
        stopped=wrong_rule * world.spec.stopped * (np.maximum(margin, 0.0) + way_back),
        reclassified=np.array(list(_reclassified(world, decision["heading"]))),
        cells=_cells(world, decision),
        routed=_routed(world, decision["route"]),
    )


def _misquoted(world: BorderWorld, charged: Sequence[object], margin: Floats, *, what: str) -> Floats:
    """Return what a wrong charge costs a parcel, in yuan."""
    exchange = np.array([float(parcel.landed.assessment.exchange) for parcel in world.parcels])
    owed = np.array([float(getattr(parcel.landed.assessment, what)) for parcel in world.parcels])
    price = np.array([float(parcel.landed.price) for parcel in world.parcels])
    excess = (np.array(charged, dtype=np.float64) - owed) * exchange
    fewer = np.clip(world.spec.elasticity * excess / price, 0.0, 1.0)
    lost: Floats = np.maximum(-excess, 0.0) + np.maximum(margin, 0.0) * fewer
    return lost


def headings_of(world: BorderWorld, headings: Sequence[object]) -> list[list[str]]:
    """Return the headings of all lines, parcel by parcel."""
    remaining = iter(headings)
    return [[str(next(remaining)) for _ in parcel.goods] for parcel in world.parcels]


def _reclassified(world: BorderWorld, headings: Sequence[object]) -> list[float]:
    return [
        _of_headings(world, parcel, declared)
        for parcel, declared in zip(world.parcels, headings_of(world, headings), strict=True)
    ]


def _of_headings(world: BorderWorld, parcel: Parcel, declared: list[str]) -> float:
    lines = parcel.consignment.lines
    wrong = [line for line, hs6 in zip(lines, declared, strict=True) if line.hs6 != hs6]
    if not wrong:
        return 0.0
    changed = tuple(replace(line, hs6=hs6) for line, hs6 in zip(lines, declared, strict=True))
    found = assess(world.pack, replace(parcel.consignment, lines=changed))
    duty = abs(found.duty - parcel.landed.assessment.duty) * found.exchange
    value = sum(line.pieces * line.yuan for line in wrong)
    return float(duty) + world.spec.inspected * world.spec.penalty * float(value)


def sides(world: BorderWorld) -> list[list[str]]:
    """Return whose each item is: a list a contract, `seller` or `buyer` for each item."""
    items = incoterms().items
    return [["seller" if item.key in term.seller else "buyer" for item in items] for term in world.contracts]


def _cells(world: BorderWorld, decision: Decision) -> Floats:
    shares = np.array([float(item.share) for item in incoterms().items])
    worth = (shares + world.spec.dispute) * world.spec.contract
    columns = [
        worth * (np.array(list(map(str, decision[contract_field(number)]))) != np.array(right))
        for number, right in enumerate(sides(world))
    ]
    return np.stack(columns, axis=1)


def contract_field(number: int) -> str:
    """Return the key of the field that decides a contract's cells."""
    return f"contract-{number + 1}"


def _routed(world: BorderWorld, chosen: Sequence[object]) -> Floats:
    table = np.stack([world.costs[route.key] for route in ROUTES])
    number = {route.key: place for place, route in enumerate(ROUTES)}
    taken = table[[number[str(route)] for route in chosen], np.arange(len(chosen))]
    profit: Floats = world.products.units * YEAR * world.products.margin - taken
    return profit
