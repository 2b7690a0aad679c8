"""What a product costs in a year by each way to the buyer: parcels, bulk to an overseas warehouse, or to a bonded one.

cost = units · (freight, handling and duty of a unit) + stored pieces · fee · 365 + cycles · newsvendor mismatch over
lead time and cycle. Mismatch = (c_u + c_o) · σ · √(lead time + cycle) · φ(z), z = Φ⁻¹(c_u / (c_u + c_o)).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from qualoop.simulators.distributions import normal_quantile
from qualoop.simulators.streams import Floats

YEAR: Final = 365.0
CYCLE: Final = 28.0
"""Days from one order of stock to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way to the buyer: ``days`` of lead time; freight in yuan for a kg and for a unit; ``storage`` in yuan for a kg
    and day; the share of a left-over unit's purchase cost that is lost. In ``bulk`` the rate of duty is paid, else the
    duty of a parcel; ``duty_on_leftovers`` says whether it is paid on what is left over, too.
    """

    key: str
    days: float
    per_kg: float
    per_unit: float
    storage: float
    leftover: float
    bulk: bool
    duty_on_leftovers: bool


ROUTES: Final = (
    Route(
        key="parcel",
        days=6,
        per_kg=56,
        per_unit=16,
        storage=0.02,
        leftover=0.10,
        bulk=False,
        duty_on_leftovers=False,
    ),
    Route(
        key="overseas",
        days=45,
        per_kg=9,
        per_unit=26,
        storage=0.10,
        leftover=0.45,
        bulk=True,
        duty_on_leftovers=True,
    ),
    Route(
        key="bonded",
        days=40,
        per_kg=10,
        per_unit=33,
        storage=0.14,
        leftover=0.30,
        bulk=True,
        duty_on_leftovers=False,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Products, an array for each fact: units a day and their standard deviation, kg, purchase cost and margin in yuan
    for a unit, rate of duty in bulk (a share of the purchase cost).
    """

    units: Floats
    sigma: Floats
    kg: Floats
    purchase: Floats
    margin: Floats
    duty: Floats

    def chosen(self, places: list[int]) -> Products:
        """Return the products at these places."""
        return Products(**{each.name: getattr(self, each.name)[places] for each in fields(self)})


def yearly_costs(products: Products, parcel_duty: float) -> Mapping[str, Floats]:
    """Return, by route, what a year costs with the best stock level, in yuan, for each product.

    ``parcel_duty`` is the duty of a parcel of one unit, in yuan.
    """
    return {route.key: _cost(products, route, parcel_duty) for route in ROUTES}


def _cost(products: Products, route: Route, parcel_duty: float) -> Floats:
    rate_duty = products.duty * products.purchase
    duty = rate_duty if route.bulk else np.full_like(rate_duty, parcel_duty)
    unit = route.per_unit + route.per_kg * products.kg + duty
    short = products.margin
    over = route.leftover * products.purchase + duty * route.duty_on_leftovers
    z = normal_quantile(short / (short + over))
    spread = products.sigma * math.sqrt(route.days + CYCLE)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    mismatch = (short + over) * spread * density * (YEAR / CYCLE)
    stored = np.maximum(products.units * CYCLE / 2.0 + z * spread, 0.0)
    cost: Floats = products.units * YEAR * unit + stored * products.kg * route.storage * YEAR + mismatch
    return cost
