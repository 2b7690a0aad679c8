"""The engine ab-referee as a whole: the suite that all engines pass, the traps that are planted, proper scores."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from qualoop.simulators import BaselineKind, WorldKey, get_engine
from qualoop.simulators.conformance import Effort, check_engine, fingerprint
from qualoop.simulators.errors import SpecRefusedError
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task, exploits, measure
from qualoop.simulators.shop.experiments import Experiment, RefereeWorld
from qualoop.simulators.shop.judging import bound_lost, lost_by, size_lost
from qualoop.simulators.shop.referee import RefereeEngine
from qualoop.simulators.shop.spec import RefereeSpec
from qualoop.simulators.shop.testing import BOUNDS, MISMATCH_AT, planned_size, ratio_p
from qualoop.simulators.texts import texts_in
from qualoop.simulators.views import Grid
from tests.fakes.python_process import printed_by_another_process

ENGINE = RefereeEngine()
SPEC = RefereeSpec()
TASK = Task(engine=ENGINE, spec=SPEC, band=FormBand(), attempts=3)
WORLD: RefereeWorld = ENGINE.world(SPEC, WorldKey.of_seed(3))


def right() -> dict[str, list[Any]]:
    return {key: list(values) for key, values in ENGINE.reference(WORLD)[0].items()}


def of_sort(sort: str, seeds: int = 8) -> list[Experiment]:
    worlds = [ENGINE.world(SPEC, WorldKey.of_seed(seed)) for seed in range(seeds)]
    return [test for world in worlds for test in world.experiments if test.sort == sort]


def test_it_is_installed() -> None:
    assert isinstance(get_engine("ab-referee"), RefereeEngine)


def test_the_suite() -> None:
    findings = list(check_engine(TASK, Effort(plans=60, runs=150, forms=1, learners=20)))
    assert [finding for finding in findings if not finding.ok] == []


def test_the_same_in_another_process() -> None:
    code = (
        "from qualoop.simulators import WorldKey\n"
        "from qualoop.simulators.conformance import fingerprint\n"
        "from qualoop.simulators.shop.referee import RefereeEngine\n"
        "from qualoop.simulators.shop.spec import RefereeSpec\n"
        "print(fingerprint(RefereeEngine(), RefereeSpec(), WorldKey.of_seed(4)))"
    )
    assert printed_by_another_process(code) == fingerprint(ENGINE, SPEC, WorldKey.of_seed(4))


def test_skill_shows_and_bots_stay_poor() -> None:
    found = measure(TASK, learners=60, forms=10, parts=False)
    assert found.reliability > 0.85
    for bot in exploits(TASK, seeds=6):
        assert bot.median <= 0.1
        assert bot.highest <= 0.2


def test_a_dozen_experiments_with_their_verdicts() -> None:
    for seed in range(6):
        tests = ENGINE.world(SPEC, WorldKey.of_seed(seed)).experiments
        verdicts = [test.verdict for test in tests]
        assert {verdict: verdicts.count(verdict) for verdict in verdicts} == {
            "ship": 3,
            "stop": 3,
            "extend": 2,
            "invalid": 4,
        }


@pytest.mark.parametrize("sort", ["wins", "losses", "novelties", "segments", "underpowered", "peeks"])
def test_sound_tests_pass_the_ratio_check_and_unsound_ones_do_not(sort: str) -> None:
    assert all(ratio_p(*test.visitors, test.share_of_b) > 0.01 for test in of_sort(sort))
    assert all(ratio_p(*test.visitors, test.share_of_b) < MISMATCH_AT / 10 for test in of_sort("mismatches"))


def test_a_peek_looks_like_a_win_and_is_none() -> None:
    for test in of_sort("peeks"):
        assert test.claimed_p < 0.05
        assert test.claims_better
        assert test.days_run < test.days / 3
        assert test.days_run % test.every == 0
        assert test.information < 0.3
        assert test.values["extend"] > test.values["ship"]


def test_flattering_claims_are_not_what_the_counts_say() -> None:
    for test in of_sort("novelties") + of_sort("segments"):
        assert test.claimed_p < 0.05
        (a, b), (bought_a, bought_b) = test.visitors, test.orders
        assert abs(bought_b / b - bought_a / a) < 0.4 * test.effect
        assert test.belief.better < 0.3


def test_right_answers_lose_next_to_nothing() -> None:
    lost = lost_by(WORLD, right())
    assert lost.power.max() < 1e-3
    assert lost.ratio.max() == lost.peeking.max() == lost.verdict.max() == 0
    assert lost.belief.max() < 1e-4


def test_sizes_around_the_right_one() -> None:
    lost = size_lost(np.array([0.01, 0.5, 0.999, 1.0, 1.5, 3.5, 100.0]))
    assert lost[0] > 0.9
    assert lost[1] == pytest.approx((0.8 - 0.5081) / 0.8, abs=1e-3)
    assert lost[2] < 1e-3
    assert lost[3:].tolist() == pytest.approx([0.0, 0.2, 1.0, 1.0])


def test_only_the_bound_of_the_looks_is_free() -> None:
    for looks in BOUNDS:
        costs = [bound_lost(looks, f"z{bound:.2f}") for bound in BOUNDS.values()]
        assert [looks_of for looks_of, cost in zip(BOUNDS, costs, strict=True) if cost == 0] == [looks]
        assert all(0 <= cost <= 1 for cost in costs)


def test_the_probability_is_scored_properly() -> None:
    """Whatever is stated instead of what the data allow loses, and the more the further it is off."""
    best = ENGINE.value(WORLD, [right()])
    for row, test in enumerate(WORLD.experiments):
        values = []
        for off in (2.0, 8.0, 20.0):
            wrong = right()
            stated = wrong["better"][row]
            wrong["better"][row] = stated + off if stated < 50 else stated - off
            values.append(ENGINE.value(WORLD, [wrong]))
        assert best > values[0] > values[1] > values[2], test.sort


@pytest.mark.parametrize("field", ["mismatch", "bound", "verdict"])
def test_every_error_costs(field: str) -> None:
    best = ENGINE.value(WORLD, [right()])
    options = {each.key: [option.key for option in getattr(each, "options", ())] for _, each in ENGINE.form(WORLD)}
    for row, value in enumerate(right()[field]):
        for other in options[field] or [not value]:
            if other != value:
                wrong = right()
                wrong[field][row] = other
                assert ENGINE.value(WORLD, [wrong]) < best - 1


def test_luck_does_not_hang_on_decisions() -> None:
    """Another verdict on one experiment leaves all effects, and every other gain, as they were."""
    run = WorldKey.of_seed(5)
    wrong = right()
    wrong["verdict"][0] = "ship" if wrong["verdict"][0] != "ship" else "stop"
    rows = []
    for decision in (right(), wrong):
        _, happened = ENGINE.step(WORLD, ENGINE.initial(WORLD), decision, run)
        rows.append(next(panel.rows for panel in happened.panels if isinstance(panel, Grid)))
    assert rows[0][1:] == rows[1][1:]
    assert rows[0][0][:-1] == rows[1][0][:-1]


def test_what_is_seen_before_and_after() -> None:
    run = WorldKey.of_seed(1)
    view = ENGINE.view(WORLD, ENGINE.initial(WORLD), run)
    assert {panel.key for panel in view.panels} == {"stakes"}
    state, happened = ENGINE.step(WORLD, ENGINE.initial(WORLD), right(), run)
    after = ENGINE.view(WORLD, state, run)
    assert {panel.key for panel in after.panels} == {"stakes", "points", "lost", "year"}
    assert after.panels[: len(happened.panels)] == happened.panels
    assert after.form is None


def test_claims_never_name_the_trap() -> None:
    words = " ".join(text["en"] for text in texts_in(ENGINE.form(WORLD).tables[0].rows))
    assert not re.search(r"novelt|mismatch|underpower|peek|invalid", words, re.IGNORECASE)


def test_stakes_that_leave_no_reason_to_repeat_are_refused() -> None:
    with pytest.raises(SpecRefusedError, match="mismatches"):
        ENGINE.world(RefereeSpec(repeating=5.0), WorldKey.of_seed(0))
    empty = dict.fromkeys(
        ("wins", "losses", "novelties", "segments", "nothings", "underpowered", "peeks", "mismatches"), 0
    )
    with pytest.raises(SpecRefusedError, match="at least one"):
        ENGINE.world(RefereeSpec.model_validate(empty), WorldKey.of_seed(0))


@pytest.mark.parametrize("kind", list(BaselineKind))
def test_every_policy_fits_the_form(kind: BaselineKind) -> None:
    plan = ENGINE.baseline(WORLD, kind)
    assert plan is not None
    for table, each in ENGINE.form(WORLD):
        values = plan[0][each.key]
        assert len(values) == len(table.rows)
        known = {option.key for option in getattr(each, "options", ())}
        assert not known or set(values) <= known


def test_planned_sizes_are_within_reach() -> None:
    for sort in ("wins", "mismatches"):
        assert all(1_500 <= planned_size(test.rate, test.effect) <= 300_000 for test in of_sort(sort))
