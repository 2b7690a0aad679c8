"""Holds the engine against learners whose truth is known: intervals, difficulties, severities, awards, guessing.

The worlds are those of `qualoop.mastery.synthetic`; the engine sees their logs only, one response after another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qualoop.mastery.compiling import as_lists, compiled, is_worth_compiling
from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.kernel import new_item, new_learner, new_memory, new_point, new_rater, step
from qualoop.mastery.logs import ResponseLog
from qualoop.mastery.readings import AWARD_WIDENING, Z_90, award_bound, combine, logit, read_point
from qualoop.mastery.synthetic import Plan, World, make_world

Floats = NDArray[np.float64]
Figures = dict[str, float | None]
Notes = dict[str, str]

PLANS: Final[Mapping[str, Plan]] = {
    "": Plan(learners=1000, responses=80),
    "_wrong_tags": Plan(learners=1000, responses=80, wrong_tags=0.1),
    "_fast_learning": Plan(
        learners=1000,
        responses=80,
        constants=replace(DEFAULT_CONSTANTS, gain_success=0.15, gain_failure=0.15),
    ),
    "_200": Plan(learners=1000, responses=200),
    "_200_wrong_tags": Plan(learners=1000, responses=200, wrong_tags=0.1),
}
GUESSED: Final = Plan(learners=1000, responses=60, sheets=0.0, raters=0)
WORLDS: Final = 4
"""How many worlds of each plan are made: one alone says little of severities and of awards."""
TOUCHES: Final = 4
"""The place of the number of responses in the row of a memory."""
KNOWN: Final = 1e-4
"""The variance of a difficulty that was calibrated before."""
MASTERED: Final = 0.7
SURE: Final = 0.90
LEAST_TOUCHES: Final = 3
"""A point counts as mastered when it lies above MASTERED with this certainty after this many responses."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """The rows that the engine holds; the memory of learner l for point k is row ``l * points + k``."""

    learners: Floats
    items: Floats
    raters: Floats
    memories: Floats
    points: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What the engine said of one world, and what was true.

    Of every met knowledge point of every learner: error over SD (not widened), whether it was declared mastered, and
    whether it was. Of every learner: whether the bound gave an award over all points, and whether it was deserved.
    """

    errors: Floats
    declared: NDArray[np.bool_]
    mastered: NDArray[np.bool_]
    awarded: NDArray[np.bool_]
    deserved: NDArray[np.bool_]
    r_b: float
    r_s: float


def truth_figures(
    plans: Mapping[str, Plan] | None = None, *, guessed: Plan = GUESSED, worlds: int = WORLDS
) -> tuple[Figures, Notes]:
    """Return the figures of known truth (docs/mastery.md, known truth), of several worlds for each plan.

    ``plans`` gives each plan by the suffix that its keys get: ``_200`` is 200 responses instead of 80, ``_wrong_tags``
    a tenth of the tags wrong, ``_fast_learning`` people who learn far more than the constants expect. ``floor_K_on``
    and ``_off`` are of guessing among K options. A pass is an award at a cut one SD of the learners above their mean;
    ``awards`` says of how many the share is.
    """
    figures: Figures = {}
    for suffix, plan in (PLANS if plans is None else plans).items():
        outcomes = [_outcome(replace(plan, seed=plan.seed + number)) for number in range(worlds)]
        figures |= {f"{key}{suffix}": value for key, value in _figures(outcomes).items()}
    for options in (4, 2):
        figures |= _floors(replace(guessed, options=options))
    return figures, {key: "there was none" for key, value in figures.items() if value is None}


def follow(log: ResponseLog, constants: Constants, tables: Tables | None = None) -> Tables:
    """Run the engine through a log in file order, from ``tables`` (left as they are) or from nothing."""
    start = tables or empty(log, constants)
    rows = tuple(table.copy() for table in (start.learners, start.items, start.raters, start.memories, start.points))
    points = np.diff(log.point_start)[log.item]
    first = np.concatenate([[0], np.cumsum(points)])
    event = np.repeat(np.arange(log.rows), points)
    place = log.point_start[log.item[event]] + np.arange(len(event)) - first[event]
    point = log.points[place]
    memory = log.learner[event] * len(log.point_names) + point
    rated = (log.rater >= 0).astype(float)
    places = (log.learner, log.item, np.maximum(log.rater, 0), first, memory, point, 1.0 / points[event])
    facts = np.column_stack([log.time, log.score, log.omega, 1.0 - rated, log.guess, rated])
    arguments: Any = (places, facts, constants.row(timed=log.timed))
    if is_worth_compiling(WORLDS * log.rows):  # What is compiled serves all worlds.
        compiled(_run)(rows, *arguments)
    else:
        lists = as_lists(rows)
        _run(lists, *as_lists(arguments))
        rows = tuple(np.array(table) for table in lists)
    return Tables(learners=rows[0], items=rows[1], raters=rows[2], memories=rows[3], points=rows[4])


def empty(log: ResponseLog, constants: Constants) -> Tables:
    """Return the tables before the first response."""

    def table(row: Sequence[float], count: int) -> Floats:
        return np.tile(np.array(row), (count, 1))

    learners, points = len(log.learners), len(log.point_names)
    return Tables(
        learners=table(new_learner(constants), learners),
        items=table(new_item(constants), len(log.items)),
        raters=table(new_rater(constants), max(len(log.raters), 1)),
        memories=table(new_memory(constants), learners * points),
        points=table(new_point(constants), points),
    )


def _run(tables: Any, places: Any, facts: Any, constants: Any) -> None:
    """Apply all responses, in place."""
    learners, items, raters, memories, points = tables
    learner_of, item_of, rater_of, starts, memory_of, point_of, share = places
    for e in range(len(facts)):
        a, z = starts[e], starts[e + 1]
        fact = facts[e]
        step(
            (learners[learner_of[e]], items[item_of[e]], raters[rater_of[e]]),
            (memories, points, memory_of[a:z], point_of[a:z], share[a:z]),
            (fact[0], fact[1], fact[2], fact[3], fact[4], fact[5]),
            constants,
        )


def _outcome(plan: Plan) -> Outcome:
    """Make a world, let the engine (with the shipped constants) see its log, and hold what it says against the truth."""
    world, constants = make_world(plan), DEFAULT_CONSTANTS
    tables = follow(world.log, constants)
    true = world.truth.standing()
    cut = float(true.mean(axis=1).mean() + true.mean(axis=1).std())
    said = _read(world, tables, constants, cut)
    touches = tables.memories[:, TOUCHES].reshape(true.shape)
    met = touches > 0
    return Outcome(
        errors=((said.mean - true) / said.sd)[met],
        declared=((said.chance >= SURE) & (touches >= LEAST_TOUCHES))[met],
        mastered=(true > logit(MASTERED))[met],
        awarded=said.awarded,
        deserved=true.mean(axis=1) > cut,
        r_b=_correlation(tables.items, world.truth.difficulty),
        r_s=_correlation(tables.raters, world.truth.severity),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Said:
    """What is read at the end: mean, SD and the chance to lie above MASTERED (learners, points); awards (learners,)."""

    mean: Floats
    sd: Floats
    chance: Floats
    awarded: NDArray[np.bool_]


def _read(world: World, tables: Tables, constants: Constants, cut: float) -> _Said:
    """Read every point of every learner after the last response, and the roll-up of all points against a cut."""
    learners, points = len(world.log.learners), tables.points.tolist()
    now = world.log.time[-learners:].tolist()
    memories = tables.memories.reshape(learners, len(points), -1).tolist()
    numbers, awarded = [], []
    for row, own, at in zip(tables.learners.tolist(), memories, now, strict=True):
        readings = [
            read_point(row, memory, point, at=at, constants=constants)
            for memory, point in zip(own, points, strict=True)
        ]
        numbers.append([(r.mean, r.sd, r.chance_above(MASTERED, widening=AWARD_WIDENING)) for r in readings])
        mean, sd = combine([(1.0 / len(points), reading) for reading in readings], row[1])
        awarded.append(award_bound(mean, sd, cut_error=0.0) > cut)
    table = np.array(numbers)
    return _Said(mean=table[:, :, 0], sd=table[:, :, 1], chance=table[:, :, 2], awarded=np.array(awarded))


def _figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of worlds of one plan, pooled; correlations are their means."""
    errors, declared, mastered, awarded, deserved = (
        np.concatenate([getattr(outcome, name) for outcome in outcomes])
        for name in ("errors", "declared", "mastered", "awarded", "deserved")
    )
    return {
        "coverage_90": float(np.mean(np.abs(errors) <= AWARD_WIDENING * Z_90)),
        "coverage_90_plain": float(np.mean(np.abs(errors) <= Z_90)),
        "bound_fails": float(np.mean(errors > AWARD_WIDENING * Z_90)),
        "r_b": float(np.mean([outcome.r_b for outcome in outcomes])),
        "r_s": float(np.mean([outcome.r_s for outcome in outcomes])),
        "false_mastery": _share(~mastered[declared]),
        "mastery_recall": _share(declared[mastered]),
        "awards": int(awarded.sum()),
        "false_pass": _share(~deserved[awarded]),
        "award_recall": _share(awarded[deserved]),
    }


def _floors(plan: Plan) -> Figures:
    """Return the bias of ability and the coverage of its 90 % interval (not widened), with the floor on and off.

    The difficulties are known beforehand, so that what guessing adds cannot hide in them.
    """
    world = make_world(plan)
    start = empty(world.log, plan.constants)
    for table, true in ((start.items, world.truth.difficulty), (start.points, world.truth.point_difficulty)):
        table[:, 0], table[:, 1] = true, KNOWN
    figures: Figures = {}
    for name, log in (("on", world.log), ("off", replace(world.log, guess=np.zeros_like(world.log.guess)))):
        learners = follow(log, plan.constants, start).learners
        errors = learners[:, 0] - world.truth.ability
        inside = np.abs(errors) <= Z_90 * np.sqrt(learners[:, 1])
        figures[f"floor_{plan.options}_{name}.bias_g"] = float(errors.mean())
        figures[f"floor_{plan.options}_{name}.coverage_90"] = float(inside.mean())
    return figures


def _share(flags: NDArray[np.bool_]) -> float | None:
    """Return the share of those that are true; None of none."""
    return float(flags.mean()) if flags.size else None


def _correlation(rows: Floats, true: Floats) -> float:
    """Return the correlation of the means of rows with the truth."""
    return float(np.corrcoef(rows[:, 0], true)[0, 1])
