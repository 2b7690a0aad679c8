"""The engine landed-cost as a whole: the suite that all engines pass, and what it alone promises."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from qualoop.simulators import BaselineKind, WorldKey, get_engine
from qualoop.simulators.border.engine import LandedCostEngine
from qualoop.simulators.border.spec import LandedCostSpec
from qualoop.simulators.border.valuing import result_of
from qualoop.simulators.border.world import BorderWorld
from qualoop.simulators.conformance import Effort, check_engine, fingerprint
from qualoop.simulators.errors import SpecRefusedError
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task, exploits, measure
from tests.fakes.python_process import printed_by_another_process

ENGINE = LandedCostEngine()
SPEC = LandedCostSpec()
TASK = Task(engine=ENGINE, spec=SPEC, band=FormBand(), attempts=3)
WORLD: BorderWorld = ENGINE.world(SPEC, WorldKey.of_seed(3))
BEFORE = {"rules", "sources", "headings", "destinations", "exchange", "route-terms", "consequences"}
AFTER = {"year", "losses", "asked", "disputed"}


def right() -> dict[str, list[Any]]:
    return {key: list(values) for key, values in ENGINE.reference(WORLD)[0].items()}


def test_it_is_installed() -> None:
    assert isinstance(get_engine("landed-cost"), LandedCostEngine)


def test_the_suite() -> None:
    findings = list(check_engine(TASK, Effort(plans=60, runs=80, forms=1, learners=20)))
    assert [finding for finding in findings if not finding.ok] == []


def test_the_same_in_another_process() -> None:
    code = (
        "from qualoop.simulators import WorldKey\n"
        "from qualoop.simulators.conformance import fingerprint\n"
        "from qualoop.simulators.border.engine import LandedCostEngine\n"
        "from qualoop.simulators.border.spec import LandedCostSpec\n"
        "print(fingerprint(LandedCostEngine(), LandedCostSpec(), WorldKey.of_seed(4)))"
    )
    assert printed_by_another_process(code) == fingerprint(ENGINE, SPEC, WorldKey.of_seed(4))


def test_skill_shows_and_bots_stay_poor() -> None:
    found = measure(TASK, learners=60, forms=8, parts=False)
    assert found.reliability > 0.85
    for bot in exploits(TASK, seeds=6):
        assert bot.median <= 0.1
        assert bot.highest <= 0.2


def test_what_is_seen_before_and_after() -> None:
    run = WorldKey.of_seed(1)
    view = ENGINE.view(WORLD, ENGINE.initial(WORLD), run)
    assert {panel.key for panel in view.panels} == BEFORE
    assert view.standing == ENGINE.form(WORLD).defaults()
    state, happened = ENGINE.step(WORLD, ENGINE.initial(WORLD), right(), run)
    after = ENGINE.view(WORLD, state, run)
    assert {panel.key for panel in after.panels} == BEFORE | AFTER
    assert after.form is None
    assert after.panels[: len(happened.panels)] == happened.panels


def test_what_is_decided_hangs_on_nothing_hidden() -> None:
    """Worlds that differ in purchase costs, margins and volumes of the parcels alone show the same goods."""
    form = ENGINE.form(WORLD)
    shown = {(table.key, column.label["en"]) for table in form.tables for column in table.columns}
    assert not {label for _, label in shown} & {"Rule", "Duty", "VAT", "Landed cost", "Margin of a parcel"}
    assert [len(table.rows) for table in form.tables] == [22, 11, 10, 9]


@pytest.mark.parametrize("field", ["heading", "rule", "duty", "vat", "contract-1", "contract-4", "route"])
def test_every_error_costs(field: str) -> None:
    """No single wrong answer is free: each row, changed to what is not right, lowers the value."""
    best = ENGINE.value(WORLD, [right()])
    options = {each.key: [option.key for option in getattr(each, "options", ())] for _, each in ENGINE.form(WORLD)}
    for row, value in enumerate(right()[field]):
        wrong = right()
        others = [other for other in options[field] if other != value] or [value + 1.0]
        wrong[field][row] = others[0]
        assert ENGINE.value(WORLD, [wrong]) < best


def test_charging_too_little_and_too_much() -> None:
    row = next(row for row, parcel in enumerate(WORLD.parcels) if parcel.landed.assessment.vat > 5)
    parcel = WORLD.parcels[row]
    lost = {}
    for change in (-2.0, 2.0, 1900.0):
        wrong = right()
        wrong["vat"][row] = min(wrong["vat"][row] + change, 2000.0)
        lost[change] = result_of(WORLD, wrong).misquoted[row]
    exchange, margin = float(parcel.landed.assessment.exchange), float(parcel.landed.margin)
    assert lost[-2.0] == pytest.approx(2 * exchange)
    assert lost[2.0] == pytest.approx(margin * 3 * 2 * exchange / float(parcel.landed.price))
    assert lost[1900.0] == pytest.approx(margin)


def test_luck_does_not_hang_on_decisions() -> None:
    """The same customers, whatever is decided: the parts that were not touched come out as before."""
    run = WorldKey.of_seed(9)
    wrong = right() | {"route": ["overseas"] * len(right()["route"])}
    asked = [
        next(
            panel
            for panel in ENGINE.step(WORLD, ENGINE.initial(WORLD), decision, run)[1].panels
            if panel.key == "asked"
        )
        for decision in (right(), wrong)
    ]
    assert asked[0] == asked[1]


def test_every_world_has_each_rule_and_both_sides_of_the_day() -> None:
    for seed in range(12):
        world = ENGINE.world(SPEC, WorldKey.of_seed(seed))
        rules = [parcel.landed.assessment.rule.id for parcel in world.parcels]
        assert {rule: rules.count(rule) for rule in rules} == {
            "eu.small.flat": 3,
            "eu.small.nil": 2,
            "eu.full": 2,
            "uk.small": 1,
            "uk.full": 1,
            "us.post.surcharge": 1,
            "us.courier.surcharge": 1,
        }
        best = np.argmin(np.stack([world.costs[route] for route in ("parcel", "overseas", "bonded")]), axis=0)
        assert np.bincount(best).tolist() == [3, 3, 3]


def test_a_rule_that_nobody_verified_is_refused() -> None:
    wrong = right()
    wrong["rule"][2] = "us.after"
    [refusal] = ENGINE.check(WORLD, ENGINE.initial(WORLD), wrong)
    assert (refusal.code, refusal.field, refusal.row) == ("unverified-rule", "rule", 2)
    assert ENGINE.check(WORLD, ENGINE.initial(WORLD), right()) == []


def test_a_spec_survives_json() -> None:
    text = json.dumps(SPEC.model_dump(mode="json"))
    again = ENGINE.world(LandedCostSpec.model_validate(json.loads(text)), WorldKey.of_seed(3))
    assert ENGINE.value(again, ENGINE.reference(again)) == ENGINE.value(WORLD, ENGINE.reference(WORLD))


def test_another_pack_changes_the_world() -> None:
    """A flat duty of €5 is a change of data alone."""
    data = json.loads(json.dumps(SPEC.model_dump(mode="json")))
    rule = next(rule for rule in data["packs"]["customs"]["rules"] if rule["id"] == "eu.small.flat")
    rule["effect"]["duty"]["amount"] = 5
    world = ENGINE.world(LandedCostSpec.model_validate(data), WorldKey.of_seed(3))
    for parcel, before in zip(world.parcels, WORLD.parcels, strict=True):
        duty = before.landed.assessment.duty
        flat = before.landed.assessment.rule.id == "eu.small.flat"
        assert parcel.landed.assessment.duty == (duty * 5 / 3 if flat else duty)
    assert [WORLD.parcel_duty, world.parcel_duty] == pytest.approx([23.4, 39.0])


def test_cases_that_a_pack_cannot_serve() -> None:
    day = ("2026-07-01", "2026-07-02")
    for case, words in (
        ({"zone": "JP", "scheme": "post", "value": (20, 30), "days": day}, "no destination in JP"),
        ({"zone": "EU", "scheme": "ioss", "value": ("1", "1.01"), "days": day}, "no goods"),
    ):
        spec = LandedCostSpec.model_validate({"cases": [case | {"count": 1}]})
        with pytest.raises(SpecRefusedError, match=words):
            ENGINE.world(spec, WorldKey.of_seed(0))
    large = LandedCostSpec.model_validate({"routes": {"value": 500}})
    with pytest.raises(SpecRefusedError, match=r"eu\.full"):
        ENGINE.world(large, WorldKey.of_seed(0))


@pytest.mark.parametrize("kind", list(BaselineKind))
def test_every_policy_fits_the_form(kind: BaselineKind) -> None:
    plan = ENGINE.baseline(WORLD, kind)
    assert plan is not None
    for table, each in ENGINE.form(WORLD):
        values = plan[0][each.key]
        assert len(values) == len(table.rows)
        known = {option.key for option in getattr(each, "options", ())}
        assert all(value in known if known else Decimal(0) <= Decimal(str(value)) <= 2000 for value in values)
