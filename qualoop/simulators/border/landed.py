"""What a consignment costs until it is in the buyer's hands, step by step, in `Decimal`.

Every amount that a law computes is rounded by the pack's rule, at the step at which the law computes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from qualoop.simulators.border.errors import NotInPackError
from qualoop.simulators.border.pack import CustomsPack, DutyEffect, Rule
from qualoop.simulators.border.rules import Case, effect_of, get_destination, get_exchange, get_heading, get_rule

_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sort of goods in a consignment: ``yuan`` for a piece, ``kg`` of a piece, and the heading that is declared."""

    pieces: int
    yuan: Decimal
    kg: Decimal
    hs6: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consignment:
    """What is sent: ``freight`` in yuan to the border; ``inland`` in the zone's currency from there to the buyer."""

    destination: str
    scheme: str
    day: date
    lines: tuple[Line, ...]
    freight: Decimal
    inland: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What else a consignment costs.

    ``purchase`` is what the goods cost the shop, as a share of their price; ``brokerage`` and ``return_freight`` are in
    yuan; ``payment_fee`` is a share of what the buyer pays; ``returns`` is the share of consignments that come back,
    ``duty_lost`` the share of their duty that is not given back.
    """

    purchase: Decimal
    brokerage: Decimal
    payment_fee: Decimal
    returns: Decimal
    return_freight: Decimal
    duty_lost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What customs find: the rule, and amounts in the zone's currency."""

    rule: Rule
    goods: Decimal
    freight: Decimal
    insurance: Decimal
    customs_value: Decimal
    duty: Decimal
    vat: Decimal
    exchange: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A consignment's money, in yuan: ``price`` is what the buyer pays without value added tax, duty passed on."""

    assessment: Assessment
    cost: Decimal
    unit_cost: Decimal
    price: Decimal
    margin: Decimal


def assess(pack: CustomsPack, consignment: Consignment) -> Assessment:
    """Return rule, customs value, duty and value added tax of a consignment.

    Raises NoRuleError, AmbiguousRuleError, UnverifiedRuleError or NotInPackError.
    """
    destination = get_destination(pack, consignment.destination)
    zone, exact = pack.zones[destination.zone], pack.rounding
    exchange = get_exchange(pack, zone.currency, consignment.day)
    goods = [exact(line.pieces * line.yuan / exchange) for line in consignment.lines]
    total = sum(goods, _NOTHING)
    freight = exact(consignment.freight / exchange)
    insurance = exact(pack.insurance.rate * pack.insurance.insured * (total + freight))
    rule = get_rule(pack, Case(zone=destination.zone, scheme=consignment.scheme, day=consignment.day, value=total))
    effect = effect_of(rule)
    customs_value = total + freight + insurance if zone.basis == "cif" else total
    duty = _Duty(pack=pack, zone=destination.zone, lines=consignment.lines, goods=goods, customs_value=customs_value)
    owed = duty.by(effect.duty)
    bases = {
        "goods": total,
        "freight": freight,
        "customs-value": customs_value,
        "duty": owed,
        "inland": consignment.inland,
    }
    return Assessment(
        rule=rule,
        goods=total,
        freight=freight,
        insurance=insurance,
        customs_value=customs_value,
        duty=owed,
        vat=exact(destination.vat * sum((bases[base] for base in effect.vat.base), _NOTHING)),
        exchange=exchange,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duty:
    pack: CustomsPack
    zone: str
    lines: Sequence[Line]
    goods: Sequence[Decimal]
    customs_value: Decimal

    def by(self, effect: DutyEffect) -> Decimal:
        """Return the duty that an effect asks for."""
        exact = self.pack.rounding
        match effect.kind:
            case "per-heading":
                return exact(effect.amount * len({line.hs6 for line in self.lines}))
            case "ad-valorem":
                return exact(effect.rate * sum(self.goods, _NOTHING))
            case "tariff":
                return self._tariff() + exact(effect.rate * self.customs_value)
            case _:
                return exact(_NOTHING)

    def _tariff(self) -> Decimal:
        exact, total = self.pack.rounding, _NOTHING
        for hs6, value in self._value_by_heading().items():
            heading = get_heading(self.pack, hs6)
            if self.zone not in heading.rates:
                raise NotInPackError(f"heading {hs6} has no rate for {self.zone}")
            total += exact(heading.rates[self.zone] * value)
            specific = heading.specific.get(self.zone)
            if specific is not None:
                same = [line for line in self.lines if line.hs6 == hs6]
                amount = sum(
                    (line.pieces * (line.kg if specific.per == "kg" else Decimal(1)) for line in same), _NOTHING
                )
                total += exact(specific.amount * amount)
        return total

    def _value_by_heading(self) -> Mapping[str, Decimal]:
        """Return the customs value shared out over headings by the value of their goods; the shares add up exactly."""
        goods: dict[str, Decimal] = {}
        for line, value in zip(self.lines, self.goods, strict=True):
            goods[line.hs6] = goods.get(line.hs6, _NOTHING) + value
        whole, left = sum(goods.values(), _NOTHING), self.customs_value
        shares: dict[str, Decimal] = {}
        for hs6, value in goods.items():
            shares[hs6] = self.pack.rounding(self.customs_value * value / whole) if whole else _NOTHING
            left -= shares[hs6]
        shares[self.lines[-1].hs6] += left
        return shares


def landed(pack: CustomsPack, consignment: Consignment, terms: Terms) -> Landed:
    """Return landed cost and margin of a consignment that is sold delivered, duty and freight passed on."""
    found = assess(pack, consignment)
    exact = pack.rounding
    duty, insurance = found.duty * found.exchange, found.insurance * found.exchange
    goods = sum((line.pieces * line.yuan for line in consignment.lines), _NOTHING)
    price = goods + consignment.freight + duty
    paid = price + found.vat * found.exchange
    cost = (
        terms.purchase * goods
        + consignment.freight
        + insurance
        + duty
        + terms.brokerage
        + consignment.inland * found.exchange
        + terms.payment_fee * paid
        + terms.returns * (terms.return_freight + terms.duty_lost * duty)
    )
    pieces = sum(line.pieces for line in consignment.lines)
    return Landed(
        assessment=found,
        cost=exact(cost),
        unit_cost=exact(cost / pieces),
        price=exact(price),
        margin=exact(price - cost),
    )
