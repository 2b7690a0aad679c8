"""Which rule a case falls under, and what a consignment costs: boundaries by name, amounts by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from qualoop.simulators.border.errors import AmbiguousRuleError, NoRuleError, NotInPackError, UnverifiedRuleError
from qualoop.simulators.border.landed import Consignment, Line, Terms, assess, landed
from qualoop.simulators.border.pack import CustomsPack, Rounding
from qualoop.simulators.border.reading import pack_of, shipped_pack_data
from qualoop.simulators.border.rules import Case, get_exchange, get_rule

PACK = pack_of(shipped_pack_data())
SHIRT = Line(pieces=1, yuan=Decimal(78), kg=Decimal("0.2"), hs6="610910")
WATCH = Line(pieces=1, yuan=Decimal(156), kg=Decimal("0.15"), hs6="910211")


def case(zone: str, scheme: str, day: str, value: str) -> Case:
    return Case(zone=zone, scheme=scheme, day=date.fromisoformat(day), value=Decimal(value))


def parcel(*lines: Line, to: str = "DE", scheme: str = "ioss", day: str = "2026-07-02") -> Consignment:
    return Consignment(
        destination=to,
        scheme=scheme,
        day=date.fromisoformat(day),
        lines=lines,
        freight=Decimal(39),
        inland=Decimal(10),
    )


@pytest.mark.parametrize(
    ("zone", "scheme", "day", "value", "rule"),
    [
        ("EU", "ioss", "2026-06-30", "150", "eu.small.nil"),
        ("EU", "ioss", "2026-07-01", "150", "eu.small.flat"),
        ("EU", "ioss", "2026-07-01", "150.01", "eu.full"),
        ("EU", "courier", "2026-06-30", "150.01", "eu.full"),
        ("UK", "courier", "2026-08-01", "135", "uk.small"),
        ("UK", "post", "2026-08-01", "135.01", "uk.full"),
        ("US", "courier", "2025-05-01", "800", "us.small.nil"),
        ("US", "post", "2026-02-24", "100", "us.post.surcharge"),
        ("US", "post", "2026-07-23", "100", "us.post.surcharge"),
        ("US", "courier", "2026-07-23", "5000", "us.courier.surcharge"),
    ],
)
def test_the_rule_of_the_day(*, zone: str, scheme: str, day: str, value: str, rule: str) -> None:
    assert get_rule(PACK, case(zone, scheme, day, value)).id == rule


def test_no_rule_is_an_error() -> None:
    with pytest.raises(NoRuleError, match="EU, courier, 20 on 2026-08-01"):
        get_rule(PACK, case("EU", "courier", "2026-08-01", "20"))


@pytest.mark.parametrize(
    ("zone", "scheme", "day", "rule"),
    [
        ("US", "post", "2026-07-24", "us.after"),
        ("US", "courier", "2027-07-01", "us.repeal"),
        ("US", "post", "2026-02-23", "us.post.2025"),
        ("EU", "post", "2026-07-01", "eu.small.no-ioss"),
    ],
)
def test_what_nobody_verified_is_not_used(zone: str, scheme: str, day: str, rule: str) -> None:
    with pytest.raises(UnverifiedRuleError, match=rule):
        get_rule(PACK, case(zone, scheme, day, "20"))


def test_two_rules_are_both_named() -> None:
    twin = PACK.rules[1].model_copy(update={"id": "eu.twin"})
    pack = PACK.model_copy(update={"rules": (*PACK.rules, twin)})
    with pytest.raises(AmbiguousRuleError, match=r"eu\.small\.flat and eu\.twin"):
        get_rule(pack, case("EU", "ioss", "2026-07-01", "20"))


def test_rates_and_places_that_the_pack_lacks() -> None:
    with pytest.raises(NotInPackError, match="EUR on 2025-12-31"):
        get_exchange(PACK, "EUR", date(2025, 12, 31))
    with pytest.raises(NotInPackError, match="JP"):
        assess(PACK, parcel(SHIRT, to="JP"))


def test_flat_duty_counts_headings_not_pieces() -> None:
    five = replace(SHIRT, pieces=5)
    assert assess(PACK, parcel(five)).duty == Decimal("3.00")
    assert assess(PACK, parcel(SHIRT, SHIRT)).duty == Decimal("3.00")
    both = assess(PACK, parcel(SHIRT, WATCH))
    # 78 and 156 yuan at 7.80 are €10 and €20; freight €5; VAT is 19% of 30 + 5 + 6.
    assert (both.goods, both.freight, both.duty, both.vat) == tuple(map(Decimal, ("30.00", "5.00", "6.00", "7.79")))


def test_the_same_parcel_a_day_before() -> None:
    before = assess(PACK, parcel(SHIRT, WATCH, day="2026-06-30"))
    # At 8.20: 9.51 + 19.02 goods, 4.76 freight; no duty; 19% of 33.29.
    assert (before.rule.id, before.duty, before.vat) == ("eu.small.nil", Decimal("0.00"), Decimal("6.33"))


def test_full_declaration_by_hand() -> None:
    found = assess(PACK, parcel(replace(SHIRT, pieces=20), replace(WATCH, pieces=10), scheme="courier"))
    # Goods €200 + €200, freight €5, insurance .3% of 110% of 405 = 1.34; customs value 406.34, halved by value.
    assert (found.insurance, found.customs_value) == (Decimal("1.34"), Decimal("406.34"))
    # 12% of 203.17 = 24.38; 2% of 203.17 = 4.06, and €.50 for each of ten watches.
    assert found.duty == Decimal("24.38") + Decimal("4.06") + Decimal("5.00")
    # 19% of customs value, duty and €10 inland: .19 · 449.78.
    assert found.vat == Decimal("85.46")


def test_american_value_is_free_on_board() -> None:
    post = assess(PACK, parcel(SHIRT, to="US", scheme="post", day="2026-07-02"))
    # 78 ÷ 6.90 = 11.30; a tenth of it, and neither freight nor tax.
    assert (post.customs_value, post.duty, post.vat) == (Decimal("11.30"), Decimal("1.13"), Decimal("0.00"))
    courier = assess(PACK, parcel(SHIRT, to="US", scheme="courier"))
    assert courier.duty == Decimal("2.71") + Decimal("1.13")


def test_british_parcels() -> None:
    small = assess(PACK, parcel(SHIRT, to="GB", scheme="courier"))
    # 78 ÷ 9.10 = 8.57, freight 4.29: VAT a fifth of both, no duty.
    assert (small.duty, small.vat) == (Decimal("0.00"), Decimal("2.57"))


def test_shares_of_headings_add_up_exactly() -> None:
    thirds = [replace(SHIRT, pieces=9, yuan=Decimal(101), hs6=hs6) for hs6 in ("610910", "910211", "392410")]
    found = assess(PACK, parcel(*thirds, scheme="courier"))
    one_heading = assess(PACK, parcel(*(replace(line, hs6="610910") for line in thirds), scheme="courier"))
    assert one_heading.duty == PACK.rounding(Decimal("0.12") * found.customs_value)


@pytest.mark.parametrize(("mode", "amount"), [("half-up", "0.13"), ("half-even", "0.12"), ("down", "0.12")])
def test_rounding_is_the_packs(mode: str, amount: str) -> None:
    assert Rounding.model_validate({"mode": mode})(Decimal("0.125")) == Decimal(amount)


def test_landed_cost_adds_up() -> None:
    terms = Terms(
        purchase=Decimal("0.4"),
        brokerage=Decimal(5),
        payment_fee=Decimal("0.025"),
        returns=Decimal("0.1"),
        return_freight=Decimal(30),
        duty_lost=Decimal("0.6"),
    )
    consignment = replace(parcel(SHIRT, WATCH), inland=Decimal(0))
    found = landed(PACK, consignment, terms)
    # In yuan at 7.80: duty 46.80, VAT 60.76; the buyer pays 234 + 39 + 46.80 and VAT.
    assert found.price == Decimal("319.80")
    insurance = found.assessment.insurance * Decimal("7.80")
    fee = Decimal("0.025") * (Decimal("319.80") + Decimal("7.79") * Decimal("7.80"))
    cost = Decimal("93.6") + 39 + insurance + Decimal("46.8") + 5 + fee + Decimal("0.1") * (30 + Decimal("28.08"))
    assert found.cost == PACK.rounding(cost)
    assert found.margin == PACK.rounding(found.price - cost)
    assert found.unit_cost == PACK.rounding(cost / 2)


def test_a_pack_of_another_rounding_changes_the_charge() -> None:
    pack: CustomsPack = PACK.model_copy(update={"rounding": Rounding(places=0)})
    assert assess(pack, parcel(SHIRT, WATCH)).vat == Decimal(8)
