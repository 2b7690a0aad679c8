"""What every engine and every project must pass before learners meet them (docs/simulation.md, conformance suite).

Each check is a function that returns findings; `check_engine` runs them all, for the command, the report page and the
tests. What only an engine can know (its laws, what it hides, what is not used) it tells by methods that it need not have;
a check that lacks them says so and passes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isclose, sqrt
from statistics import fmean, stdev
from time import process_time
from typing import Any, Final

from qualoop.simulators.decisions import Plan
from qualoop.simulators.engine import BaselineKind, Engine, State
from qualoop.simulators.findings import Finding, fingerprint, play
from qualoop.simulators.forms import Form, choose_form
from qualoop.simulators.laws import laws, unused
from qualoop.simulators.leaks import leaks
from qualoop.simulators.learners import draw_skills, random_plan, synthetic_plan
from qualoop.simulators.other_process import other_process
from qualoop.simulators.psychometrics import Task
from qualoop.simulators.scoring import earned_parts, gap_score, shares
from qualoop.simulators.streams import WorldKey
from qualoop.simulators.texts import texts_in
from qualoop.values import LANGUAGES

__all__ = ["REDUCED", "Effort", "Finding", "check_engine", "fingerprint", "play"]

STATE_BYTES: Final = 64 * 1024
ACTION_S: Final = 0.05
STANDARD_ERRORS: Final = 3.0
SHAPLEY: Final = 1e-9
ORACLE_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is tried: random plans against the oracle, sampled runs, forms, synthetic learners against the oracle,
    random plans for an engine's laws.
    """

    plans: int = 1000
    runs: int = 400
    forms: int = 3
    learners: int = 100
    law_plans: int = 20


REDUCED: Final = Effort(plans=60, runs=60, forms=1, learners=20, law_plans=4)


def check_engine(task: Task, effort: Effort = Effort(), *, seed: int = 0) -> Iterator[Finding]:
    """Iterate over what was found in a few forms of a project."""
    for number in range(effort.forms):
        key = WorldKey.of_seed(seed, "conformance", number)
        form = choose_form(task.engine, task.spec, key, task.band, tried=task.tried)
        yield determinism(task, form)
        if number == 0:
            # A process takes a second to start, and one tells.
            yield other_process(task, form)
        yield oracle_dominance(task.engine, form, effort, key)
        yield sampled_value(task.engine, form, effort, key)
        yield shapley_sums(task.engine, form)
        yield ends(task.engine, form)
        yield state_and_speed(task.engine, form)
        yield both_languages(task.engine, form)
        yield laws(task.engine, form, effort.law_plans)
        yield unused(task.engine, form, effort.law_plans)
    yield from leaks(task, seed=seed)


def determinism(task: Task, form: Form) -> Finding:
    """Check that a key makes the same world twice in this process: same form, same view, same values."""
    first, second = (fingerprint(task.engine, task.spec, form.key) for _ in range(2))
    return Finding(check="determinism", ok=first == second, detail="the same key makes the same world")


def oracle_dominance(engine: Engine, form: Form, effort: Effort, key: WorldKey) -> Finding:
    """Check that nothing beats the oracle: random plans, the reference, every baseline, synthetic learners."""
    bound = engine.oracle(form.world).value
    best = max(engine.value(form.world, plan) for plan in _rivals(engine, form, effort, key))
    slack = ORACLE_SLACK * max(1.0, abs(bound))
    return Finding(
        check="oracle",
        ok=best <= bound + slack,
        detail=f"the best of {effort.plans} random plans, the reference, bots and {effort.learners} synthetic learners",
        figures={"oracle": bound, "best": best, "reference": form.standard.reference},
    )


def _rivals(engine: Engine, form: Form, effort: Effort, key: WorldKey) -> Iterator[Plan]:
    yield engine.reference(form.world)
    yield engine.oracle(form.world).plan
    yield from (plan for kind in BaselineKind if (plan := engine.baseline(form.world, kind)) is not None)
    yield from (random_plan(engine, form.world, key.derive("random", number)) for number in range(effort.plans))
    for number, skill in enumerate(draw_skills(effort.learners, key)):
        yield synthetic_plan(engine, form.world, skill, key.derive("learner", number))


def sampled_value(engine: Engine, form: Form, effort: Effort, key: WorldKey) -> Finding:
    """Check that what sampled runs bring on average is the value, for the reference and the poor plan."""
    figures: dict[str, float] = {}
    ok = True
    for name, plan in (("reference", engine.reference(form.world)), ("poor", _poor(engine, form.world))):
        runs = [play(engine, form.world, plan, key.derive("luck", number))[1] for number in range(effort.runs)]
        value = engine.value(form.world, plan)
        error = stdev(runs) / sqrt(len(runs))
        off = abs(fmean(runs) - value)
        tolerance = STANDARD_ERRORS * error + engine.value_tolerance * max(1.0, abs(value)) + 1e-9
        ok = ok and off <= tolerance
        figures |= {f"{name}_value": value, f"{name}_mean": fmean(runs), f"{name}_error": error}
    return Finding(check="sampled-value", ok=ok, detail=f"the mean of {effort.runs} runs is the value", figures=figures)


def _poor(engine: Engine, world: Any) -> Plan:
    plan = engine.baseline(world, BaselineKind.POOR)
    return plan if plan is not None else engine.reference(world)


def shapley_sums(engine: Engine, form: Form) -> Finding:
    """Check that the components' shares add up to the whole gap between the poor plan and the reference."""
    reference, poor = engine.reference(form.world), _poor(engine, form.world)
    gap = engine.value(form.world, reference) - engine.value(form.world, poor)
    whole = sum(shares(engine, form.world, poor, reference).values())
    ok = isclose(whole, gap, rel_tol=SHAPLEY, abs_tol=SHAPLEY)
    return Finding(check="shapley", ok=ok, detail="the parts add up to the gap", figures={"gap": gap, "sum": whole})


def ends(engine: Engine, form: Form) -> Finding:
    """Check that the reference scores 1, in every part too, and the naive plan 0."""
    reference = engine.reference(form.world)
    naive = engine.baseline(form.world, BaselineKind.NAIVE) or reference
    full = gap_score(engine.value(form.world, reference), form.standard)
    empty = gap_score(engine.value(form.world, naive), form.standard)
    earned = earned_parts(engine, form.world, reference, form.standard, score=full)
    parts = [part.part for part in earned if part.score < 1 - SHAPLEY]
    return Finding(
        check="ends",
        ok=full == 1 and empty == 0 and not parts,
        detail="the reference earns full marks, the naive plan none" + (f"; not full: {parts}" if parts else ""),
    )


def state_and_speed(engine: Engine, form: Form) -> Finding:
    """Check size and round trip of the state, and how long a step with its view takes (CPU, best of three)."""
    run = form.key.derive("run")
    state: State = engine.initial(form.world)
    slowest, size = 0.0, 0
    for decision in random_plan(engine, form.world, form.key.derive("busy")):
        before = state
        times = []
        for _ in range(3):
            start = process_time()
            state, _happened = engine.step(form.world, before, decision, run)
            engine.view(form.world, state, run)
            times.append(process_time() - start)
        slowest = max(slowest, min(times))
        text = json.dumps(state, separators=(",", ":"))
        size = max(size, len(text.encode()))
        if json.loads(text) != state:
            return Finding(check="state", ok=False, detail="the state is not plain JSON")
    return Finding(
        check="state",
        ok=size <= STATE_BYTES and slowest <= ACTION_S,
        detail="a step with its view, and the state after the last round",
        figures={"state_kb": size / 1024, "action_ms": slowest * 1000},
    )


def both_languages(engine: Engine, form: Form) -> Finding:
    """Check that every text in the form, the view and the scores' reasons is there in both languages."""
    run = form.key.derive("run")
    plan = random_plan(engine, form.world, form.key.derive("words"))
    state, _ = play(engine, form.world, plan, run)
    shown = (
        engine.form(form.world),
        engine.view(form.world, state, run),
        engine.scores(form.world, plan, form.standard),
    )
    lacking = sorted({repr(text) for text in texts_in(shown) if set(text.by_language) < set(LANGUAGES)})
    return Finding(
        check="languages", ok=not lacking, detail="every text in both languages" if not lacking else lacking[0][:200]
    )
