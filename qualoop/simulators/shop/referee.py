"""The engine ab-referee: a dozen A/B tests to be planned, checked and judged, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel

from qualoop.simulators.decided_rounds import DecidedRounds
from qualoop.simulators.decisions import Decision, DecisionForm, Plan, Value
from qualoop.simulators.engine import BaselineKind, Bound, Happened, PartScore, Standard, State
from qualoop.simulators.scoring import gap_scores
from qualoop.simulators.shop.experiments import Experiment, RefereeWorld, make_world
from qualoop.simulators.shop.form import LEAST_SIZE, MOST_SIZE, form_of
from qualoop.simulators.shop.judging import FULL, QUESTIONS, bound_key, bound_lost, lost_by, size_lost
from qualoop.simulators.shop.panels import facts, outcome
from qualoop.simulators.shop.sampling import sampled
from qualoop.simulators.shop.spec import RefereeSpec
from qualoop.simulators.shop.testing import ALPHA, BOUNDS, planned_size
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.views import View
from qualoop.values import Text

_HABITS: Final = (5_000.0, 10_000.0, 20_000.0, 30_000.0, 50_000.0)
"""Sample sizes of somebody who has one for all tests."""

_WHY: Final = {
    "power": Text({"en": "Sample sizes", "zh-Hans": "样本量"}),
    "ratio": Text({"en": "Checks of the split", "zh-Hans": "分流比例检查"}),
    "peeking": Text({"en": "Bounds for the looks", "zh-Hans": "查看时的界值"}),
    "verdict": Text({"en": "Verdicts and probabilities", "zh-Hans": "裁决与概率"}),
}


class RefereeEngine(DecidedRounds):
    """A dozen A/B tests with their traps; value is points, by proper scores and expected utility."""

    name: str = "ab-referee"
    spec_model: type[BaseModel] = RefereeSpec
    value_tolerance: float = 0.0

    def world(self, spec: RefereeSpec, key: WorldKey, /) -> RefereeWorld:
        """Return the world; raise SpecRefusedError where the stakes leave a sort without its verdict."""
        return make_world(spec, key)

    def form(self, world: RefereeWorld, /) -> DecisionForm:
        """Return what is to be decided."""
        return form_of(world)

    def step(self, world: RefereeWorld, state: State, decision: Decision, run: WorldKey, /) -> tuple[State, Happened]:
        """Return the state after the year, and what it brought."""
        lost, year = sampled(world, decision, run)
        happened = Happened(panels=outcome(world, lost, year), realised=lost.points())
        return self.after(world, state, decision), happened

    def view(self, world: RefereeWorld, state: State, run: WorldKey, /, *, role: str = "") -> View:
        """Return what is to be decided; after the year how each experiment turned out."""
        form, done = form_of(world), self.plan(world, state)
        panels = facts(world.spec)
        for decision in done:
            panels = outcome(world, *sampled(world, decision, run)) + panels
        return View(
            round=len(done),
            rounds=1,
            panels=panels,
            form=None if done else form,
            standing={} if done else form.defaults(),
        )

    def value(self, world: RefereeWorld, plan: Plan, /) -> float:
        """Return the expected points."""
        return lost_by(world, plan[0]).points()

    def oracle(self, world: RefereeWorld, /) -> Bound:
        """Return all points: what the counts do not say, nobody can know, so the reference comes within a rounding."""
        return Bound(value=FULL * len(QUESTIONS) * len(world.experiments), plan=self.reference(world))

    def reference(self, world: RefereeWorld, /) -> Plan:
        """Return the right sizes, flags and bounds, the best verdicts, and what may be believed."""
        return [
            _answers(
                world,
                lambda test: {
                    "planned": float(np.ceil(planned_size(test.rate, test.effect))),
                    "mismatch": test.mismatch,
                    "bound": bound_key(test.looks),
                    "verdict": test.verdict,
                    "better": round(200.0 * test.belief.better) / 2.0,
                },
            )
        ]

    def baseline(self, world: RefereeWorld, kind: BaselineKind, /) -> Plan | None:
        """Return the plan of a policy."""
        policies: dict[BaselineKind, Callable[[Experiment], dict[str, Value]]] = {
            BaselineKind.NAIVE: _naive(world),
            BaselineKind.POOR: _poor,
            BaselineKind.SPEND_ALL: _everything,
            BaselineKind.RATIO_TRICK: _all_winners,
        }
        if kind is BaselineKind.NOTHING:
            return [form_of(world).defaults()]
        return [_answers(world, policies[kind])]

    def scores(self, world: RefereeWorld, plan: Plan, /, standard: Standard | None = None) -> Sequence[PartScore]:
        """Return the score of each component."""
        return gap_scores(self, world, plan, why=_why, standard=standard)


def _answers(world: RefereeWorld, policy: Callable[[Experiment], dict[str, Value]]) -> dict[str, list[Value]]:
    answers = [policy(test) for test in world.experiments]
    return {key: [answer[key] for answer in answers] for key in answers[0]}


def _naive(world: RefereeWorld) -> Callable[[Experiment], dict[str, Value]]:
    """Return the policy of somebody who has one size and one bound for all, trusts splits, and half believes owners."""
    keys = [bound_key(looks) for looks in BOUNDS]
    right = np.array([planned_size(test.rate, test.effect) for test in world.experiments])
    habit = min(_HABITS, key=lambda size: float(size_lost(size / right).sum()))
    bound = min(keys, key=lambda key: sum(bound_lost(test.looks, key) for test in world.experiments))

    def policy(test: Experiment) -> dict[str, Value]:
        ships = _claimed_win(test)
        return {
            "planned": habit,
            "mismatch": False,
            "bound": bound,
            "verdict": "ship" if ships else "stop",
            "better": 70.0 if ships else 30.0,
        }

    return policy


def _claimed_win(test: Experiment) -> bool:
    return test.claimed_p < ALPHA and test.claims_better


def _poor(test: Experiment) -> dict[str, Value]:
    """Return the answers of somebody in a hurry: a thousand visitors, each look as if it were the only one, and owners
    are believed to the letter.
    """
    ships = _claimed_win(test)
    return {
        "planned": 1000.0,
        "mismatch": False,
        "bound": bound_key(1),
        "verdict": "ship" if ships else "stop",
        "better": 100.0 if ships else 50.0,
    }


def _everything(test: Experiment) -> dict[str, Value]:
    """Return the answers of somebody to whom time is nothing."""
    return {
        "planned": float(MOST_SIZE),
        "mismatch": True,
        "bound": bound_key(max(BOUNDS)),
        "verdict": "extend",
        "better": 50.0,
    }


def _all_winners(test: Experiment) -> dict[str, Value]:
    """Return the answers with which most tests are won: small, looked at, shipped."""
    return _poor(test) | {"planned": float(LEAST_SIZE), "verdict": "ship", "better": 100.0}


def _why(component: str, lost: float, poor: float) -> Text:
    part = _WHY[component]
    return Text(
        {
            "en": f"{part['en']}: errors cost {lost:,.0f} points; hurried answers would have cost {poor:,.0f}.",
            "zh-Hans": f"{part['zh-Hans']}：错误损失{lost:,.0f}分；若草率作答，会损失{poor:,.0f}分。",
        }
    )
