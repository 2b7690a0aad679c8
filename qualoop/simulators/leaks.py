"""Whether a view gives an answer away: the oracle's numbers, and those that an engine says are hidden.

Several worlds are looked at, because a number like another is chance in one of them, and none if the same place holds it
in all. So are found: a number at a place of its own (a cell of a row, a figure, a number in a text), rounded or not; and
a number of seven digits or more wherever it stands. Not found: a choice or flag given away in words, a number that is
shown after some arithmetic, a list of rounded numbers in another order in each world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qualoop.simulators.decisions import Plan
from qualoop.simulators.engine import Engine, NamesHidden
from qualoop.simulators.findings import Finding, not_checked
from qualoop.simulators.learners import random_plan
from qualoop.simulators.psychometrics import Task
from qualoop.simulators.shown_numbers import Place, Placed, numbers_in, shown_at_a_place, shown_exactly
from qualoop.simulators.streams import WorldKey

WORLDS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A world's numbers: what is shown as long as something is to be decided, what is shown at all, what must not be."""

    before_the_end: Placed
    ever: Placed
    answers: Placed
    hidden: Placed


def leaks(task: Task, *, seed: int) -> Iterator[Finding]:
    """Iterate over what was found of the oracle's numbers, before the end, and of hidden numbers, at any time."""
    engine = task.engine
    seen = [_seen(engine, task.spec, WorldKey.of_seed(seed, "leaks", number)) for number in range(WORLDS)]
    yield _finding(
        "oracle-unseen",
        "no view shows the value or the numbers of the oracle's plan before the last round",
        ([world.before_the_end for world in seen], [world.answers for world in seen]),
    )
    if not isinstance(engine, NamesHidden):
        yield not_checked("hidden", "not declared: a method `hidden` would name the numbers that no view may show")
    elif not any(world.hidden for world in seen):
        yield not_checked("hidden", "not declared: the method `hidden` names no numbers")
    else:
        names = ", ".join(dict.fromkeys(str(place[0]) for place in seen[0].hidden))
        yield _finding(
            "hidden", f"no view shows {names}", ([world.ever for world in seen], [world.hidden for world in seen])
        )


def _finding(check: str, good: str, numbers: tuple[Sequence[Placed], Sequence[Placed]]) -> Finding:
    found = shown_exactly(*numbers) or shown_at_a_place(*numbers)
    if found is None:
        return Finding(check=check, ok=True, detail=good)
    hidden, shown = (_words(place) for place in found)
    return Finding(check=check, ok=False, detail=f"{hidden} is to be seen at {shown}, in each of {WORLDS} worlds")


def _words(place: Place) -> str:
    return " ".join(map(str, place))


def _seen(engine: Engine, spec: Any, key: WorldKey) -> _Seen:
    world = engine.world(spec, key)
    before_the_end: dict[Place, float] = {}
    ever: dict[Place, float] = {}
    for at, is_open, shown in _views(engine, world, key):
        numbers = dict(numbers_in(shown, (at,)))
        ever |= numbers
        if is_open:
            before_the_end |= numbers
    bound = engine.oracle(world)
    hidden = engine.hidden(world) if isinstance(engine, NamesHidden) else {}
    return _Seen(
        before_the_end=before_the_end,
        ever=ever,
        answers={("the oracle's value",): bound.value, **dict(_decided(bound.plan))},
        hidden={
            (name, place): float(number) for name, numbers in hidden.items() for place, number in enumerate(numbers)
        },
    )


def _views(engine: Engine, world: Any, key: WorldKey) -> Iterator[tuple[str, bool, Any]]:
    """Iterate over what is shown, with whether something is still to be decided: at first, after one round, at the end.

    What is played is drawn blindly, so that no number of its own is the oracle's.
    """
    run, state = key.derive("run"), engine.initial(world)
    plan = random_plan(engine, world, key.derive("blind"))
    yield "before the first round", True, engine.view(world, state, run)
    for number, decision in enumerate(plan, 1):
        state, happened = engine.step(world, state, decision, run)
        if number in {1, len(plan)}:
            view = engine.view(world, state, run)
            news = [panel for panel in happened.panels if panel not in view.panels]
            yield f"after round {number}", view.form is not None, (view, news)


def _decided(plan: Plan) -> Iterator[tuple[Place, float]]:
    """Iterate over the numbers that a plan decides: a choice has none, and a text quotes some that everybody knows."""
    for number, decision in enumerate(plan, 1):
        for field, values in decision.items():
            for row, value in enumerate(values):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    yield (f"the oracle's round {number}", field, row), float(value)
