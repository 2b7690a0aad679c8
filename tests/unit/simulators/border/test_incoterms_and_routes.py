"""The table of Incoterms is whole and follows the rules' logic; routes cost what newsvendors say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from qualoop.simulators.border.incoterms import GROUPS, incoterms
from qualoop.simulators.border.routes import CYCLE, ROUTES, YEAR, Products, yearly_costs

PARCEL_DUTY = 23.4


def seller_of(key: str) -> frozenset[str]:
    return incoterms().get_rule(key).seller


def test_eleven_rules_by_ten_items() -> None:
    table = incoterms()
    assert {rule.key for rule in table.rules} == {
        "EXW",
        "FCA",
        "FAS",
        "FOB",
        "CFR",
        "CIF",
        "CPT",
        "CIP",
        "DAP",
        "DPU",
        "DDP",
    }
    assert len(table.items) == 10
    assert all(rule.seller <= {item.key for item in table.items} for rule in table.rules)
    assert [len(table.of_group(group)) for group in GROUPS] == [3, 2, 3, 3]


def test_each_rule_adds_to_the_one_before() -> None:
    for lesser, greater in (("EXW", "FCA"), ("FCA", "FAS"), ("FAS", "FOB"), ("FOB", "CFR"), ("CFR", "CIF")):
        assert seller_of(lesser) < seller_of(greater)
    for lesser, greater in (("CPT", "CIP"), ("CIP", "DAP"), ("DAP", "DPU"), ("DAP", "DDP")):
        assert seller_of(lesser) < seller_of(greater)


@pytest.mark.parametrize(
    ("item", "rules"),
    [
        ("export", "FCA FAS FOB CFR CIF CPT CIP DAP DPU DDP"),
        ("on-board", "FOB CFR CIF CPT CIP DAP DPU DDP"),
        ("main-carriage", "CFR CIF CPT CIP DAP DPU DDP"),
        ("main-risk", "DAP DPU DDP"),
        ("insurance", "CIF CIP DAP DPU DDP"),
        ("unloading", "DPU"),
        ("import", "DDP"),
    ],
)
def test_who_has_what(item: str, rules: str) -> None:
    assert {rule.key for rule in incoterms().rules if item in rule.seller} == set(rules.split())


def one_product(**changes: float) -> Products:
    facts = {"units": 20.0, "sigma": 8.0, "kg": 0.5, "purchase": 80.0, "margin": 60.0, "duty": 0.1} | changes
    return Products(**{key: np.array([value]) for key, value in facts.items()})


def test_mismatch_is_the_newsvendors_integral() -> None:
    """Parcels and bulk, by numerical integration of what is missing and what is left over."""
    product = one_product()
    costs = yearly_costs(product, PARCEL_DUTY)
    for route in ROUTES:
        duty = 8.0 if route.bulk else PARCEL_DUTY
        over = route.leftover * 80.0 + (duty if route.duty_on_leftovers else 0.0)
        spread = 8.0 * np.sqrt(route.days + CYCLE)
        stock = norm.ppf(60.0 / (60.0 + over)) * spread

        def lost(demand: float, stock: float = stock, over: float = over, spread: float = spread) -> float:
            missing, left = max(demand - stock, 0.0), max(stock - demand, 0.0)
            return float((60.0 * missing + over * left) * norm.pdf(demand, scale=spread))

        mismatch = sum(quad(lost, *bounds)[0] for bounds in ((-12 * spread, stock), (stock, 12 * spread)))
        stored = 20.0 * CYCLE / 2 + stock
        expected = (
            20.0 * YEAR * (route.per_unit + route.per_kg * 0.5 + duty)
            + stored * 0.5 * route.storage * YEAR
            + mismatch * YEAR / CYCLE
        )
        assert costs[route.key][0] == pytest.approx(expected, rel=1e-9)


def best(**changes: float) -> str:
    costs = yearly_costs(one_product(**changes), PARCEL_DUTY)
    return min(costs, key=lambda route: float(costs[route][0]))


def test_each_route_has_its_products() -> None:
    assert best(kg=0.05, purchase=220.0, duty=0.24, sigma=20.0) == "parcel"
    assert best(kg=1.2, sigma=3.0, duty=0.03) == "overseas"
    assert best(units=39.0, sigma=56.0, kg=1.36, purchase=181.0, margin=148.0, duty=0.216) == "bonded"


def test_steadier_sales_never_cost_more() -> None:
    for route, cost in yearly_costs(one_product(sigma=4.0), PARCEL_DUTY).items():
        assert cost[0] < yearly_costs(one_product(sigma=12.0), PARCEL_DUTY)[route][0]
