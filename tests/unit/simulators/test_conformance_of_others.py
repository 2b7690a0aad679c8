"""What the suite finds in engines of others: worlds that hang on the process, views that tell, laws that do not hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import pytest

from qualoop.commands.sim_check import Report, as_json, as_text
from qualoop.simulators import Column, Figure, Figures, Grid, Plan, Prose, View, WorldKey
from qualoop.simulators.conformance import Effort, Finding, check_engine
from qualoop.simulators.forms import Form, make_form
from qualoop.simulators.laws import laws, unused
from qualoop.simulators.leaks import leaks
from qualoop.simulators.other_process import other_process
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task
from tests.fakes.engines import Stall, StallEngine, both

Told = Callable[[Stall], Any]
IMPURE = """
from dataclasses import replace
from pathlib import Path
from qualoop.simulators import Prose
from tests.fakes.engines import StallEngine, both

NAMES = frozenset(str(number) for number in range(40))

class Pure(StallEngine):
    pass

class Salted(StallEngine):
    def world(self, spec, key, /):
        world = super().world(spec, key)
        return replace(world, spread=world.spread + hash("salt") % 997 / 997)

class Unordered(StallEngine):
    def view(self, world, state, run, /, *, role=""):
        names = Prose(key="names", title=both("Names", "名称"), text=both(" ".join(NAMES), " ".join(NAMES)))
        return replace(super().view(world, state, run), panels=(names,))

class Placed(StallEngine):
    def world(self, spec, key, /):
        world = super().world(spec, key)
        return replace(world, mean=world.mean * float(Path("factor.txt").read_text(encoding="utf-8")))
"""


def task_of(engine: StallEngine) -> Task:
    return Task(engine=engine, spec=StallEngine.spec_model(), band=FormBand(), attempts=2)


def form_of(engine: StallEngine) -> Form:
    return make_form(engine, StallEngine.spec_model(), WorldKey.of_seed(1), 0)


def made(**methods: Callable[..., Any]) -> StallEngine:
    engine: StallEngine = type("Made", (StallEngine,), methods)()
    return engine


@pytest.fixture
def impure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a module, which another process can import, with engines that are not pure, and its folder as cwd."""
    (tmp_path / "impure_engines.py").write_text(IMPURE, encoding="utf-8")
    (tmp_path / "factor.txt").write_text("1.1", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    invalidate_caches()
    yield import_module("impure_engines")
    del sys.modules["impure_engines"]


def in_another_process(engine: StallEngine) -> Finding:
    return other_process(task_of(engine), form_of(engine))


def test_a_pure_engine_makes_the_same_world_in_another_process(impure: Any) -> None:
    found = in_another_process(impure.Pure())
    assert (found.ok, found.verdict) == (True, "good")


@pytest.mark.parametrize(
    ("name", "words"), [("Salted", "hash()"), ("Unordered", "what is shown differ"), ("Placed", "factor.txt")]
)
def test_a_world_that_hangs_on_the_process(impure: Any, name: str, words: str) -> None:
    engine = getattr(impure, name)()
    findings = list(check_engine(task_of(engine), Effort(plans=2, runs=30, forms=1, learners=2, law_plans=1)))
    found = next(finding for finding in findings if finding.check == "other-process")
    # In this process all is well.
    assert [finding.ok for finding in findings if finding.check == "determinism"] == [True]
    assert found.verdict == "BAD"
    assert words in found.detail


def test_where_no_process_can_be_started_nothing_was_checked(impure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any, **options: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "run", refused)
    found = in_another_process(impure.Pure())
    assert (found.verdict, found.checked) == ("-", False)
    assert found.detail == "no other process could be started here (no more processes): check it on another machine"


def test_a_process_that_does_not_end(impure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*arguments: Any, timeout: int, **options: Any) -> None:
        raise subprocess.TimeoutExpired("python", timeout)

    monkeypatch.setattr(subprocess, "run", endless)
    assert in_another_process(impure.Pure()).verdict == "BAD"


def test_a_class_that_nobody_can_import_is_not_checked() -> None:
    found = in_another_process(made())
    assert (found.verdict, found.detail) == ("-", f"the class Made cannot be imported from {__name__}")


def telling(what: Told, *, after: int = 0, **methods: Callable[..., Any]) -> StallEngine:
    """Return an engine whose view shows one more panel, from some round on."""

    def view(self: StallEngine, world: Stall, state: Any, run: WorldKey, /, *, role: str = "") -> View:
        seen = StallEngine.view(self, world, state, run)
        return replace(seen, panels=(*seen.panels, what(world))) if seen.round >= after else seen

    return made(view=view, **methods)


def figures(*values: float) -> Figures:
    shown = tuple(Figure(key=f"f{place}", label=both("x", "甲"), value=value) for place, value in enumerate(values))
    return Figures(key="more", title=both("More", "更多"), figures=shown)


def prose(words: str) -> Prose:
    return Prose(key="more", title=both("More", "更多"), text=both(words, words))


def best(world: Stall) -> list[float]:
    return [float(value) for value in StallEngine().reference(world)[0]["order"]]


def found_by(engine: StallEngine, check: str) -> Finding:
    return next(finding for finding in leaks(task_of(engine), seed=0) if finding.check == check)


TELLING: Mapping[str, tuple[Told, int]] = {
    "the plan": (lambda world: figures(*best(world)), 0),
    "one number of the plan": (lambda world: figures(7.0, best(world)[3]), 0),
    "the plan in a table": (
        lambda world: Grid(
            key="more",
            title=both("More", "更多"),
            columns=(Column(label=both("x", "甲")),),
            rows=tuple((value,) for value in best(world)),
        ),
        0,
    ),
    "the value": (lambda world: figures(StallEngine().oracle(world).value), 0),
    "the value, rounded": (lambda world: figures(round(StallEngine().oracle(world).value, 1)), 0),
    "the value in a text": (
        lambda world: prose(f"Nobody earns more than {StallEngine().oracle(world).value:,.2f} yuan."),
        0,
    ),
    "the value after a round": (lambda world: figures(StallEngine().oracle(world).value), 1),
}


@pytest.mark.parametrize("how", TELLING)
def test_a_view_that_tells_what_is_best(how: str) -> None:
    what, after = TELLING[how]
    found = found_by(telling(what, after=after), "oracle-unseen")
    assert found.verdict == "BAD"
    place = f"after round {after}" if after else "before the first round"
    assert f"is to be seen at {place}" in found.detail
    assert "more" in found.detail


def test_after_the_last_round_what_was_best_may_be_told() -> None:
    engine = telling(lambda world: figures(*best(world)), after=2)
    assert found_by(engine, "oracle-unseen").verdict == "good"


def hidden(self: StallEngine, world: Stall, /) -> Mapping[str, Sequence[float]]:
    return {"spreads": world.spread.tolist(), "means": world.mean.tolist()}


def spreads(self: StallEngine, world: Stall, /) -> Mapping[str, Sequence[float]]:
    return {"spreads": world.spread.tolist()}


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        (made(hidden=hidden), "means 0 is to be seen at before the first round form"),
        (telling(lambda world: figures(float(world.spread[2])), hidden=spreads), "spreads 2"),
        (telling(lambda world: figures(round(float(world.spread[2]), 1)), hidden=spreads), "spreads 2"),
        (telling(lambda world: figures(float(world.spread[2])), after=2, hidden=spreads), "after round 2"),
        (telling(lambda world: prose(f"about {world.spread[4]:.3f}"), hidden=spreads), "spreads 4"),
        (
            telling(
                lambda world: figures(*sorted(world.spread.tolist())),
                hidden=spreads,
            ),
            "spreads",
        ),
    ],
    ids=["a fact", "a figure", "rounded", "after the end", "in a text", "in another order"],
)
def test_a_number_that_the_engine_hides(engine: StallEngine, words: str) -> None:
    found = found_by(engine, "hidden")
    assert found.verdict == "BAD"
    assert words in found.detail


def test_what_is_hidden_and_stays_so() -> None:
    found = found_by(made(hidden=spreads), "hidden")
    assert (found.verdict, found.detail) == ("good", "no view shows spreads")


def test_laws_that_hold_and_that_do_not() -> None:
    def told(off: float) -> Finding:
        engine = made(laws=lambda *_: {"money": 0.0, "pieces": off})
        return laws(engine, form_of(engine), 3)

    assert (told(1e-9).verdict, told(1e-9).detail) == ("good", "adds up in a run of each of 5 plans: money, pieces")
    for off in (1.0, -1.0, float("nan")):
        assert told(off).verdict == "BAD"
        assert told(off).detail == "does not add up: pieces"
        assert set(told(off).figures) == {"pieces"}


def test_a_law_is_asked_for_of_random_plans() -> None:
    def each(self: StallEngine, world: Stall, plan: Plan, run: WorldKey, /) -> Mapping[str, float]:
        # Neither the reference nor the poor plan orders so much.
        return {"orders": float(float(plan[0]["order"][0]) > 150)}

    engine = made(laws=each)
    assert laws(engine, form_of(engine), 0).verdict == "good"
    assert laws(engine, form_of(engine), 20).verdict == "BAD"


def other_signs(self: StallEngine, world: Stall, plan: Plan, /) -> Plan:
    return [{**decision, "sign": [not sign for sign in decision["sign"]]} for decision in plan]


def without_signs(self: StallEngine, world: Stall, plan: Plan, /) -> float:
    return StallEngine.value(self, world, [{**decision, "sign": [False] * 5} for decision in plan])


def step_without_signs(self: StallEngine, world: Stall, state: Any, decision: Any, run: WorldKey, /) -> Any:
    return StallEngine.step(self, world, state, {**decision, "sign": [False] * 5}, run)


def step_with_luck_of_its_own(self: StallEngine, world: Stall, state: Any, decision: Any, run: WorldKey, /) -> Any:
    return step_without_signs(self, world, state, decision, run.derive(str(decision["sign"])))


@pytest.mark.parametrize(
    ("methods", "verdict"),
    [
        ({}, "BAD"),
        ({"value": without_signs}, "BAD"),
        ({"step": step_without_signs}, "BAD"),
        # Neither the value nor the mean of runs tells.
        ({"value": without_signs, "step": step_with_luck_of_its_own}, "BAD"),
        ({"value": without_signs, "step": step_without_signs}, "good"),
    ],
    ids=["it matters", "to runs", "to the value", "to chance", "it is not used"],
)
def test_a_decision_that_is_said_not_to_be_used(methods: Mapping[str, Callable[..., Any]], verdict: str) -> None:
    engine = made(unused=other_signs, **methods)
    assert unused(engine, form_of(engine), 2).verdict == verdict


def test_where_nothing_was_changed_nothing_was_shown() -> None:
    engine = made(unused=lambda *given: given[-1])
    found = unused(engine, form_of(engine), 2)
    assert (found.verdict, found.detail) == ("-", "not declared: the method `unused` changed nothing in any plan")


def test_what_an_engine_does_not_declare_is_said_and_passes_nothing() -> None:
    engine = made(hidden=lambda *_: {}, laws=lambda *_: {})
    for each in (StallEngine(), engine):
        findings = (laws(each, form_of(each), 1), unused(each, form_of(each), 1), *leaks(task_of(each), seed=0))
        told = {finding.check: finding for finding in findings if not finding.checked}
        assert set(told) == {"laws", "unused", "hidden"}
        report = Report(key="x", computed=False, findings=tuple(findings), psychometrics=None, exploits=())
        assert report.ok
        lines = [line for line in as_text(report).splitlines() if "not declared" in line]
        assert [line.split()[:2] for line in lines] == [["-", "laws"], ["-", "unused"], ["-", "hidden"]]
        assert [found["checked"] for found in as_json(report)["findings"]].count(False) == 3
