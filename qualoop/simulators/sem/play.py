"""Rounds played and played again: from the decisions that a state holds to what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qualoop.simulators.decisions import Decision, DecisionForm, Value, packed, unpacked
from qualoop.simulators.engine import Refusal, State
from qualoop.simulators.sem.auction import Choice, Outlook, campaign, round_demand
from qualoop.simulators.sem.bound import Dual, round_bounds
from qualoop.simulators.sem.sampling import RoundRun, run_campaign
from qualoop.simulators.sem.worlds import SearchWorld
from qualoop.simulators.streams import WorldKey
from qualoop.values import Text

_ROUNDS: Final = "rounds"


def before_all() -> State:
    """Return the state before the first round."""
    return {_ROUNDS: []}


def finished(state: State) -> int:
    """Return how many rounds are over."""
    return len(state[_ROUNDS])


def with_decision(state: State, decision: Decision, form: DecisionForm) -> State:
    """Return the state after one more decision."""
    return {_ROUNDS: [*state[_ROUNDS], packed(decision, form)]}


def decisions_in(state: State, form: DecisionForm) -> list[dict[str, list[Value]]]:
    """Return what was decided so far."""
    stored: Sequence[Any] = state[_ROUNDS]
    return [unpacked(each, form) for each in stored]


def refusals(world: SearchWorld, state: State) -> list[Refusal]:
    """Return why nothing can be decided any more, where that is so."""
    if finished(state) < world.spec.rounds:
        return []
    text = Text({"en": "All rounds are over.", "zh-Hans": "所有轮次都已结束。"})
    return [Refusal(code="rounds-over", text=text)]


def played(world: SearchWorld, choices: Sequence[Choice], run: WorldKey) -> tuple[list[Outlook], list[RoundRun]]:
    """Return outlook and outcome of the rounds decided so far, with the luck of ``run``."""
    results = campaign(world.spec, world.market, choices)
    return results, run_campaign(world.spec, world.market, results, run)


def bound(world: SearchWorld) -> tuple[float, list[Dual]]:
    """Return what no plan can beat, in money over all rounds, and each round's dual."""
    duals = round_bounds(world.spec, world.market, world.best_quality)
    demand = [float(round_demand(world.spec, world.market, number).sum()) for number in range(world.spec.rounds)]
    return sum(weight * dual.bound for weight, dual in zip(demand, duals, strict=True)), duals
