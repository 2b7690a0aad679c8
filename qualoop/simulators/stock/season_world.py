"""The world of a buying season: what a shop sold, what is known of the next season, and the demand that nobody knows.

A product's season demand is Poisson around a mean that a Gamma factor moves: negative binomial with the true mean and
the stated spread. Sizes follow twelve autumn weeks of Online Retail (Chen, 2012; CC0): log-normal over products, with
a heavy tail, several pieces an order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from qualoop.simulators.distributions import exponential_quantile, lognormal_quantile
from qualoop.simulators.stock.counts import DEVIATIONS, clumped_pmf, expected_excess, negative_binomial_pmf, quantiles
from qualoop.simulators.stock.products import Product, pick_products
from qualoop.simulators.stock.spreading import spread_uniforms
from qualoop.simulators.streams import Floats, Integers, WorldKey

CATEGORIES: Final = 6
_GROWTHS: Final = np.array([-0.4, -0.25, -0.1, 0.15, 0.35, 0.6])
_SPREADS: Final = np.array([0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6])
_RATIOS: Final = (0.2, 0.9)
_MEANS: Final = (12.0, 360.0)


class SeasonSpec(BaseModel):
    """What a project may say of a buying season."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    products: StrictInt = Field(default=60, description="Products to order, spread over six categories.", ge=12, le=60)
    weeks: StrictInt = Field(default=12, description="Weeks of a season, last year's and the next.", ge=8, le=26)
    typical: float = Field(default=90.0, description="Median season demand of a product, in pieces.", ge=30, le=150)
    scatter: float = Field(
        default=0.8, description="Standard deviation of the logarithm of season demand over products.", ge=0.3, le=1.2
    )
    lift: float = Field(default=2.5, description="How many normal weeks a campaign week sells.", ge=1, le=5)
    sold_out: float = Field(default=0.35, description="Share of products that ran out last season.", ge=0, le=0.8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeasonWorld:
    """A buying season. Arrays have a value for each product; ``hidden`` parts are ``mean`` and all that follows it.

    ``growth`` and ``spread`` are shares; ``history`` and ``in_stock`` have a column a week.
    """

    spec: SeasonSpec
    key: WorldKey
    products: tuple[Product, ...]
    price: Floats
    cost: Floats
    salvage: Floats
    growth: Floats
    spread: Floats
    history: Integers
    in_stock: NDArray[np.bool_]
    campaign: NDArray[np.bool_]
    mean: Floats
    mass: Floats
    sold: Floats

    @property
    def ratio(self) -> Floats:
        """Return each product's critical ratio: margin over margin and loss on what is left."""
        ratio: Floats = (self.price - self.cost) / (self.price - self.salvage)
        return ratio


def make_season(spec: SeasonSpec, key: WorldKey) -> SeasonWorld:
    """Return the season of a key."""
    products = pick_products(spec.products, key)
    count = len(products)
    category = np.array([product.category for product in products])
    weekly = _weekly_rates(spec, key, count)
    campaign, in_stock = _campaigns(spec, key)[category], _availability(spec, key, count)
    growth = _GROWTHS[np.argsort(key.uniforms("growth", shape=CATEGORIES))][category]
    mean = weekly * spec.weeks * (1.0 + growth)
    spread = _SPREADS[(spread_uniforms(key, "spread", count=count) * len(_SPREADS)).astype(np.int64)]
    shape = spread**-2.0
    size = int(np.max(mean + DEVIATIONS * np.sqrt(mean + mean * mean / shape))) + 2
    mass = negative_binomial_pmf(mean, shape, size)
    return SeasonWorld(
        spec=spec,
        key=key,
        products=products,
        **_money(key, weekly * spec.weeks / spec.typical),
        growth=growth,
        spread=spread,
        history=_history(key, np.where(campaign, spec.lift, 1.0) * weekly[:, None], in_stock),
        in_stock=in_stock,
        campaign=campaign,
        mean=mean,
        mass=mass,
        sold=mean[:, None] - expected_excess(mass, mean),
    )


def _weekly_rates(spec: SeasonSpec, key: WorldKey, count: int) -> Floats:
    """Return last season's true weekly demand."""
    totals = lognormal_quantile(spread_uniforms(key, "size", count=count), float(np.log(spec.typical)), spec.scatter)
    return np.clip(totals, *_MEANS) / spec.weeks


def _money(key: WorldKey, size: Floats) -> dict[str, Any]:
    """Return price, purchase cost and clearance price, in whole cents, so that critical ratios are spread evenly.

    ``size`` is demand over the typical one: what sells more is cheaper, so that no few products decide a season.
    """
    count = len(size)
    typical = lognormal_quantile(key.uniforms("price", shape=count), 2.7, 0.35)
    price = np.round(np.clip(typical / np.sqrt(size), 3.0, 60.0), 1)
    clearance, wanted = key.uniforms("clearance", shape=count), spread_uniforms(key, "margin", count=count)
    salvage = np.round(price * (0.1 + 0.25 * clearance), 2)
    ratio = _RATIOS[0] + (_RATIOS[1] - _RATIOS[0]) * wanted
    return {"price": price, "salvage": salvage, "cost": np.round(price - ratio * (price - salvage), 2)}


def _campaigns(spec: SeasonSpec, key: WorldKey) -> NDArray[np.bool_]:
    """Return the weeks of last season in which each category was in a campaign: none to three, one after the other."""
    first, length = key.uniforms("campaign", shape=(2, CATEGORIES))
    lengths = (length * 4).astype(np.int64)
    starts = (first * (spec.weeks - 3)).astype(np.int64)
    weeks = np.arange(spec.weeks)
    inside: NDArray[np.bool_] = (weeks >= starts[:, None]) & (weeks < (starts + lengths)[:, None])
    return inside


def _availability(spec: SeasonSpec, key: WorldKey, count: int) -> NDArray[np.bool_]:
    """Return in which weeks each product was there: one that ran out stays away for the rest of the season."""
    ran_out, when = key.uniforms("sold-out", shape=(2, count))
    there = 0.35 + 0.55 * when
    last = np.where(ran_out < spec.sold_out, np.ceil(there * spec.weeks), spec.weeks)
    return np.arange(spec.weeks) < last[:, None]


def _history(key: WorldKey, rates: Floats, in_stock: NDArray[np.bool_]) -> Integers:
    """Return what was sold by product and week."""
    count, weeks = rates.shape
    clumping = 1.5 + exponential_quantile(key.uniforms("clumping", shape=count), 1.0)
    draws = key.uniforms("history", shape=(count, weeks))
    usual, lifted = rates.min(axis=1), rates.max(axis=1)
    most = float(lifted.max())
    size = int(most + DEVIATIONS * np.sqrt(most * clumping.max())) + 2
    low, high = (quantiles(clumped_pmf(level, clumping, size), draws) for level in (usual, lifted))
    sold = np.where(rates > usual[:, None], high, low)
    return np.where(in_stock, sold, 0)
