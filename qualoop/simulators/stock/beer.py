"""The beer game, graded: a rule for each firm of a chain in each round, and what the chain costs.

V = −expected cost of all firms, the mean over every future that the world holds. Reference: base stock with the levels
of the least long-run cost under what is known of demand.
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
from qualoop.simulators.stock.beer_levels import best_levels
from qualoop.simulators.stock.beer_pages import MOST, chain_form, known_panels, result_panels, role_form
from qualoop.simulators.stock.beer_play import ROLES, expected_costs, gap_key, level_key, paid, pipeline_key, play
from qualoop.simulators.stock.beer_world import CHAIN, BeerGameSpec, BeerGameWorld, make_chain
from qualoop.simulators.stock.laws import chain_laws
from qualoop.simulators.stock.shocks import CHAIN_NAMES, ChainShock, chain_events
from qualoop.simulators.stock.words import MONEY, text
from qualoop.simulators.streams import Floats, WorldKey
from qualoop.simulators.views import View
from qualoop.values import Text

_NAIVE: Final = (2.8, 1.0, 1.0)
_POOR: Final = (6.0, 1.0, 0.9)


class BeerGameEngine(DecidedRounds):
    """A supply chain of retailer, wholesaler, distributor and factory."""

    name: str = "beer-game"
    value_tolerance: float = 0.0
    spec_model: type[BaseModel] = BeerGameSpec

    @property
    def shocks(self) -> Mapping[str, Text]:
        """Return what a teacher may let happen."""
        return CHAIN_NAMES

    def with_shock(self, spec: BeerGameSpec, number: int, kind: str, /) -> BeerGameSpec:
        """Return a chain in which something happens from a round on; raise ValueError."""
        shock = ChainShock.model_validate({"round": number, "kind": kind})
        return spec.model_copy(update={"shocks": (*spec.shocks, shock)})

    def events(self, spec: BeerGameSpec, /) -> list[tuple[int, Text]]:
        """Return what a project's chain has in store, by round."""
        return chain_events(spec.rounds, spec.shocks)

    def world(self, spec: BeerGameSpec, key: WorldKey, /) -> BeerGameWorld:
        """Return the chain of a key."""
        return make_chain(spec, key)

    def form(self, world: BeerGameWorld, /) -> DecisionForm:
        """Return the rules of all four firms; each firm is a component."""
        return chain_form(world)

    def rounds(self, world: BeerGameWorld, /) -> int:
        """Return the rounds of the game."""
        return world.spec.rounds

    def step(self, world: BeerGameWorld, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the state after a round, and how the round came out for the whole chain."""
        after = self.after(world, state, decision)
        decisions = self.plan(world, after)
        course = play(world, decisions, run)
        number = len(decisions) - 1
        costs = paid(world, course)[number * world.spec.round_weeks :].sum()
        return after, Happened(panels=result_panels(world, course, number), realised=-float(costs))

    def view(self, world: BeerGameWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return how the last round came out and what is known for the next; a role sees its own firm only."""
        whole = self.form(world)
        decisions = self.plan(world, state)
        number, over = len(decisions), len(decisions) == world.spec.rounds
        form = role_form(whole, role)
        results = result_panels(world, play(world, decisions, run), number - 1, role) if decisions else ()
        held = standing(decisions, whole)
        return View(
            round=number,
            rounds=world.spec.rounds,
            panels=(*results, *known_panels(world, number, role)),
            form=None if over else form,
            standing={} if over else {each.key: held[each.key] for _, each in form},
        )

    def value(self, world: BeerGameWorld, plan: Plan, /) -> float:
        """Return minus the mean cost over all futures, exactly."""
        return -float(expected_costs(world, plan).sum())

    def oracle(self, world: BeerGameWorld, /) -> Bound:
        """Return minus what even perfect foresight must pay, and base stock with the true rates.

        Whoever knows all demand to come stores nothing and lets nobody wait, but for the weeks before a first order
        can arrive.
        """
        return Bound(value=-_unavoidable(world), plan=base_stock_plan(world, world.rate))

    def reference(self, world: BeerGameWorld, /) -> Plan:
        """Return base stock with the best levels for what was sold before and the news of each round."""
        return base_stock_plan(world, world.history.mean(axis=0))

    def baseline(self, world: BeerGameWorld, kind: BaselineKind, /) -> Plan:
        """Return one rule for all firms, products and rounds, or a bot."""
        usual = float(world.history.mean())
        match kind:
            case BaselineKind.NAIVE:
                level, gap, pipeline = _NAIVE
            case BaselineKind.POOR:
                level, gap, pipeline = _POOR
            case BaselineKind.NOTHING:
                return [self.form(world).defaults()] * world.spec.rounds
            case BaselineKind.SPEND_ALL:
                level, gap, pipeline = MOST / usual, 1.0, 0.0
            case BaselineKind.RATIO_TRICK:
                # Orders as even as can be: hardly any bullwhip, and the shelves are empty.
                level, gap, pipeline = 4.0, 0.1, 1.0
        levels = np.full((len(ROLES), len(world.products)), min(np.round(level * usual), float(MOST)))
        return [_decision(levels, gap, pipeline)] * world.spec.rounds

    def scores(self, world: BeerGameWorld, plan: Plan, /, standard: Standard | None = None) -> list[PartScore]:
        """Return the scores of the four firms."""
        return gap_scores(self, world, plan, why=_why, standard=standard)

    def hidden(self, world: BeerGameWorld, /) -> Mapping[str, Sequence[float]]:
        """Return what is really asked for in a week on average."""
        return {"rates": world.rate.tolist()}

    def laws(self, world: BeerGameWorld, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        """Return by how much pieces do not add up between firms."""
        return chain_laws(world, plan, run)


def base_stock_plan(world: BeerGameWorld, rate: Floats) -> Plan:
    """Return base stock with the best long-run levels for ``rate`` and each round's news."""
    plan = []
    for factors in world.news:
        levels = np.array([best_levels(each, CHAIN) for each in (rate * factors).tolist()], dtype=np.float64).T
        plan.append(_decision(np.minimum(levels, MOST), 1.0, 1.0))
    return plan


def _decision(levels: Floats, gap: float, pipeline: float) -> Decision:
    decision: dict[str, list[float]] = {}
    for role, line in zip(ROLES, levels.tolist(), strict=True):
        decision |= {level_key(role): line, gap_key(role): [gap], pipeline_key(role): [pipeline]}
    return decision


def _unavoidable(world: BeerGameWorld) -> float:
    """Return the mean cost of what no order can change: every firm's first week, the retailer's first whole delay."""
    stock, slot = (np.asarray(part)[:, None] for part in (world.start.stock, world.start.slot))
    weeks = min(CHAIN.whole_delay, world.weeks)
    received = slot * np.arange(1, weeks + 1)[:, None, None]
    net = stock + received - np.cumsum(world.futures[:weeks], axis=0)
    retailer = np.maximum(CHAIN.holding * net, -CHAIN.waiting * net).mean(axis=2).sum(axis=0)
    others = (len(ROLES) - 1) * CHAIN.holding * stock[:, 0]
    return float((retailer + others) @ world.unit)


def _why(component: str, lost: float, poor: float) -> Text:
    amount = f"{MONEY}{max(lost, 0.0):,.0f}"
    return text(
        f"This firm's rules cost the chain {amount} more than base stock would: order the whole gap between level and "
        "position, count everything ordered and not yet received, and set the level by demand over the whole delay.",
        f"该企业的规则比基准库存策略使供应链多花{amount}：应补足目标水平与库存位置的全部差额，"
        "把已订未到的货全部计入，并按整个延迟期内的需求设定目标水平。",
    )
