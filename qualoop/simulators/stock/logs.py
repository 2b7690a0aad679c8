"""The state of an engine of this package: the decisions so far, packed, a round each."""

from __future__ import annotations

from qualoop.simulators.decisions import Decision, DecisionForm, packed, unpacked
from qualoop.simulators.engine import State

_ROUNDS = "rounds"


def nothing_decided() -> State:
    """Return the state before the first round."""
    return {_ROUNDS: []}


def with_decision(state: State, decision: Decision, form: DecisionForm) -> State:
    """Return the state after one more decision."""
    return {_ROUNDS: [*state[_ROUNDS], packed(decision, form)]}


def decided(state: State, form: DecisionForm) -> list[Decision]:
    """Return the decisions so far."""
    return [unpacked(small, form) for small in state[_ROUNDS]]


def standing(decisions: list[Decision], form: DecisionForm) -> Decision:
    """Return what the fields hold when they are shown: the decision before, or the defaults."""
    return decisions[-1] if decisions else form.defaults()
