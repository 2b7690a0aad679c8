"""Worlds, what was played in them and how good it was: made anew from keys and decisions, and kept for a while.

All of it follows from the project and the attempt's state, so nothing is lost where it has to be made again.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from qualoop.content_packages.project import Project
from qualoop.player.project_state import CLASS_WORLDS, GRADED, PRACTICE, Mode, Shock
from qualoop.simulators import (
    DecisionForm,
    Engine,
    Happened,
    PartScore,
    Plan,
    Standard,
    TakesShocks,
    WorldKey,
    earned_parts,
    gap_score,
    standard_of,
)
from qualoop.simulators.decisions import with_components
from qualoop.simulators.engine import is_steady
from qualoop.simulators.forms import choose_form
from qualoop.simulators.views import View as EngineView
from qualoop.values import Score, ValueRefusedError

KEPT_WORLDS: Final = 32
KEPT_PLAYS: Final = 128
LARGEST_LOSSES: Final = 3

_Kept = TypeVar("_Kept")


class Recent(Generic[_Kept]):
    """The things that were asked for last, at most ``size``; the same for all threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """Return what is kept under ``key``, made now where it is not; two threads may both make it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWorld:
    """A world with its key, the key of its luck, and what is decided in it; ``name`` tells it from all others.

    ``form`` holds all that may ever be decided; where an engine offers something else in each round, as in a dialogue,
    ``is_steady`` is false, and only its view's form may be shown.
    """

    name: str
    engine: Engine
    key: WorldKey
    luck: WorldKey
    world: Any
    form: DecisionForm
    rounds: int
    is_steady: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """The rounds of a plan as they came out; ``state`` is the engine's after them."""

    state: Mapping[str, Any]
    happened: tuple[Happened, ...] = ()

    @property
    def realised(self) -> float:
        """Return the value as it came out, luck and all."""
        return sum(each.realised for each in self.happened)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How good a whole plan was.

    ``value`` is expected, ``realised`` as it came out. ``worst`` are the parts with the largest losses, largest first;
    ``instead`` has the expected value if such a part had been the reference's and the rest as decided, where a part is a
    component of the decisions.
    """

    value: float
    realised: float
    score: Score
    standard: Standard
    parts: tuple[PartScore, ...]
    worst: tuple[PartScore, ...]
    instead: Mapping[str, float]

    @property
    def luck(self) -> float:
        """Return how much better it came out than was to be expected."""
        return self.realised - self.value


class Worlds:
    """Worlds of attempts; one object serves all requests."""

    def __init__(self) -> None:
        self._worlds: Recent[OpenWorld] = Recent(KEPT_WORLDS)
        self._standards: Recent[Standard] = Recent(KEPT_PLAYS)
        self._plays: Recent[Played] = Recent(KEPT_PLAYS)
        self._verdicts: Recent[Verdict] = Recent(KEPT_PLAYS)
        self._views: Recent[EngineView] = Recent(KEPT_WORLDS)

    def world(self, project: Project, seed: int, mode: Mode, number: int, *, shocks: Sequence[Shock] = ()) -> OpenWorld:
        """Return the world of a run, with what a teacher let happen in it."""
        return self._opened(shocked(project, shocks), _run_key(project, seed, mode, number))

    def fit_number(self, project: Project, seed: int) -> int:
        """Return the number of an attempt's graded form; raise FormOutsideBandError where no form is fit."""
        key = WorldKey.of_seed(seed, project.key, GRADED)
        form = choose_form(project.engine, project.spec, key, project.form_band, tried=project.score.forms_tried)
        self._standards.get(_name(project, form.key), lambda: form.standard)
        return form.number

    def played(self, opened: OpenWorld, plan: Plan) -> Played:
        """Return how the rounds of a plan came out; only what was not asked for lately is played."""
        if not plan:
            return Played(state=opened.engine.initial(opened.world))
        return self._plays.get((opened.name, _digest(plan)), lambda: self._next(opened, plan))

    def view(self, opened: OpenWorld, state: Mapping[str, Any]) -> EngineView:
        """Return what the engine shows after the rounds of ``state``."""
        key = (opened.name, json.dumps(state, sort_keys=True))
        return self._views.get(key, lambda: opened.engine.view(opened.world, state, opened.luck))

    def standard(self, opened: OpenWorld) -> Standard:
        """Return what plans in a world are measured against."""
        return self._standards.get(opened.name, lambda: standard_of(opened.engine, opened.world))

    def verdict(self, opened: OpenWorld, plan: Plan) -> Verdict:
        """Return how good a whole plan was."""
        return self._verdicts.get((opened.name, _digest(plan)), lambda: self._judged(opened, plan))

    def score(self, opened: OpenWorld, plan: Plan) -> Score:
        """Return what a whole plan scores, which is quicker than its verdict."""
        return gap_score(opened.engine.value(opened.world, plan), self.standard(opened))

    def _next(self, opened: OpenWorld, plan: Plan) -> Played:
        before = self.played(opened, plan[:-1])
        state, happened = opened.engine.step(opened.world, before.state, plan[-1], opened.luck)
        return Played(state=state, happened=(*before.happened, happened))

    def _judged(self, opened: OpenWorld, plan: Plan) -> Verdict:
        engine, world = opened.engine, opened.world
        standard = self.standard(opened)
        value = engine.value(world, plan)
        score = gap_score(value, standard)
        parts = tuple(earned_parts(engine, world, plan, standard, score=score))
        worst = [part for part in sorted(parts, key=_by_loss) if part.lost > 0][:LARGEST_LOSSES]
        reference = engine.reference(world)
        mixed = [part.part for part in worst if opened.form.part_of(part.part) and len(reference) == len(plan)]
        return Verdict(
            value=value,
            realised=self.played(opened, plan).realised,
            score=score,
            standard=standard,
            parts=parts,
            worst=tuple(worst),
            instead={part: engine.value(world, _with_part(opened.form, plan, reference, part)) for part in mixed},
        )

    def _opened(self, project: Project, key: WorldKey) -> OpenWorld:
        name = _name(project, key)
        return self._worlds.get(name, lambda: _made(project, key, name))


def shocked(project: Project, shocks: Sequence[Shock]) -> Project:
    """Return a project in whose worlds shocks happen; raise ValueError where its engine knows none like this."""
    engine, spec = project.engine, project.spec
    if not shocks:
        return project
    if not isinstance(engine, TakesShocks):
        raise ValueRefusedError(f"nothing can happen in the worlds of {project.key}")
    for each in shocks:
        spec = engine.with_shock(spec, each.round, each.kind)
    return replace(project, spec=spec)


def _run_key(project: Project, seed: int, mode: Mode, number: int) -> WorldKey:
    """Return the key of a run's world, as `forms` derives it from an attempt's key for a graded one."""
    if mode == PRACTICE and number >= CLASS_WORLDS:
        return WorldKey.of_seed(number - CLASS_WORLDS, project.key, "class")
    if mode == PRACTICE:
        return WorldKey.of_seed(seed, project.key, PRACTICE, number)
    return WorldKey.of_seed(seed, project.key, GRADED).derive("form", number)


def _made(project: Project, key: WorldKey, name: str) -> OpenWorld:
    engine = project.engine
    world, luck = engine.world(project.spec, key), key.derive("run")
    form = engine.form(world)
    return OpenWorld(
        name=name,
        engine=engine,
        key=key,
        luck=luck,
        world=world,
        form=form,
        rounds=engine.rounds(world),
        is_steady=is_steady(engine, world, luck),
    )


def _name(project: Project, key: WorldKey) -> str:
    """Return what tells a world from all others: its engine, what the project says of it, and its key."""
    said = f"{project.engine.name}\0{project.spec.model_dump_json()}\0{key.as_text()}"
    return hashlib.sha256(said.encode()).hexdigest()


def _digest(plan: Plan) -> str:
    rows = [{key: list(values) for key, values in decision.items()} for decision in plan]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _with_part(form: DecisionForm, plan: Plan, other: Plan, part: str) -> Plan:
    fields = form.part_of(part)
    return [with_components(mine, theirs, fields) for mine, theirs in zip(plan, other, strict=True)]


def _by_loss(part: PartScore) -> float:
    return -part.lost


def whole_plan(opened: OpenWorld, plan: Plan) -> Plan:
    """Return a plan of at least one round with those not played as decided last: business goes on, a dialogue does not."""
    return [*plan, *[plan[-1]] * (opened.rounds - len(plan))] if opened.is_steady else plan
