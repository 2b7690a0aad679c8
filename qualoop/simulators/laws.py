"""What holds whatever is decided: an engine's own laws, and that nothing comes of what is not used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from qualoop.simulators.decisions import Plan
from qualoop.simulators.engine import BaselineKind, Engine, HasUnused, HoldsLaws
from qualoop.simulators.findings import Finding, not_checked, play
from qualoop.simulators.forms import Form
from qualoop.simulators.learners import random_plan
from qualoop.simulators.streams import WorldKey

TOLERANCE: Final = 1e-6


def laws(engine: Engine, form: Form, plans: int) -> Finding:
    """Check that nothing appears or gets lost in runs of the reference, the poor plan and random plans."""
    if not isinstance(engine, HoldsLaws):
        return not_checked("laws", "not declared: a method `laws` would say what must add up in every run")
    broken: dict[str, float] = {}
    told: set[str] = set()
    for number, plan in enumerate(_plans(engine, form, plans)):
        residuals = engine.laws(form.world, plan, _run(form, number))
        told |= set(residuals)
        # What is no number breaks a law too.
        broken |= {law: off for law, off in residuals.items() if not abs(off) <= TOLERANCE}
    if not told:
        return not_checked("laws", "not declared: the method `laws` names none")
    names = ", ".join(sorted(broken or told))
    detail = f"does not add up: {names}" if broken else f"adds up in a run of each of {plans + 2} plans: {names}"
    return Finding(check="laws", ok=not broken, detail=detail, figures=broken)


def unused(engine: Engine, form: Form, plans: int) -> Finding:
    """Check that what is decided where it is not used changes neither the value nor what comes out of a run."""
    if not isinstance(engine, HasUnused):
        return not_checked("unused", "not declared: a method `unused` would say which decisions nothing comes of")
    off = changed = 0.0
    for number, plan in enumerate(_plans(engine, form, plans)):
        other = engine.unused(form.world, plan)
        changed += list(map(dict, other)) != list(map(dict, plan))
        run = _run(form, number)
        for one, two in (
            (engine.value(form.world, plan), engine.value(form.world, other)),
            (play(engine, form.world, plan, run)[1], play(engine, form.world, other, run)[1]),
        ):
            off = max(off, abs(one - two) / max(1.0, abs(one)))
    if not changed:
        return not_checked("unused", "not declared: the method `unused` changed nothing in any plan")
    detail = "what is not used changes neither the value nor a run" if off <= TOLERANCE else "what is not used matters"
    return Finding(check="unused", ok=off <= TOLERANCE, detail=detail, figures={"changed": changed, "off": off})


def _plans(engine: Engine, form: Form, plans: int) -> Iterator[Plan]:
    yield engine.reference(form.world)
    yield engine.baseline(form.world, BaselineKind.POOR) or engine.reference(form.world)
    yield from (random_plan(engine, form.world, form.key.derive("lawful", number)) for number in range(plans))


def _run(form: Form, number: int) -> WorldKey:
    return form.key.derive("laws", number)
