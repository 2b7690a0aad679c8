"""The three engines of stock: the conformance suite, what they show, and what chance hangs on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from qualoop.simulators import BaselineKind, Engine, Grid, WorldKey, gap_score, get_engine, standard_of
from qualoop.simulators.conformance import Effort, check_engine, fingerprint, play
from qualoop.simulators.learners import random_plan
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task, exploits, measure
from qualoop.simulators.scoring import thin_components
from qualoop.simulators.stock.beer_play import ROLES
from qualoop.simulators.stock.season import ordered, season_demand
from tests.fakes.python_process import printed_by_another_process

NAMES = ("stock-season", "stock-policy", "beer-game")
EFFORT = Effort(plans=12, runs=80, forms=1, learners=4)
RUN = WorldKey.of_seed(8, "run")
SHOWN: dict[str, tuple[set[str], set[str]]] = {
    "stock-season": (
        {"weeks-by-category", "weeks-by-product"},
        {"season", "season-by-product", "weeks-by-category", "weeks-by-product"},
    ),
    "stock-policy": (
        {"conditions", "stock-now", "history", "history-by-product"},
        {"round", "round-by-product", "stock", "conditions", "stock-now", "history", "history-by-product"},
    ),
    "beer-game": (
        {"news", "history"},
        {"round", "round-by-product", "net-stock", "orders", "bullwhip", "news", "history"},
    ),
}


@pytest.fixture(params=NAMES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return get_engine(request.param)


def world_of(engine: Engine, seed: int = 3) -> Any:
    return engine.world(engine.spec_model(), WorldKey.of_seed(seed))


def task_of(engine: Engine) -> Task:
    return Task(engine=engine, spec=engine.spec_model(), band=FormBand(), attempts=3)


def test_conformance(engine: Engine) -> None:
    assert [finding for finding in check_engine(task_of(engine), EFFORT, seed=1) if not finding.ok] == []


def test_another_process_makes_the_same_worlds() -> None:
    code = (
        "from qualoop.simulators import WorldKey, get_engine\n"
        "from qualoop.simulators.conformance import fingerprint\n"
        f"engines = [get_engine(name) for name in {NAMES!r}]\n"
        "print([fingerprint(engine, engine.spec_model(), WorldKey.of_seed(4)) for engine in engines])"
    )
    engines = [get_engine(name) for name in NAMES]
    here = [fingerprint(engine, engine.spec_model(), WorldKey.of_seed(4)) for engine in engines]
    assert printed_by_another_process(code) == str(here)


def test_only_what_may_be_seen_is_shown(engine: Engine) -> None:
    world = world_of(engine)
    state = engine.initial(world)
    before, after = SHOWN[engine.name]
    assert {panel.key for panel in engine.view(world, state, RUN).panels} == before
    state, happened = engine.step(world, state, engine.reference(world)[0], RUN)
    view = engine.view(world, state, RUN)
    assert {panel.key for panel in view.panels} == after
    assert all(panel in view.panels for panel in happened.panels)


def test_hidden_numbers_stand_nowhere(engine: Engine) -> None:
    world = world_of(engine)
    hidden = world.mean if engine.name == "stock-season" else world.rate
    shown = repr((engine.form(world), engine.view(world, engine.initial(world), RUN)))
    assert not [number for number in hidden.tolist() if f"{number:.6g}"[:7] in shown]


def test_what_is_seen_before_does_not_hang_on_luck(engine: Engine) -> None:
    world = world_of(engine)
    views = [engine.view(world, engine.initial(world), WorldKey.of_seed(seed, "run")) for seed in (1, 2)]
    assert views[0] == views[1]


def test_every_component_carries_its_share(engine: Engine) -> None:
    thin = [bool(thin_components(standard_of(engine, world_of(engine, seed)))) for seed in range(4)]
    assert not any(thin)


def test_bots_stay_poor_and_learners_are_told_apart(engine: Engine) -> None:
    task = task_of(engine)
    assert all(bot.highest <= 0.2 and bot.median <= 0.1 for bot in exploits(task, seeds=2))
    found = measure(task, learners=20, forms=4, parts=False)
    assert found.reliability > 0.7
    assert found.skill > 0.7


def test_a_perfect_plan_scores_full_and_an_empty_one_nothing(engine: Engine) -> None:
    world = world_of(engine)
    standard = standard_of(engine, world)
    nothing = engine.baseline(world, BaselineKind.NOTHING)
    assert nothing is not None
    assert gap_score(engine.value(world, nothing), standard) == 0
    assert all(part.score == 1 for part in engine.scores(world, engine.reference(world)))


def test_the_state_is_small_and_plain(engine: Engine) -> None:
    world = world_of(engine)
    state, _ = play(engine, world, random_plan(engine, world, WorldKey.of_seed(1)), RUN)
    text = json.dumps(state)
    assert len(text) < 16 * 1024
    assert engine.plan(world, json.loads(text)) == engine.plan(world, state)


@pytest.mark.soak
def test_reliability_at_full_size(engine: Engine) -> None:
    task = task_of(engine)
    assert measure(task).reliability >= 0.8
    assert all(bot.highest <= 0.2 and bot.median <= 0.1 for bot in exploits(task))


def test_demand_of_a_season_does_not_hang_on_the_order() -> None:
    engine = get_engine("stock-season")
    world = world_of(engine)
    grids = []
    for plan in (engine.reference(world), engine.oracle(world).plan):
        _, happened = engine.step(world, engine.initial(world), plan[0], RUN)
        grids.append(next(panel for panel in happened.panels if isinstance(panel, Grid)))
    demand = [[row[2] for row in grid.rows] for grid in grids]
    assert demand[0] == demand[1] == season_demand(world, RUN).tolist()


def test_a_season_sells_no_more_than_was_ordered_or_asked_for() -> None:
    engine = get_engine("stock-season")
    world = world_of(engine)
    plan = random_plan(engine, world, WorldKey.of_seed(2))
    orders, demand = ordered(plan[0]), season_demand(world, RUN)
    _, happened = engine.step(world, engine.initial(world), plan[0], RUN)
    grid = next(panel for panel in happened.panels if isinstance(panel, Grid))
    for row, order, asked in zip(grid.rows, orders.tolist(), demand.tolist(), strict=True):
        assert row[1:6] == (order, asked, min(order, asked), max(order - asked, 0), max(asked - order, 0))


def test_a_seasons_oracle_is_the_best_of_all_quantities() -> None:
    engine = get_engine("stock-season")
    world = world_of(engine)
    quantities = np.arange(world.sold.shape[1])
    profit = (world.price - world.salvage)[:, None] * world.sold - (world.cost - world.salvage)[:, None] * quantities
    assert engine.oracle(world).value == pytest.approx(profit.max(axis=1).sum(), rel=1e-12)


def test_a_minus_below_the_forecast_orders_nothing() -> None:
    assert ordered({"forecast": [5.0, 5.0], "buffer": [-9.0, -2.0]}).tolist() == [0, 3]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_of_the_chain_sees_its_own_firm_only(role: str) -> None:
    engine = get_engine("beer-game")
    world = world_of(engine)
    state, _ = engine.step(world, engine.initial(world), engine.reference(world)[0], RUN)
    view = engine.view(world, state, RUN, role=role)
    assert view.form is not None
    assert view.form.components == (role,)
    assert set(view.standing) == {f"{role}-{name}" for name in ("level", "gap", "pipeline")}
    assert {panel.key for panel in view.panels} == {"round", "round-by-product", "net-stock", "news", "history"}
    whole = engine.view(world, state, RUN)
    rows = [{panel.key: panel for panel in each.panels if isinstance(panel, Grid)} for each in (view, whole)]
    own, everybody = (each["round-by-product"].rows for each in rows)
    assert len(own) * len(ROLES) == len(everybody)
    assert all(row in everybody for row in own)


def test_an_unknown_role_is_refused() -> None:
    engine = get_engine("beer-game")
    world = world_of(engine)
    with pytest.raises(ValueError, match="brewer"):
        engine.view(world, engine.initial(world), RUN, role="brewer")


def test_the_chains_value_is_the_mean_of_every_future() -> None:
    engine = get_engine("beer-game")
    world = engine.world(engine.spec_model(products=1, futures=8), WorldKey.of_seed(6))
    plan = engine.reference(world)
    each = [engine.value(replace(world, futures=future), plan) for future in _alone(world.futures)]
    assert engine.value(world, plan) == pytest.approx(float(np.mean(each)), rel=1e-12)


def _alone(futures: Any) -> list[Any]:
    return [np.repeat(futures[:, :, place : place + 1], futures.shape[2], axis=2) for place in range(futures.shape[2])]


def test_chains_have_stakes_of_one_size() -> None:
    engine = get_engine("beer-game")
    worlds = [world_of(engine, seed) for seed in range(10)]
    rates = [world.rate.mean() for world in worlds]
    oracles = [engine.oracle(world).value for world in worlds]
    assert max(rates) > 2.5 * min(rates)
    assert min(oracles) > 1.5 * max(oracles), "costs are below 0"
