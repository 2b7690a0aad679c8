"""Synthetic learners of known skill, and bots: what tells whether a project measures anything before a student plays it.

The learner is the same for every project, because it reads the decision's description alone: each choice or flag of the
reference is wrong with probability σ(−1 − t), each number carries log-normal noise of standard deviation .5·exp(−.4 t),
where t is the skill, N(0, 1). It is our own noise model, part of the contract: changing it voids comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np

from qualoop.simulators.decisions import (
    ChoiceField,
    Decision,
    DecisionForm,
    Field,
    FlagField,
    NumberField,
    Plan,
    TextField,
    Value,
)
from qualoop.simulators.distributions import normal_quantile
from qualoop.simulators.engine import Engine
from qualoop.simulators.streams import Floats, WorldKey

SLIP_AT: Final = -1.0
NOISE: Final = 0.5
NOISE_FALLS: Final = 0.4


@runtime_checkable
class KnowsMistakes(Protocol):
    """What an engine with text fields offers besides, so that synthetic learners can err in them."""

    def wrong_text(self, world: Any, field: str, row: int, uniform: float, /) -> str:
        """Return a typical mistake in a text field, one of several by a number in (0, 1)."""


def draw_skills(count: int, key: WorldKey) -> tuple[float, ...]:
    """Return ``count`` skills from N(0, 1)."""
    return tuple(float(skill) for skill in normal_quantile(key.uniforms("skill", shape=count)))


def synthetic_plan(engine: Engine, world: Any, skill: float, key: WorldKey) -> list[Decision]:
    """Return what a learner of this skill decides in a world, with the chance of ``key``."""
    return next(synthetic_plans(engine, world, [(skill, key)]))


def synthetic_plans(engine: Engine, world: Any, learners: Iterable[tuple[float, WorldKey]]) -> Iterator[list[Decision]]:
    """Iterate over what each learner, a skill with its chance, decides in a world: quicker than one by one."""
    form, reference = engine.form(world), engine.reference(world)
    for skill, key in learners:
        yield [
            {
                each.key: _blurred(
                    engine, world, each, decision[each.key], chance=(skill, key.derive(number, each.key))
                )
                for _, each in form
            }
            for number, decision in enumerate(reference)
        ]


def _blurred(
    engine: Engine, world: Any, each: Field, values: Sequence[Value], *, chance: tuple[float, WorldKey]
) -> list[Value]:
    skill, key = chance
    draws = key.uniforms("learner", shape=(2, len(values)))
    slips = draws[0] < 1.0 / (1.0 + np.exp(-(SLIP_AT - skill)))
    match each:
        case NumberField():
            return _noisy(
                each, np.array(values, dtype=np.float64), draws[0], NOISE * float(np.exp(-NOISE_FALLS * skill))
            )
        case FlagField():
            return [bool(value) != bool(slip) for value, slip in zip(values, slips, strict=True)]
        case ChoiceField(options=options):
            others = [[option.key for option in options if option.key != value] for value in values]
            return [
                other[int(draw * len(other))] if slip else value
                for value, other, slip, draw in zip(values, others, slips, draws[1], strict=True)
            ]
        case TextField():
            return [
                _wrong_text(engine, world, each, row=row, uniform=float(draw)) if slip else value
                for row, (value, slip, draw) in enumerate(zip(values, slips, draws[1], strict=True))
            ]


def _wrong_text(engine: Engine, world: Any, each: TextField, *, row: int, uniform: float) -> str:
    if isinstance(engine, KnowsMistakes):
        return engine.wrong_text(world, each.key, row, uniform)
    return each.default


def _noisy(each: NumberField, values: Floats, uniforms: Floats, deviation: float) -> list[Value]:
    noisy = values * np.exp(deviation * normal_quantile(uniforms))
    return on_grid(each, noisy)


def on_grid(each: NumberField, values: Floats) -> list[Value]:
    """Return numbers as the field takes them: inside its bounds, in whole steps."""
    low, high, step = float(each.low), float(each.high), float(each.step)
    steps = np.round((np.clip(values, low, high) - low) / step)
    places = max(-int(each.step.normalize().as_tuple().exponent), 0)
    return [float(value) for value in np.round(np.minimum(low + steps * step, high), places + 2)]


def random_plan(engine: Engine, world: Any, key: WorldKey) -> list[Decision]:
    """Return a plan drawn blindly: numbers uniform in their bounds, choices and flags among all there are."""
    form = engine.form(world)
    return [_random_decision(form, key.derive(number)) for number in range(engine.rounds(world))]


def _random_decision(form: DecisionForm, key: WorldKey) -> dict[str, list[Value]]:
    return {each.key: _random_values(each, key.uniforms(each.key, shape=len(table.rows))) for table, each in form}


def _random_values(each: Field, draws: Floats) -> list[Value]:
    match each:
        case NumberField():
            return on_grid(each, float(each.low) + draws * float(each.high - each.low))
        case FlagField():
            return [bool(round(draw)) for draw in draws.tolist()]
        case ChoiceField(options=options):
            return [options[int(draw * len(options))].key for draw in draws]
        case TextField():
            return [each.default for _ in draws]


def copied_plan(engine: Engine, world: Any, other: Any) -> Plan | None:
    """Return another world's reference as an answer to this one; None where it does not even fit."""
    form, reference = engine.form(world), engine.reference(other)
    sizes = {each.key: len(table.rows) for table, each in form}
    theirs = {each.key: len(table.rows) for table, each in engine.form(other)}
    if sizes != theirs or len(reference) != engine.rounds(world):
        return None
    known = {each.key: {option.key for option in each.options} for _, each in form if isinstance(each, ChoiceField)}
    fits = all(value in options for decision in reference for key, options in known.items() for value in decision[key])
    return reference if fits else None
