"""The world of a year with order points: what is known of products, fees and lead times, and the demand behind it.

Weekly demand has a variance of ``clumping`` times its mean, and a season's factor a round; weeks are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from qualoop.simulators.distributions import lognormal_quantile
from qualoop.simulators.stock.counts import DEVIATIONS, clumped_pmf, quantiles
from qualoop.simulators.stock.products import Product, pick_products
from qualoop.simulators.stock.shocks import YEAR_FEE, YearShock, count_of
from qualoop.simulators.stock.spreading import log_between, spread_uniforms
from qualoop.simulators.stock.year import last_arrived
from qualoop.simulators.streams import Floats, Integers, WorldKey

ROUNDS: Final = 4
MOST: Final = 200
_RATES: Final = (0.6, 16.0)
_WAITING: Final = (6.0, 14.0)


class StockPolicySpec(BaseModel):
    """What a project may say of a year with order points."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    products: StrictInt = Field(default=12, description="Products to keep in stock.", ge=3, le=16)
    round_weeks: StrictInt = Field(default=13, description="Weeks of each of the four rounds.", ge=6, le=13)
    history_weeks: StrictInt = Field(default=26, description="Weeks of sales that are known before.", ge=8, le=52)
    typical: tuple[float, float] = Field(
        default=(2.5, 7.0), description="Between which bounds a world's median weekly demand lies, in pieces."
    )
    scatter: float = Field(
        default=0.9, description="Standard deviation of the logarithm of weekly demand over products.", ge=0.2, le=1.0
    )
    ordering: float = Field(default=40.0, description="Cost of a batch, whatever its size.", ge=5, le=200)
    lead: StrictInt = Field(default=2, description="Weeks from order to arrival at first.", ge=1, le=3)
    shock_round: StrictInt = Field(
        default=3, description="Round, from 1, from which on orders take longer; told when it begins.", ge=2, le=4
    )
    delays: tuple[StrictInt, StrictInt] = Field(default=(3, 3), description="By how many weeks, least and most.")
    peak_fee: tuple[float, float] = Field(
        default=(2.0, 3.0), description="Factor of the storage fee in the last round."
    )
    shocks: tuple[YearShock, ...] = Field(default=(), description="What changes besides on the way.")


@dataclass(frozen=True, kw_only=True, eq=False)
class StockPolicyWorld:
    """A year with order points. ``rate`` and ``clumping`` are hidden; ``history`` (products × weeks) tells of them.

    ``fee`` and ``waiting`` are money a piece and week; ``season``, ``fee_factor`` and ``lead`` have a value a round.
    """

    spec: StockPolicySpec
    key: WorldKey
    products: tuple[Product, ...]
    rate: Floats
    clumping: Floats
    history: Integers
    fee: Floats
    waiting: Floats
    stock: Integers
    season: Floats
    fee_factor: Floats
    lead: tuple[int, ...]

    @property
    def weeks(self) -> int:
        """Return in how many weeks orders are placed."""
        return ROUNDS * self.spec.round_weeks

    @property
    def all_weeks(self) -> int:
        """Return the weeks until the last order has arrived: so long stock and waiting are paid."""
        return self.weeks + self.lead[-1]

    @cached_property
    def leads(self) -> tuple[int, ...]:
        """Return the lead time of an order placed in each week."""
        return tuple(self.lead[self.round_of(week)] for week in range(self.weeks))

    @cached_property
    def arrived(self) -> list[int]:
        """Return for each week's end the last week whose orders have arrived, −1 where none has."""
        return last_arrived(self.leads, self.all_weeks)

    def round_of(self, week: int) -> int:
        """Return the round of a week; what comes after the year is like its last round."""
        return min(week // self.spec.round_weeks, ROUNDS - 1)


def make_year(spec: StockPolicySpec, key: WorldKey) -> StockPolicyWorld:
    """Return the year of a key."""
    count = spec.products
    typical = log_between(spec.typical, key.uniforms("typical", shape=1))
    spread = lognormal_quantile(spread_uniforms(key, "rate", count=count), 0.0, spec.scatter)
    rate = np.clip(typical * spread, *_RATES)
    clumping = 1.3 + 2.2 * spread_uniforms(key, "clumping", count=count)
    # What sells more is smaller, so that no few products decide a year.
    size = np.sqrt(rate / typical)
    fee = np.round((0.6 + 0.8 * spread_uniforms(key, "fee", count=count)) / size, 2)
    times = spread_uniforms(key, "waiting", count=count)
    draws = key.uniforms("rounds", shape=ROUNDS + 2)
    history = demand_of(rate, clumping, key.uniforms("history", shape=(count, spec.history_weeks)))
    return StockPolicyWorld(
        spec=spec,
        key=key,
        products=pick_products(count, key),
        rate=rate,
        clumping=clumping,
        history=history,
        fee=fee,
        waiting=np.round(fee * (_WAITING[0] + (_WAITING[1] - _WAITING[0]) * times), 1),
        # From what was sold: from the true rate it would give that away.
        stock=np.round(history.mean(axis=1) * (spec.lead + 2.0)).astype(np.int64),
        season=_seasons(draws[:ROUNDS]),
        fee_factor=_fee_factors(spec, float(draws[ROUNDS])),
        lead=_lead_times(spec, float(draws[ROUNDS + 1])),
    )


def _seasons(draws: Floats) -> Floats:
    """Return demand's factors: an even start, a quiet round, a better one, the peak; in steps of 5 %."""
    low, high = np.array([1.0, 0.7, 1.0, 1.4]), np.array([1.0, 0.9, 1.2, 1.7])
    factors: Floats = np.round((low + (high - low) * draws) * 20.0) / 20.0
    return factors


def _fee_factors(spec: StockPolicySpec, draw: float) -> Floats:
    low, high = spec.peak_fee
    factors = np.ones(ROUNDS)
    factors[-1] = round((low + (high - low) * draw) * 10.0) / 10.0
    dearer = np.array([count_of(spec.shocks, "storage_dearer", number) for number in range(1, ROUNDS + 1)])
    shocked: Floats = factors * YEAR_FEE**dearer
    return shocked


def _lead_times(spec: StockPolicySpec, draw: float) -> tuple[int, ...]:
    low, high = spec.delays
    longer = spec.lead + low + int(draw * (high - low + 1))
    return tuple(
        (spec.lead if number < spec.shock_round else longer) + count_of(spec.shocks, "orders_slower", number)
        for number in range(1, ROUNDS + 1)
    )


def demand_of(rate: Floats, clumping: Floats, uniforms: Floats) -> Integers:
    """Return weekly demand for each product's row of uniforms."""
    most = float(rate.max())
    size = int(most + DEVIATIONS * np.sqrt(most * float(clumping.max()))) + 2
    return quantiles(clumped_pmf(rate, clumping, size), uniforms)


def drawn_demand(world: StockPolicyWorld, run: WorldKey) -> Integers:
    """Return demand by product and week with the luck of ``run``, whatever was ordered."""
    draws = run.uniforms("demand", shape=(world.all_weeks, world.spec.products)).T
    rounds = np.array([world.round_of(week) for week in range(world.all_weeks)])
    return np.concatenate(
        [
            demand_of(world.rate * world.season[number], world.clumping, draws[:, rounds == number])
            for number in range(ROUNDS)
        ],
        axis=1,
    )
