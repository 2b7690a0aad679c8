"""The conformance suite passes a good engine, and finds each fault that is put into one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qualoop.simulators import Bound, Decision, Happened, Plan, WorldKey
from qualoop.simulators.conformance import Effort, both_languages, check_engine, fingerprint
from qualoop.simulators.forms import choose_form
from qualoop.simulators.psychometrics import Task, exploits, measure
from qualoop.values import Text
from tests.fakes.engines import StallEngine
from tests.fakes.python_process import printed_by_another_process

EFFORT = Effort(plans=40, runs=80, forms=1, learners=10)


def faults(task: Task) -> set[str]:
    return {finding.check for finding in check_engine(task, EFFORT) if not finding.ok}


def broken(task: Task, **methods: Callable[..., Any]) -> Task:
    engine = type("Broken", (StallEngine,), methods)()
    return Task(engine=engine, spec=task.spec, band=task.band, attempts=task.attempts)


def test_a_good_engine_passes(task: Task) -> None:
    findings = list(check_engine(task, EFFORT))
    assert [finding for finding in findings if not finding.ok] == []
    assert {finding.check for finding in findings} == {
        "determinism",
        "other-process",
        "oracle",
        "sampled-value",
        "shapley",
        "ends",
        "state",
        "languages",
        "laws",
        "unused",
        "oracle-unseen",
        "hidden",
    }


def test_an_oracle_that_can_be_beaten(task: Task) -> None:
    def oracle(self: StallEngine, world: Any) -> Bound:
        plan = self.reference(world)
        return Bound(value=self.value(world, plan) * 0.9, plan=plan)

    assert faults(broken(task, oracle=oracle)) == {"oracle"}


def test_a_value_that_is_not_the_mean_of_runs(task: Task) -> None:
    def step(self: StallEngine, world: Any, state: Any, decision: Decision, run: WorldKey) -> tuple[Any, Happened]:
        after, happened = StallEngine.step(self, world, state, decision, run)
        return after, Happened(panels=happened.panels, realised=happened.realised * 0.9)

    assert faults(broken(task, step=step)) == {"sampled-value"}


def test_chance_that_is_not_of_the_key(task: Task) -> None:
    calls = iter(range(10**6))

    def value(self: StallEngine, world: Any, plan: Plan) -> float:
        return StallEngine.value(self, world, plan) * (1 + 1e-5 * next(calls))

    assert "determinism" in faults(broken(task, value=value))


def test_a_state_that_grows(task: Task) -> None:
    def step(self: StallEngine, world: Any, state: Any, decision: Decision, run: WorldKey) -> tuple[Any, Happened]:
        after, happened = StallEngine.step(self, world, state, decision, run)
        return {**after, "all": ["x" * 100] * 1000}, happened

    assert faults(broken(task, step=step)) == {"state"}


def test_a_text_in_one_language(task: Task) -> None:
    def scores(self: StallEngine, world: Any, plan: Plan, standard: Any = None) -> Any:
        return [Text({"en": "only English"})]

    form = choose_form(task.engine, task.spec, WorldKey.of_seed(1), task.band)
    assert both_languages(task.engine, form).ok
    assert not both_languages(broken(task, scores=scores).engine, form).ok


def test_the_same_in_another_process(task: Task) -> None:
    code = (
        "from qualoop.simulators import WorldKey\n"
        "from qualoop.simulators.conformance import fingerprint\n"
        "from tests.fakes.engines import StallEngine\n"
        "print(fingerprint(StallEngine(), StallEngine.spec_model(), WorldKey.of_seed(4)))"
    )
    assert printed_by_another_process(code) == fingerprint(task.engine, task.spec, WorldKey.of_seed(4))


def test_skill_shows_and_bots_stay_poor(task: Task) -> None:
    found = measure(task, learners=60, forms=6)
    assert found.skill > 0.6
    assert found.reliability > 0.5
    assert found.curve[0][1] < found.curve[-1][1]
    assert {bot.bot for bot in exploits(task, seeds=3)} >= {"nothing", "random"}


@pytest.mark.parametrize("learners", [2, 11])
def test_few_learners_are_no_fault(task: Task, learners: int) -> None:
    assert measure(task, learners=learners, forms=2).learners == learners
