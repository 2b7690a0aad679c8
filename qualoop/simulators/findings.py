"""What a check of the conformance suite finds, and what checks do with a world: play a plan, and put all of it into words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from qualoop.simulators.decisions import Plan
from qualoop.simulators.engine import Engine, State
from qualoop.simulators.streams import WorldKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: ``ok``, in words why or why not, and the figures that it rests on.

    ``checked`` is False where there was nothing to look at, as where an engine does not say what its laws are: nothing
    stands against it then, and nothing was shown either.
    """

    check: str
    ok: bool
    detail: str
    figures: dict[str, float] = field(default_factory=dict)
    checked: bool = True

    @property
    def verdict(self) -> str:
        """Return `good`, `BAD`, or `-` where nothing was looked at."""
        if not self.checked:
            return "-"
        return "good" if self.ok else "BAD"


def not_checked(check: str, why: str) -> Finding:
    """Return that a check had nothing to look at."""
    return Finding(check=check, ok=True, detail=why, checked=False)


def fingerprint(engine: Engine, spec: Any, key: WorldKey) -> str:
    """Return everything that a world shows and is worth, as text: equal in every process, or the engine is not pure."""
    world = engine.world(spec, key)
    plan = engine.reference(world)
    state, panels = play(engine, world, plan, key.derive("run"))
    shown = repr((engine.form(world), engine.view(world, state, key.derive("run")), panels))
    numbers = [engine.value(world, plan), engine.oracle(world).value]
    return json.dumps([shown, [f"{number:.9e}" for number in numbers], json.loads(json.dumps(state))])


def play(engine: Engine, world: Any, plan: Plan, run: WorldKey) -> tuple[State, float]:
    """Return the state after all rounds of a plan, and what it was worth as it came out."""
    state = engine.initial(world)
    realised = 0.0
    for decision in plan:
        state, happened = engine.step(world, state, decision, run)
        realised += happened.realised
    return state, realised
