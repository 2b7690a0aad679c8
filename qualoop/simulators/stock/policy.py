"""Order points over a year: (s,Q) for several products in four rounds, with a storage fee that peaks and a delay.

V = −expected cost of storage, waiting and ordering until the last order has arrived, exactly (`policy_costs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel

from qualoop.simulators.decided_rounds import DecidedRounds, standing
from qualoop.simulators.decisions import Decision, DecisionForm, Plan
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Standard, State
from qualoop.simulators.scoring import gap_scores
from qualoop.simulators.stock.counts import clumped_pmf, mismatch_cost
from qualoop.simulators.stock.laws import year_laws
from qualoop.simulators.stock.policy_costs import PLACES, expected_costs, least_cost
from qualoop.simulators.stock.policy_pages import known_panels, policy_form, result_panels
from qualoop.simulators.stock.policy_play import POINT, QUANTITY, play, points_and_quantities
from qualoop.simulators.stock.policy_world import MOST, ROUNDS, StockPolicySpec, StockPolicyWorld, make_year
from qualoop.simulators.stock.reorder import cheapest_window
from qualoop.simulators.stock.shocks import PEAK, YEAR_NAMES, YearShock, slower, year_events
from qualoop.simulators.stock.words import MONEY, text
from qualoop.simulators.streams import Floats, Integers, WorldKey
from qualoop.simulators.views import View
from qualoop.values import Text

_LEAST_CLUMPING: Final = 1.1
_NAIVE_WEEKS: Final = 7.0
_POOR: Final = (3.0, 4.0)


class StockPolicyEngine(DecidedRounds):
    """A year of a shop's stock, with an order point and an order quantity a product and round."""

    name: str = "stock-policy"
    value_tolerance: float = 0.0
    spec_model: type[BaseModel] = StockPolicySpec

    @property
    def shocks(self) -> Mapping[str, Text]:
        """Return what a teacher may let happen."""
        return YEAR_NAMES

    def with_shock(self, spec: StockPolicySpec, number: int, kind: str, /) -> StockPolicySpec:
        """Return a year in which something happens from a round on; raise ValueError."""
        shock = YearShock.model_validate({"round": number, "kind": kind})
        return spec.model_copy(update={"shocks": (*spec.shocks, shock)})

    def events(self, spec: StockPolicySpec, /) -> list[tuple[int, Text]]:
        """Return what a project's year has in store, by round."""
        longer = (spec.shock_round, slower(*spec.delays))
        return sorted([longer, (ROUNDS, PEAK), *year_events(spec.shocks)], key=lambda each: each[0])

    def world(self, spec: StockPolicySpec, key: WorldKey, /) -> StockPolicyWorld:
        """Return the year of a key."""
        return make_year(spec, key)

    def form(self, world: StockPolicyWorld, /) -> DecisionForm:
        """Return the table of products with their two numbers."""
        return policy_form(world)

    def rounds(self, world: StockPolicyWorld, /) -> int:
        """Return the four rounds of the year."""
        return ROUNDS

    def step(
        self, world: StockPolicyWorld, state: State, decision: Decision, run: WorldKey, /
    ) -> tuple[State, Happened]:
        """Return the state after a round, and how the round came out."""
        after = self.after(world, state, decision)
        decisions = self.plan(world, after)
        played = play(world, decisions, run)
        number = len(decisions) - 1
        costs = played.costs[:, number * world.spec.round_weeks :].sum()
        return after, Happened(panels=result_panels(world, played, number), realised=-float(costs))

    def view(self, world: StockPolicyWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return how the last round came out, and what is known for the next."""
        form = self.form(world)
        decisions = self.plan(world, state)
        number, over = len(decisions), len(decisions) == ROUNDS
        played = play(world, decisions, run) if decisions else None
        results = result_panels(world, played, number - 1) if played else ()
        return View(
            round=number,
            rounds=ROUNDS,
            panels=(*results, *known_panels(world, played, number)),
            form=None if over else form,
            standing={} if over else standing(decisions, form),
        )

    def value(self, world: StockPolicyWorld, plan: Plan, /) -> float:
        """Return minus the expected cost, exactly."""
        policies = [points_and_quantities(decision) for decision in plan]
        points, quantities = zip(*policies, strict=True)
        return -float(expected_costs(world, points, quantities).sum())

    def oracle(self, world: StockPolicyWorld, /) -> Bound:
        """Return minus a cost that no policy beats, and (s,Q) chosen with the true parameters."""
        return Bound(
            value=-least_cost(world),
            plan=steady_policies(world, world.rate, world.clumping),
        )

    def reference(self, world: StockPolicyWorld, /) -> Plan:
        """Return the best (s,Q) for each round's conditions under what the sales before the year tell of demand."""
        return steady_policies(world, *estimates(world))

    def baseline(self, world: StockPolicyWorld, kind: BaselineKind, /) -> Plan:
        """Return one rule for the whole year, or a bot."""
        sold = world.history.mean(axis=1)
        alike = np.full(len(sold), sold.mean() * (1 + world.spec.lead))
        match kind:
            case BaselineKind.NAIVE:
                # What sells until an order arrives, and no safety; a few weeks' sales a batch, whatever the costs.
                policy = world.spec.lead * sold, _NAIVE_WEEKS * sold
            case BaselineKind.POOR:
                policy = _POOR[0] * alike, _POOR[1] * alike
            case BaselineKind.NOTHING:
                return [self.form(world).defaults()] * ROUNDS
            case BaselineKind.SPEND_ALL:
                policy = np.full(len(sold), MOST), np.full(len(sold), MOST)
            case BaselineKind.RATIO_TRICK:
                # The stock turns over as fast as can be: there is hardly any.
                policy = np.zeros(len(sold)), np.ones(len(sold))
        points, quantities = (np.minimum(np.round(numbers), MOST) for numbers in policy)
        return [_decision(points, np.maximum(quantities, 1.0))] * ROUNDS

    def scores(self, world: StockPolicyWorld, plan: Plan, /, standard: Standard | None = None) -> list[PartScore]:
        """Return the scores of order points and order quantities."""
        return gap_scores(self, world, plan, why=_why, standard=standard)

    def hidden(self, world: StockPolicyWorld, /) -> Mapping[str, Sequence[float]]:
        """Return what is really asked for in a week on average, and how unevenly."""
        return {"rates": world.rate.tolist(), "clumping": world.clumping.tolist()}

    def laws(self, world: StockPolicyWorld, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        """Return by how much pieces do not add up."""
        return year_laws(world, plan, run)


def estimates(world: StockPolicyWorld) -> tuple[Floats, Floats]:
    """Return what the sales before the year tell: mean a week, and variance over mean, half own and half pooled."""
    mean = np.maximum(world.history.mean(axis=1), 0.5)
    own = world.history.var(axis=1, ddof=1) / mean
    return mean, np.maximum((own + own.mean()) / 2.0, _LEAST_CLUMPING)


def steady_policies(world: StockPolicyWorld, rate: Floats, clumping: Floats) -> Plan:
    """Return for each round the (s,Q) of the least long-run cost under its fee, season and lead time."""
    plan = []
    for season, factor, lead in zip(world.season, world.fee_factor, world.lead, strict=True):
        mean = rate * season * lead
        carried = mismatch_cost(clumped_pmf(mean, clumping, PLACES), mean, over=world.fee * factor, under=world.waiting)
        points, quantities, _ = cheapest_window(carried, world.spec.ordering * rate * season)
        plan.append(_decision(np.clip(points, 0, MOST), np.clip(quantities, 1, MOST)))
    return plan


def _decision(points: Floats | Integers, quantities: Floats | Integers) -> Decision:
    return {POINT: points.astype(float).tolist(), QUANTITY: quantities.astype(float).tolist()}


def _why(component: str, lost: float, poor: float) -> Text:
    amount = f"{MONEY}{max(lost, 0.0):,.0f}"
    if component == "reorder-point":
        return text(
            f"Order points cost {amount} more than need be: demand until the order arrives, plus a safety stock that grows "
            "with the cost of waiting; raise them as soon as orders take longer.",
            f"再订货点使成本多出{amount}：它等于到货前的需求加安全库存，缺货成本越高安全库存越多；到货变慢时要立即调高。",
        )
    return text(
        f"Order quantities cost {amount} more than need be: large batches fill the store, small ones are ordered too often; "
        "where the fee peaks, order less at a time.",
        f"订货量使成本多出{amount}：批量大则占用仓库，批量小则订货频繁；仓储费高峰期应减少每批数量。",
    )
