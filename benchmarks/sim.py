"""Simulated practice: how quick the engines are, alone and against their peers, and how well the projects measure.

Everything is measured through what a request calls: the engines' own functions, and the player's step and render. The
projects are those that ship. `--quick` leaves out the synthetic learners and bots, which take minutes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any, Final

from benchmarks import sim_actions, sim_peers, sim_sql
from qualoop.commands.sim_check import task_of
from qualoop.content_packages import LIVE_KIND, Project, find_packages, load_package, open_project
from qualoop.framework import load_framework, shipped_content
from qualoop.simulators import PROJECT_FILE, BaselineKind, WorldKey, shares
from qualoop.simulators.conformance import play
from qualoop.simulators.forms import choose_form
from qualoop.simulators.psychometrics import exploits, measure
from qualoop.simulators.sem.account import read_decision
from qualoop.simulators.sem.play import played
from qualoop.simulators.sem.responses import line_up
from qualoop.simulators.sem.shared import play_market, shared_market

CAMPAIGN: Final = "sem-campaign"
REPEATS: Final = 15
TEAMS: Final = 40
MUST: Final[Mapping[str, float]] = {
    "sem_run_ms": 15.0,
    "sem_value_ms": 1.0,
    "sem_oracle_ms": 10.0,
    "sem_shapley_ms": 20.0,
    "market_40_ms": 50.0,
    "sql_p95_ms": 150.0,
    "action_ms": 50.0,
    "state_kb_max": 64.0,
    "exploit_median_max": 0.1,
    "exploit_max": 0.2,
    "exploit_part_median_max": 0.1,
    "exploit_part_max": 0.2,
}
AT_LEAST: Final[Mapping[str, float]] = {
    "inventory_vs_stockpyl": 20.0,
    "beer_vs_stockpyl": 80.0,
    "contact_vs_simpy": 30.0,
    "reliability_min": 0.8,
}
MEASURED: Final = (
    "reliability_min",
    "exploit_median_max",
    "exploit_max",
    "exploit_part_median_max",
    "exploit_part_max",
)

Say = Callable[[str], None]
Figures = dict[str, float | None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this bench."""
    parser.add_argument("--quick", action="store_true", help="leave out synthetic learners and bots")


def run(say: Say, arguments: argparse.Namespace) -> tuple[Figures, dict[str, str]]:
    """Return the figures of the bench `sim`."""
    figures: Figures = {}
    for name, find in (
        ("search market", _search_market),
        ("peers", sim_peers.peer_figures),
        ("page actions", lambda: sim_actions.figures(projects())),
        ("queries", sim_sql.figures),
    ):
        say(name)
        figures |= find()
    if arguments.quick:
        missing = dict.fromkeys(MEASURED, "not measured with --quick")
        return figures | dict.fromkeys(missing), missing
    return figures | _measurement(say), {}


def missed(figures: Mapping[str, float | None]) -> list[str]:
    """Return a line for each figure that is worse than it must be."""
    return [
        f"{key} is {figures.get(key)}, and must be {relation} {limit}"
        for limits, relation, sign in ((MUST, "at most", 1.0), (AT_LEAST, "at least", -1.0))
        for key, limit in limits.items()
        if (value := figures.get(key)) is None or sign * value > sign * limit
    ]


@cache
def projects() -> dict[str, Project]:
    """Return the projects that ship, by key."""
    root = shipped_content() / "ecommerce"
    framework = load_framework(root)
    folders = [folder for folder in find_packages(root) if (folder / PROJECT_FILE).exists()]
    packages = [load_package(folder, framework) for folder in folders]
    return {package.key: open_project(package.document) for package in packages if package.kind != LIVE_KIND}


def _search_market() -> Figures:
    """Return milliseconds of the 28-day campaign with 200 keywords: medians over fresh worlds and fresh luck."""
    project = projects()[CAMPAIGN]
    engine = project.engine
    keys = (WorldKey.of_seed(number, "bench") for number in count())
    forms = [choose_form(engine, project.spec, next(keys), project.form_band) for _ in range(REPEATS + 1)]
    plans = [(form.world, engine.reference(form.world)) for form in forms]
    decided = [(world, [read_decision(world, decision) for decision in plan]) for world, plan in plans]
    poor = {id(world): engine.baseline(world, BaselineKind.POOR) or plan for world, plan in plans}
    fresh = [(engine.world(project.spec, form.key), plan) for form, (_, plan) in zip(forms, plans, strict=True)]
    return {
        "sem_run_ms": _median(decided, lambda world, choices: played(world, choices, next(keys))),
        "sem_four_steps_ms": _median(plans, lambda world, plan: play(engine, world, plan, next(keys))),
        "sem_value_ms": _median(plans, engine.value),
        # A world of which nothing was asked yet.
        "sem_oracle_ms": _median(fresh, lambda world, _plan: engine.oracle(world)),
        "sem_shapley_ms": _median(plans, lambda world, plan: shares(engine, world, poor[id(world)], plan)),
        "market_40_ms": _median(
            [(shared_market(world), line_up(world, [], [], next(keys), size=TEAMS)) for world, _ in plans],
            lambda market, teams: play_market(market, teams, next(keys)),
        ),
    }


def _median(cases: list[tuple[Any, Any]], step: Callable[[Any, Any], object]) -> float:
    """Return the median of process CPU, in ms, over cases; the first one warms up."""
    times = []
    for world, plan in cases:
        start = time.process_time()
        step(world, plan)
        times.append(time.process_time() - start)
    return statistics.median(times[1:]) * 1000


def _measurement(say: Say) -> Figures:
    """Return how well the graded computed projects measure, and what the best bot gets out of any, in whole and in parts."""
    computed = {key: project for key, project in projects().items() if project.score.kind == "reference_gap"}
    figures: Figures = {}
    for key, project in computed.items():
        say(f"{key}: synthetic learners and bots")
        found, bots = measure(task_of(project), parts=False), exploits(task_of(project))
        figures[f"{key}.reliability"] = found.reliability
        figures[f"{key}.mean"] = found.mean
        for name, rows in (
            ("exploit", [bot for bot in bots if not bot.part]),
            ("exploit_part", [bot for bot in bots if bot.part]),
        ):
            figures[f"{key}.{name}_median"] = max(bot.median for bot in rows)
            figures[f"{key}.{name}"] = max(bot.highest for bot in rows)
    return figures | {
        "reliability_min": min(_column(figures, "reliability")),
        "exploit_median_max": max(_column(figures, "exploit_median")),
        "exploit_max": max(_column(figures, "exploit")),
        "exploit_part_median_max": max(_column(figures, "exploit_part_median")),
        "exploit_part_max": max(_column(figures, "exploit_part")),
    }


def _column(figures: Figures, name: str) -> Iterator[float]:
    return (value for key, value in figures.items() if key.endswith(f".{name}") and value is not None)
