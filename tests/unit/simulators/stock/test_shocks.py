"""What may happen in a chain and in a year: rounds before stay alike, and everything else holds as without it."""

from __future__ import annotations

from typing import Any

import pytest

from qualoop.simulators import BaselineKind, Engine, TakesShocks, WorldKey, get_engine
from qualoop.simulators.conformance import Effort, check_engine
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task

EFFORT = Effort(plans=8, runs=60, forms=1, learners=3)
SMALL = {
    "beer-game": {"products": 3, "round_weeks": 8, "futures": 8},
    "stock-policy": {"products": 3, "round_weeks": 6},
    "search-market": {"queries": 60, "keywords": 12, "lines": 1, "terms": 10, "days_each": 3},
}
KEY = WorldKey.of_seed(5)
RUN = WorldKey.of_seed(8, "run")
CASES = [
    (name, kind)
    for name in ("beer-game", "stock-policy", "search-market")
    for kind in sorted(getattr(get_engine(name), "shocks", {}))
]


def engine_of(name: str) -> Engine:
    engine = get_engine(name)
    assert isinstance(engine, TakesShocks)
    return engine


def shocked(engine: Engine, kind: str, number: int = 3) -> Any:
    assert isinstance(engine, TakesShocks)
    return engine.with_shock(small(engine), number, kind)


def small(engine: Engine) -> Any:
    return engine.spec_model.model_validate(SMALL[engine.name])


def values(engine: Engine, spec: Any) -> list[float]:
    """Return what each round of the poor policy brought."""
    world = engine.world(spec, KEY)
    state, found = engine.initial(world), []
    for decision in engine.baseline(world, BaselineKind.POOR) or ():
        state, happened = engine.step(world, state, decision, RUN)
        found.append(happened.realised)
    return found


def test_there_is_something_for_each_engine_of_several_rounds() -> None:
    assert {name for name, _ in CASES} == {"beer-game", "stock-policy", "search-market"}
    assert len(CASES) == 5


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_rounds_before_stay_alike_and_those_after_do_not(name: str, kind: str) -> None:
    engine = engine_of(name)
    calm, rough = values(engine, small(engine)), values(engine, shocked(engine, kind))
    assert rough[:2] == calm[:2]
    assert rough[2:] != calm[2:]


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[0] != "search-market"])
def test_a_world_with_it_passes_the_conformance_suite(name: str, kind: str) -> None:
    engine = engine_of(name)
    task = Task(engine=engine, spec=shocked(engine, kind, 2), band=FormBand(), attempts=3)
    assert [finding for finding in check_engine(task, EFFORT, seed=1) if not finding.ok] == []


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_only_what_the_engine_knows_can_happen(name: str, kind: str) -> None:
    engine = engine_of(name)
    assert isinstance(engine, TakesShocks)
    for number, other in ((1, kind), (99, kind), (2, "earthquake")):
        with pytest.raises(ValueError, match="validation error"):
            engine.with_shock(engine.spec_model(), number, other)
    assert engine.shocks[kind]["en"] != engine.shocks[kind]["zh-Hans"]
