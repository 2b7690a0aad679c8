"""A world of border trade: parcels, bulk contracts, products to be routed. Made from its key, and never shown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeVar

import numpy as np

from qualoop.simulators.border.goods import Good, goods
from qualoop.simulators.border.incoterms import GROUPS, Term, incoterms
from qualoop.simulators.border.landed import Consignment, Landed, Line, Terms, landed
from qualoop.simulators.border.pack import CustomsPack
from qualoop.simulators.border.reading import pack_of
from qualoop.simulators.border.routes import ROUTES, Products, yearly_costs
from qualoop.simulators.border.rules import Case, effect_of, get_exchange, get_rule
from qualoop.simulators.border.spec import CaseSpec, LandedCostSpec, RouteCaseSpec
from qualoop.simulators.errors import SpecRefusedError
from qualoop.simulators.streams import Floats, WorldKey

Thing = TypeVar("Thing")

_TRIES: Final = 200
_LINES: Final = (2, 1, 3, 2, 2, 1, 3, 2, 1, 2, 3)
"""How many sorts of goods a parcel has, in turn: all worlds of a project have as many lines."""
_SIBLING: Final = 0.35
"""How often the next line of a parcel has the heading of the line before: it counts once, not twice."""
_CANDIDATES: Final = 600
_LARGE: Final = Decimal(140)
"""From here on a parcel goes with a full declaration: a broker and carriage inland are paid for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Parcels of one sort that are sent over a year: what is in one, when it left, how many; and what is true of it."""

    consignment: Consignment
    goods: tuple[Good, ...]
    terms: Terms
    sent: date
    yearly: int
    landed: Landed


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderWorld:
    """All that a year across the border consists of. ``costs`` are the products' yearly costs, by route;
    ``parcel_duty`` is the duty of one of their parcels, in yuan.
    """

    spec: LandedCostSpec
    pack: CustomsPack
    parcels: tuple[Parcel, ...]
    contracts: tuple[Term, ...]
    products: Products
    parcel_duty: float
    costs: Mapping[str, Floats]


def make_world(spec: LandedCostSpec, key: WorldKey) -> BorderWorld:
    """Return the world of a key; raise SpecRefusedError where pack and cases do not fit each other."""
    pack = pack_of(spec.packs["customs"])
    parcel_duty = _parcel_duty(spec.routes, pack)
    products = _products(spec, parcel_duty, key)
    return BorderWorld(
        spec=spec,
        pack=pack,
        parcels=tuple(_parcels(spec, pack, key)),
        contracts=_contracts(key),
        products=products,
        parcel_duty=parcel_duty,
        costs=yearly_costs(products, parcel_duty),
    )


def _shuffled(things: list[Thing], uniforms: Floats) -> list[Thing]:
    return [things[place] for place in np.argsort(uniforms, kind="stable")]


def _parcels(spec: LandedCostSpec, pack: CustomsPack, key: WorldKey) -> Iterator[Parcel]:
    known = {heading.hs6 for heading in pack.headings}
    stock = [good for good in goods() if good.hs6 in known]
    wanted = [(case, number == 0) for case in spec.cases for number in range(case.count)]
    order = key.uniforms("parcel-order", shape=len(wanted))
    for number, (case, early) in enumerate(_shuffled(wanted, order)):
        make = _Maker(spec=spec, pack=pack, stock=stock, case=case, early=early, lines=_LINES[number % len(_LINES)])
        yield _parcel(make, key.derive("parcel", number))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """What a parcel is made of; an ``early`` one is declared in the first days that its case allows."""

    spec: LandedCostSpec
    pack: CustomsPack
    stock: list[Good]
    case: CaseSpec
    early: bool
    lines: int


def _parcel(make: _Maker, key: WorldKey) -> Parcel:
    case, pack = make.case, make.pack
    ready = [name for name, each in pack.destinations.items() if each.zone == case.zone]
    if not ready or not make.stock:
        raise SpecRefusedError(f"the pack has no destination in {case.zone}, or no heading of the shop's goods")
    place, when, travel, *money = key.uniforms("facts", shape=8)
    span = (case.days[1] - case.days[0]).days
    day = case.days[0] + timedelta(days=int(when * min(span + 1, 5 if make.early else span + 1)))
    exchange = get_exchange(pack, pack.zones[case.zone].currency, day)
    chosen, lines = _filled(make, key, exchange)
    kg = sum((line.pieces * line.kg for line in lines), Decimal(0))
    large = case.value[0] > _LARGE
    freight = (25 + 40 * kg).quantize(Decimal(1))
    terms = Terms(
        purchase=Decimal(round(0.35 + 0.15 * money[0], 2)).quantize(Decimal("0.01")),
        brokerage=Decimal(60 if large else 5),
        payment_fee=Decimal("0.025"),
        returns=Decimal(round(0.02 + 0.1 * money[1], 2)).quantize(Decimal("0.01")),
        return_freight=(freight * Decimal("0.8")).quantize(Decimal(1)),
        duty_lost=Decimal("0.6"),
    )
    consignment = Consignment(
        destination=ready[int(place * len(ready))],
        scheme=case.scheme,
        day=day,
        lines=lines,
        freight=freight,
        inland=Decimal(round(6 + 14 * money[2])) if large else Decimal(0),
    )
    found = landed(pack, consignment, terms)
    return Parcel(
        consignment=consignment,
        goods=chosen,
        terms=terms,
        sent=day - timedelta(days=3 + int(travel * 9)),
        yearly=max(1, round(make.spec.revenue / float(found.price))),
        landed=found,
    )


def _filled(make: _Maker, key: WorldKey, exchange: Decimal) -> tuple[tuple[Good, ...], tuple[Line, ...]]:
    """Return goods and lines whose value lies within the case's bounds: the first of a row of tries that does."""
    least, most = (bound * exchange for bound in make.case.value)
    for attempt in range(_TRIES):
        uniforms = key.uniforms("lines", attempt, shape=16)
        target = float(least) * (float(most) / float(least)) ** uniforms[0]
        chosen: list[Good] = []
        lines: list[Line] = []
        for number in range(make.lines):
            pick, kin, price = uniforms[2 + 4 * number : 5 + 4 * number]
            good = _next_good(make.stock, chosen, pick, kin)
            yuan = Decimal(round(float(good.yuan[0]) + price * float(good.yuan[1] - good.yuan[0])))
            pieces = max(1, round(target / make.lines / float(yuan)))
            chosen.append(good)
            lines.append(Line(pieces=pieces, yuan=yuan, kg=good.kg, hs6=good.hs6))
        if (
            len({good.key for good in chosen}) == make.lines
            and least <= sum(line.pieces * line.yuan for line in lines) <= most
        ):
            return tuple(chosen), tuple(lines)
    raise SpecRefusedError(f"no goods are worth {make.case.value[0]} to {make.case.value[1]} in {make.case.zone}")


def _next_good(stock: list[Good], chosen: list[Good], pick: float, kin: float) -> Good:
    """Return a good; often one of the heading that the line before has."""
    among = stock
    if chosen and kin < _SIBLING:
        among = [good for good in stock if good.hs6 == chosen[-1].hs6 and good not in chosen] or stock
    return among[int(pick * len(among))]


def _contracts(key: WorldKey) -> tuple[Term, ...]:
    table, uniforms = incoterms(), key.uniforms("contracts", shape=2 * len(GROUPS))
    drawn = []
    for group, pick in zip(GROUPS, uniforms, strict=False):
        rules = table.of_group(group)
        drawn.append(rules[int(pick * len(rules))])
    return tuple(_shuffled(drawn, uniforms[len(GROUPS) :]))


def _parcel_duty(case: RouteCaseSpec, pack: CustomsPack) -> float:
    """Return the duty of a routed product's parcel, in yuan; raise SpecRefusedError where it hangs on the product."""
    rule = get_rule(pack, Case(zone=case.zone, scheme=case.scheme, day=case.day, value=case.value))
    duty = effect_of(rule).duty
    if duty.kind not in {"none", "per-heading"}:
        raise SpecRefusedError(f"routes: {rule.id} has no duty that is the same for every parcel")
    return float(duty.amount * get_exchange(pack, pack.zones[case.zone].currency, case.day))


def _products(spec: LandedCostSpec, parcel_duty: float, key: WorldKey) -> Products:
    """Return products of which each route is the best for as many, and whose wrong routes cost about the same."""
    units, spread, kg, purchase, margin, duty = key.uniforms("products", shape=(6, _CANDIDATES))
    daily = np.round(np.exp(np.log(3.0) + units * math.log(20.0)), 1)
    bought = np.round(np.exp(np.log(15.0) + purchase * math.log(16.0)))
    drawn = Products(
        units=daily,
        sigma=np.round(daily * (0.3 + 1.2 * spread), 1),
        kg=np.round(np.exp(np.log(0.05) + kg * math.log(30.0)), 2),
        purchase=bought,
        margin=np.round(50.0 + bought * (0.4 + 1.2 * margin)),
        duty=np.round(0.02 + 0.23 * duty, 3),
    )
    table = np.stack([yearly_costs(drawn, parcel_duty)[route.key] for route in ROUTES])
    best = np.argmin(table, axis=0)
    ranked = np.sort(table, axis=0)
    # A wrong route must cost neither nothing nor a fortune: what both wrong ones cost counts, the nearer one more.
    nearest, mean = ranked[1] - ranked[0], ranked[1:].mean(axis=0) - ranked[0]
    oddness = np.abs(np.log(nearest / spec.route_regret)) + np.abs(np.log(mean / spec.route_regret))
    places = [
        int(place)
        for route in range(len(ROUTES))
        for place in sorted(np.flatnonzero(best == route), key=lambda each: float(oddness[each]))[: spec.products]
    ]
    return drawn.chosen(_shuffled(places, key.uniforms("product-order", shape=len(places))))
