"""The engine landed-cost: a year of trade across borders under dated rules, decided once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel

from qualoop.authored_files import Problems
from qualoop.simulators.border.form import HIGHEST_CHARGE, form_of
from qualoop.simulators.border.incoterms import incoterms
from qualoop.simulators.border.panels import facts, outcome
from qualoop.simulators.border.reading import read_pack
from qualoop.simulators.border.routes import ROUTES
from qualoop.simulators.border.spec import LandedCostSpec
from qualoop.simulators.border.valuing import Result, contract_field, result_of, sides, yearly
from qualoop.simulators.border.world import BorderWorld, make_world
from qualoop.simulators.decided_rounds import DecidedRounds
from qualoop.simulators.decisions import Decision, DecisionForm, Plan, Value
from qualoop.simulators.distributions import normal_quantile, poisson_quantile
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Refusal, Standard, State
from qualoop.simulators.scoring import gap_scores
from qualoop.simulators.streams import Floats, WorldKey
from qualoop.simulators.views import View
from qualoop.values import Text

_CELL_NOISE: Final = 0.25
_ROUTE_NOISE: Final = 0.08

_WHY: Final = {
    "classification": Text({"en": "Headings of the goods", "zh-Hans": "商品归类"}),
    "landed-cost": Text({"en": "Rule, duty and VAT of the parcels", "zh-Hans": "包裹的规则、关税与增值税"}),
    "incoterm": Text({"en": "Who pays and bears what in the contracts", "zh-Hans": "合同中费用与风险的划分"}),
    "route": Text({"en": "Routes of the products", "zh-Hans": "商品的路线"}),
}


class LandedCostEngine(DecidedRounds):
    """Parcels and bulk contracts under a dated pack of rules; value is the year's expected profit in yuan."""

    name: str = "landed-cost"
    spec_model: type[BaseModel] = LandedCostSpec
    value_tolerance: float = 0.0

    def world(self, spec: LandedCostSpec, key: WorldKey, /) -> BorderWorld:
        """Return the world; raise SpecRefusedError where the pack is wrong or does not fit the cases."""
        return make_world(spec, key)

    def check_pack(self, root: Path, name: str, problems: Problems, /) -> None:
        """Note all that is wrong with a pack of rules, each with its line."""
        if name == "customs":
            read_pack(root, f"packs/{name}.yaml", problems)

    def form(self, world: BorderWorld, /) -> DecisionForm:
        """Return what is to be decided."""
        return form_of(world)

    def check(self, world: BorderWorld, state: State, decision: Decision, /) -> list[Refusal]:
        """Return a refusal for each rule that nobody has verified: a parcel is not sent under it."""
        unverified = {rule.id for rule in world.pack.rules if rule.verify}
        return super().check(world, state, decision) + [
            Refusal(
                code="unverified-rule",
                text=Text(
                    {
                        "en": "Nobody has verified this rule, so no parcel can be declared under it. Choose another.",
                        "zh-Hans": "该规则未经核实，不能据此申报。请另选一条。",
                    }
                ),
                field="rule",
                row=row,
            )
            for row, rule in enumerate(decision["rule"])
            if rule in unverified
        ]

    def step(self, world: BorderWorld, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the state after the year, and what it brought."""
        result, orders = _sampled(world, decision, run)
        happened = Happened(panels=outcome(world, result, orders), realised=result.profit(orders))
        return self.after(world, state, decision), happened

    def view(self, world: BorderWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return the pack and what is to be decided; after the year what it brought."""
        form, done = form_of(world), self.plan(world, state)
        panels = facts(world)
        for decision in done:
            panels = outcome(world, *_sampled(world, decision, run)) + panels
        return View(
            round=len(done),
            rounds=1,
            panels=panels,
            form=None if done else form,
            standing={} if done else form.defaults(),
        )

    def value(self, world: BorderWorld, plan: Plan, /) -> float:
        """Return the expected profit of the year, in yuan."""
        return result_of(world, plan[0]).profit(yearly(world))

    def oracle(self, world: BorderWorld, /) -> Bound:
        """Return the reference: with the pack at hand everything can be known."""
        plan = self.reference(world)
        return Bound(value=self.value(world, plan), plan=plan)

    def reference(self, world: BorderWorld, /) -> Plan:
        """Return the right headings, rules, charges and cells, and the cheapest routes."""
        return [_right(world)]

    def baseline(self, world: BorderWorld, kind: BaselineKind, /) -> Plan | None:
        """Return the plan of a policy."""
        match kind:
            case BaselineKind.NAIVE:
                return [_naive(world)]
            case BaselineKind.POOR | BaselineKind.NOTHING | BaselineKind.RATIO_TRICK:
                # To promise no duty, no tax and nothing of the contract makes every landed cost look lowest.
                return [form_of(world).defaults()]
            case BaselineKind.SPEND_ALL:
                return [_everything(world)]

    def scores(self, world: BorderWorld, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        """Return the score of each component."""
        return gap_scores(self, world, plan, why=_why, standard=standard)


def _sampled(world: BorderWorld, decision: Decision, run: WorldKey) -> tuple[Result, Floats]:
    """Return a year as it came out: orders, disputes and route costs vary; none depends on what was decided."""
    result = result_of(world, decision)
    expected = yearly(world)
    orders = poisson_quantile(run.uniforms("orders", shape=len(expected)), expected).astype(np.float64)
    disputes = 1.0 + _CELL_NOISE * normal_quantile(run.uniforms("disputes", shape=result.cells.shape))
    routes = 1.0 + _ROUTE_NOISE * normal_quantile(run.uniforms("routes", shape=len(result.routed)))
    return (
        Result(
            margin=result.margin,
            misquoted=result.misquoted,
            stopped=result.stopped,
            reclassified=result.reclassified,
            cells=result.cells * disputes,
            routed=result.routed * routes,
        ),
        orders,
    )


def _right(world: BorderWorld) -> dict[str, list[Value]]:
    found = [parcel.landed.assessment for parcel in world.parcels]
    table = np.stack([world.costs[route.key] for route in ROUTES])
    decision: dict[str, list[Value]] = {
        "heading": [line.hs6 for parcel in world.parcels for line in parcel.consignment.lines],
        "rule": [each.rule.id for each in found],
        "duty": [float(each.duty) for each in found],
        "vat": [float(each.vat) for each in found],
        "route": [ROUTES[best].key for best in np.argmin(table, axis=0)],
    }
    return decision | {contract_field(number): [*column] for number, column in enumerate(sides(world))}


def _naive(world: BorderWorld) -> Decision:
    """Return what somebody does who has one answer to each question, if the best one: one heading, one rule, one route
    for all, CFR in every contract, and no charges.
    """
    decision = form_of(world).defaults()
    right = _right(world)
    for one in ("heading", "rule"):
        decision[one] = [max(dict.fromkeys(right[one]), key=right[one].count)] * len(right[one])
    cheapest = min(ROUTES, key=lambda route: float(world.costs[route.key].sum()))
    decision["route"] = [cheapest.key] * len(world.products.units)
    habit = incoterms().get_rule("CFR").seller
    for number in range(len(world.contracts)):
        decision[contract_field(number)] = ["seller" if item.key in habit else "buyer" for item in incoterms().items]
    return decision


def _everything(world: BorderWorld) -> Decision:
    decision = form_of(world).defaults()
    for charge in ("duty", "vat"):
        decision[charge] = [float(HIGHEST_CHARGE)] * len(world.parcels)
    for number in range(len(world.contracts)):
        decision[contract_field(number)] = ["seller"] * len(incoterms().items)
    decision["route"] = ["overseas"] * len(world.products.units)
    return decision


def _why(component: str, lost: float, poor: float) -> Text:
    part = _WHY[component]
    return Text(
        {
            "en": f"{part['en']}: errors cost ¥{lost:,.0f} of ¥{poor:,.0f} that could be lost.",
            "zh-Hans": f"{part['zh-Hans']}：错误损失{lost:,.0f}元，最多可损失{poor:,.0f}元。",
        }
    )
