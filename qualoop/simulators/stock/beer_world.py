"""The world of a supply chain of four firms and several products: what is known of demand, and all that may come.

What may come is a number of futures a product, Poisson demand drawn once with the world. A run draws one for each
product, so that the mean over all futures is exactly what a plan is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from qualoop.simulators.stock.chain import Chain, Start
from qualoop.simulators.stock.counts import DEVIATIONS, poisson_pmf, quantiles
from qualoop.simulators.stock.products import Product, pick_products
from qualoop.simulators.stock.shocks import CHAIN_FACTORS, ChainShock
from qualoop.simulators.stock.spreading import log_between, spread_uniforms
from qualoop.simulators.streams import Floats, Integers, WorldKey

CHAIN: Final = Chain()
_NEWS: Final = (0.7, 1.4)
_TYPICAL: Final = (2.5, 14.0)
_USUAL: Final = 6.0
"""A typical weekly demand at which a piece costs what it says: where more is sold, a piece is cheaper, so that chains
have stakes of one size.
"""


class BeerGameSpec(BaseModel):
    """What a project may say of a supply chain."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    products: StrictInt = Field(default=10, description="Products that go down the chain.", ge=1, le=12)
    rounds: StrictInt = Field(default=3, description="Rounds, each with rules of its own.", ge=1, le=8)
    round_weeks: StrictInt = Field(default=17, description="Weeks of a round.", ge=6, le=26)
    history_weeks: StrictInt = Field(default=20, description="Weeks that are known before.", ge=4, le=52)
    spread: float = Field(
        default=4.0,
        description="Weekly demand lies between a typical one divided by this and the same times this.",
        ge=1,
        le=5,
    )
    futures: StrictInt = Field(default=16, description="How many courses of demand may come, a product.", ge=8, le=256)
    shocks: tuple[ChainShock, ...] = Field(default=(), description="What changes on the way.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BeerGameWorld:
    """A chain. ``rate`` and ``futures`` (weeks × products × futures) are hidden; ``history`` is weeks × products.

    ``unit`` is what a piece costs a week for each 1 of `Chain`'s rates; ``news`` has demand's factor by round, product.
    """

    spec: BeerGameSpec
    key: WorldKey
    products: tuple[Product, ...]
    rate: Floats
    unit: Floats
    history: Integers
    news: Floats
    futures: Floats

    @property
    def weeks(self) -> int:
        """Return the weeks of all rounds."""
        return self.spec.rounds * self.spec.round_weeks

    @property
    def start(self) -> Start:
        """Return where it begins: pipelines full of usual orders, a week's demand in stock."""
        usual = np.round(self.history.mean(axis=0))
        return Start(stock=usual, slot=usual)


def make_chain(spec: BeerGameSpec, key: WorldKey) -> BeerGameWorld:
    """Return the chain of a key."""
    count = spec.products
    typical = log_between(_TYPICAL, key.uniforms("typical", shape=1))
    rate = typical * log_between((1.0 / spec.spread, spec.spread), spread_uniforms(key, "rate", count=count))
    news = np.ones((spec.rounds, count))
    for number in range(1, spec.rounds):
        factors = log_between(_NEWS, spread_uniforms(key, "news", number, count=count))
        news[number] = np.round(factors * 20.0) / 20.0
    for shock in spec.shocks:
        news[shock.round - 1 :] *= CHAIN_FACTORS[shock.kind]
    dear = 0.8 + 0.4 * key.uniforms("unit", shape=count)
    weekly = np.repeat(rate * news, spec.round_weeks, axis=0)
    return BeerGameWorld(
        spec=spec,
        key=key,
        products=pick_products(count, key),
        rate=rate,
        # What sells more is cheaper, so that no few products decide.
        unit=np.round(dear * (typical / rate) ** 0.75 * _USUAL / typical, 2),
        history=_demand(rate[None], key.uniforms("history", shape=(1, count, spec.history_weeks)))[0].T,
        news=news,
        futures=_futures(spec, weekly, key),
    )


def _futures(spec: BeerGameSpec, weekly: Floats, key: WorldKey) -> Floats:
    weeks = spec.round_weeks
    draws = key.uniforms("futures", shape=(len(weekly), spec.products, spec.futures))
    # One table a round: all of its weeks have the same distribution.
    rounds = [
        _demand(
            weekly[first][None],
            draws[first : first + weeks].transpose(1, 0, 2).reshape(1, spec.products, -1),
        )[0]
        .reshape(spec.products, weeks, spec.futures)
        .transpose(1, 0, 2)
        for first in range(0, len(weekly), weeks)
    ]
    return np.ascontiguousarray(np.concatenate(rounds), dtype=np.float64)


def _demand(rates: Floats, draws: Floats) -> Integers:
    most = float(rates.max())
    size = int(most + DEVIATIONS * np.sqrt(most)) + 2
    return np.stack([quantiles(poisson_pmf(row, size), uniforms) for row, uniforms in zip(rates, draws, strict=True)])
