"""The buying season: one order a product before the season begins, a newsvendor's decision many times over.

V = Σ over products of (price − clearance)·E min(Q, D) − (cost − clearance)·Q, Q = max(0, forecast + buffer), exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel

from qualoop.simulators.decided_rounds import DecidedRounds
from qualoop.simulators.decisions import Decision, DecisionForm, Plan
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Standard, State
from qualoop.simulators.scoring import gap_scores
from qualoop.simulators.stock.counts import negative_binomial_pmf, quantile_of, quantiles
from qualoop.simulators.stock.laws import season_laws
from qualoop.simulators.stock.season_pages import (
    BUFFER,
    FORECAST,
    MOST,
    known_panels,
    result_panels,
    season_form,
    season_profit,
)
from qualoop.simulators.stock.season_world import SeasonSpec, SeasonWorld, make_season
from qualoop.simulators.stock.words import MONEY, text
from qualoop.simulators.streams import Floats, Integers, WorldKey
from qualoop.simulators.views import View
from qualoop.values import Text

_NAIVE: Final = 0.4
_POOR: Final = 1.3
_TRICK: Final = 0.08


class SeasonEngine(DecidedRounds):
    """A season's purchase for a shop of many products."""

    name: str = "stock-season"
    value_tolerance: float = 0.0
    spec_model: type[BaseModel] = SeasonSpec

    def world(self, spec: SeasonSpec, key: WorldKey, /) -> SeasonWorld:
        """Return the season of a key."""
        return make_season(spec, key)

    def form(self, world: SeasonWorld, /) -> DecisionForm:
        """Return the order sheet."""
        return season_form(world)

    def step(self, world: SeasonWorld, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the end of the season, and how it came out."""
        orders, demand = ordered(decision), season_demand(world, run)
        happened = Happened(
            panels=result_panels(world, orders, demand),
            realised=float(season_profit(world, orders, demand).sum()),
        )
        return self.after(world, state, decision), happened

    def view(self, world: SeasonWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return last season's facts and the order sheet, or how the season came out."""
        form = self.form(world)
        decisions = self.plan(world, state)
        known = known_panels(world)
        if not decisions:
            return View(round=0, rounds=1, panels=known, form=form, standing=form.defaults())
        results = result_panels(world, ordered(decisions[0]), season_demand(world, run))
        return View(round=1, rounds=1, panels=(*results, *known), form=None, standing={})

    def value(self, world: SeasonWorld, plan: Plan, /) -> float:
        """Return the expected profit, exactly."""
        orders = ordered(plan[0])
        # Nothing is sold beyond the table's end: so much is never asked for.
        sold = np.take_along_axis(world.sold, np.minimum(orders, world.sold.shape[1] - 1)[:, None], axis=1)[:, 0]
        return float(((world.price - world.salvage) * sold - (world.cost - world.salvage) * orders).sum())

    def oracle(self, world: SeasonWorld, /) -> Bound:
        """Return the newsvendor's quantities under the true demand distribution: exactly the best."""
        best = quantile_of(world.mass, world.ratio)
        plan = [_decision(np.round(world.mean), best)]
        return Bound(value=self.value(world, plan), plan=plan)

    def reference(self, world: SeasonWorld, /) -> Plan:
        """Return what last season teaches: rates of the weeks on sale, campaigns taken out, and the critical ratio."""
        forecast = forecast_from_history(world)
        mass = negative_binomial_pmf(np.maximum(forecast, 1.0), world.spread**-2.0, world.mass.shape[1])
        return [_decision(forecast, quantile_of(mass, world.ratio))]

    def baseline(self, world: SeasonWorld, kind: BaselineKind, /) -> Plan:
        """Return a policy that treats all products alike, or a bot."""
        sold = world.history.sum(axis=1)
        alike = np.full(len(sold), np.round(sold.mean()))
        match kind:
            case BaselineKind.NAIVE:
                return [_decision(alike, np.round(_NAIVE * alike))]
            case BaselineKind.POOR:
                return [_decision(alike, np.round(_POOR * alike))]
            case BaselineKind.NOTHING:
                return [_decision(np.zeros(len(sold)), np.zeros(len(sold)))]
            case BaselineKind.SPEND_ALL:
                return [_decision(np.full(len(sold), MOST), np.full(len(sold), 2 * MOST))]
            case BaselineKind.RATIO_TRICK:
                # So little of everything that all of it sells: a perfect sell-through, and hardly any profit.
                return [_decision(np.round(_TRICK * sold), np.round(_TRICK * sold))]

    def scores(self, world: SeasonWorld, plan: Plan, /, standard: Standard | None = None) -> list[PartScore]:
        """Return the scores of forecast and safety."""
        return gap_scores(self, world, plan, why=_why, standard=standard)

    def hidden(self, world: SeasonWorld, /) -> Mapping[str, Sequence[float]]:
        """Return what is really asked for on average, and what would be best to order."""
        best = quantile_of(world.mass, world.ratio)
        return {"mean demand": world.mean.tolist(), "best orders": best.tolist()}

    def laws(self, world: SeasonWorld, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        """Return by how much pieces and money do not add up."""
        return season_laws(world, self.step(world, self.initial(world), plan[0], run)[1])


def ordered(decision: Decision) -> Integers:
    """Return what is ordered of each product: forecast + buffer, and nothing where that is below 0."""
    total = np.array(decision[FORECAST], dtype=np.float64) + np.array(decision[BUFFER], dtype=np.float64)
    orders: Integers = np.maximum(np.round(total), 0.0).astype(np.int64)
    return orders


def season_demand(world: SeasonWorld, run: WorldKey) -> Integers:
    """Return what is asked for with the luck of ``run``, whatever was ordered."""
    return quantiles(world.mass, run.uniforms("demand", shape=(len(world.mean), 1)))[:, 0]


def forecast_from_history(world: SeasonWorld) -> Floats:
    """Return what last season says of the next: sales of a normal week on sale × weeks × outlook, in whole pieces."""
    weeks = (world.in_stock * np.where(world.campaign, world.spec.lift, 1.0)).sum(axis=1)
    normal = world.history.sum(axis=1) / weeks
    forecast: Floats = np.round(normal * world.spec.weeks * (1.0 + world.growth))
    return forecast


def _decision(forecast: Floats, orders: Floats | Integers) -> Decision:
    return {FORECAST: forecast.tolist(), BUFFER: (orders - forecast).tolist()}


def _why(component: str, lost: float, poor: float) -> Text:
    amount = f"{MONEY}{max(lost, 0.0):,.0f}"
    if component == "forecast":
        return text(
            f"Forecasts cost {amount} of expected profit: count only weeks on sale, take campaigns out, apply the outlook.",
            f"预测使预期利润减少{amount}：只计在售的周，剔除活动的影响，再按市场预期调整。",
        )
    return text(
        f"Buffers cost {amount} of expected profit: order more where margin is large against the loss on leftovers, "
        "less where it is small, and the more so the less certain demand is.",
        f"增减量使预期利润减少{amount}：毛利高于滞销损失的多订，低于的少订；需求越不确定，增减越大。",
    )
