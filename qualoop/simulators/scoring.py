"""Scores of a plan: expected value between a baseline and a same-information reference, shared out over components.

S = clip((V(d) − V(base)) / (V(ref) − V(base)), 0, 1). A component's share of V(ref) − V(d) is its Shapley value (Shapley,
1953) over the 2^n plans in which some components are the reference's; its score compares that with the share of a plan
that is poor in every component. Parts share out S: together they claim no more than the plan as a whole earned. Luck,
realised − expected, is shown apart and never scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from math import factorial, isfinite
from typing import Any, Final

from qualoop.simulators.decisions import Plan, with_components
from qualoop.simulators.engine import BaselineKind, Engine, NamesParts, PartScore, Standard
from qualoop.simulators.errors import FormOutsideBandError
from qualoop.values import Score, Text

LEAST_SHARE: Final = 0.15
"""The least share of the gap that a component must have in a form (reference/baseline pair), else it measures nothing."""

NO_MERIT: Final = 0.1
"""A score that may come about without merit: bots reach so much in every second form, at most."""
ALL_MERIT: Final = 0.3
"""From this score on parts claim all of it. Halfway between lies what a bot reaches at most in any form."""
_ROUNDING: Final = 1e-6


def standard_of(engine: Engine, world: Any) -> Standard:
    """Return what a world's plans are measured against."""
    reference = engine.reference(world)
    return Standard(
        naive=engine.value(world, _always(engine, world, BaselineKind.NAIVE)),
        reference=engine.value(world, reference),
        oracle=engine.oracle(world).value,
        poor_lost=shares(engine, world, _always(engine, world, BaselineKind.POOR), reference),
    )


def _always(engine: Engine, world: Any, kind: BaselineKind) -> Plan:
    plan = engine.baseline(world, kind)
    if plan is None:
        raise FormOutsideBandError(f"the engine {engine.name} has no {kind.value} baseline")
    return plan


def gap_score(value: float, standard: Standard) -> Score:
    """Return what a plan of this value scores; a gap that is none scores 0."""
    gap = standard.reference - standard.naive
    return as_score((value - standard.naive) / gap if gap > 0 else 0.0)


def as_score(share: float) -> Score:
    """Return a share, clipped to [0, 1], as a score of six digits; what is no number scores 0."""
    if not isfinite(share):
        return Score(0)
    return Score(Decimal(f"{min(max(share, 0.0), 1.0):.6f}"))


def shares(engine: Engine, world: Any, plan: Plan, reference: Plan) -> dict[str, float]:
    """Return by component how much value ``plan`` loses against ``reference``; they add up to the whole difference."""
    form = engine.form(world)
    fields = {component: form.part_of(component) for component in form.components}
    return shapley(
        form.components,
        lambda taken: engine.value(world, _mixed(plan, reference, frozenset().union(*(fields[one] for one in taken)))),
    )


def _mixed(plan: Plan, other: Plan, fields: frozenset[str]) -> Plan:
    return [with_components(mine, theirs, fields) for mine, theirs in zip(plan, other, strict=True)]


def shapley(players: Sequence[str], worth: Callable[[frozenset[str]], float]) -> dict[str, float]:
    """Return each player's Shapley value of the game ``worth``, by its 2^n coalitions; their sum is exact."""
    worths = {
        frozenset(coalition): worth(frozenset(coalition))
        for size in range(len(players) + 1)
        for coalition in combinations(players, size)
    }
    count = len(players)
    values = dict.fromkeys(players, 0.0)
    for coalition, value in worths.items():
        if len(coalition) == count:
            continue
        weight = factorial(len(coalition)) * factorial(count - len(coalition) - 1) / factorial(count)
        for player in players:
            if player not in coalition:
                values[player] += weight * (worths[coalition | {player}] - value)
    return values


def gap_scores(
    engine: Engine,
    world: Any,
    plan: Plan,
    *,
    why: Callable[[str, float, float], Text],
    standard: Standard | None = None,
) -> list[PartScore]:
    """Return the components' scores: 1 − share lost / share that the poor plan loses, clipped.

    They are what each component claims by itself; `earned_parts` limits them by what the plan earned.
    ``why(component, lost, poor_lost)`` says it in words.
    """
    standard = standard or standard_of(engine, world)
    lost = shares(engine, world, plan, engine.reference(world))
    scores = []
    for component, amount in lost.items():
        poor = standard.poor_lost[component]
        share = 1.0 - amount / poor if poor > 0 else float(amount <= 0)
        scores.append(
            PartScore(
                part=component,
                score=float(as_score(share)),
                lost=amount,
                why=why(component, amount, poor),
            )
        )
    return scores


def earned_parts(engine: Engine, world: Any, plan: Plan, standard: Standard, *, score: Score) -> list[PartScore]:
    """Return the parts' scores as they count: what the engine gives each, shared out where together they claim too much.

    A part claims its score times its component's share of the gap. Where the claims add up to more than ``score``, all
    are lowered in proportion, to the plan's `merit`. Where they add up to it, as marks do, nothing is lowered. Parts
    that are no components of the decisions, as in a dialogue, stay as they are.
    """
    parts = list(engine.scores(world, plan, standard))
    whole = sum(standard.poor_lost.values())
    if isinstance(engine, NamesParts) or whole <= 0:
        return parts
    claimed = sum(part.score * standard.poor_lost.get(part.part, 0.0) for part in parts) / whole
    if claimed <= float(score) + _ROUNDING:
        return parts
    kept = merit(score) / claimed
    return [replace(part, score=float(as_score(part.score * kept))) for part in parts]


def merit(score: Score) -> float:
    """Return how much of a plan's score its parts may claim: nothing of what plans without merit reach, too."""
    return float(score) * min(max((float(score) - NO_MERIT) / (ALL_MERIT - NO_MERIT), 0.0), 1.0)


def thin_components(standard: Standard, least: float = LEAST_SHARE) -> list[str]:
    """Return the components whose share of the gap, by the poor plan, is too small to tell anything."""
    whole = sum(standard.poor_lost.values())
    return [component for component, lost in standard.poor_lost.items() if whole <= 0 or lost < least * whole]
