"""What engines share whose state is what was decided, a round each, and nothing else.

An engine that inherits `DecidedRounds` gives `form`, its worlds, values and views; its step begins with `after`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qualoop.simulators.decisions import Decision, DecisionForm, Value, packed, unpacked
from qualoop.simulators.engine import Refusal, State
from qualoop.values import Text

_ROUNDS: Final = "rounds"
_OVER: Final = Text({"en": "All rounds are over.", "zh-Hans": "所有轮次都已结束。"})


class DecidedRounds:
    """A base of engines, for one round unless `rounds` says otherwise. The engine gives `form` and the rest."""

    def form(self, world: Any, /) -> DecisionForm:
        """Return what is to be decided."""
        raise NotImplementedError

    def rounds(self, world: Any, /) -> int:
        """Return 1."""
        return 1

    def initial(self, world: Any, /) -> State:
        """Return the state before the first round."""
        return {_ROUNDS: []}

    def check(self, world: Any, state: State, decision: Decision, /) -> list[Refusal]:
        """Return that all rounds are over, where they are: besides, fields have no rules but their own."""
        return [Refusal(code="rounds-over", text=_OVER)] if finished(state) >= self.rounds(world) else []

    def plan(self, world: Any, state: State, /) -> list[dict[str, list[Value]]]:
        """Return what was decided so far."""
        return decided(state, self.form(world))

    def after(self, world: Any, state: State, decision: Decision, /) -> State:
        """Return the state after one more decision."""
        return {_ROUNDS: [*state[_ROUNDS], packed(decision, self.form(world))]}


def finished(state: State) -> int:
    """Return how many rounds are over."""
    return len(state[_ROUNDS])


def standing(decisions: Sequence[Decision], form: DecisionForm) -> Decision:
    """Return what the fields hold when they are shown: the decision before, or the defaults."""
    return decisions[-1] if decisions else form.defaults()


def decided(state: State, form: DecisionForm) -> list[dict[str, list[Value]]]:
    """Return the decisions that a state holds."""
    return [unpacked(each, form) for each in state[_ROUNDS]]
