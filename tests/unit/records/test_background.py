"""What a record rests on besides readings and evidence: facts, ability, the moment of reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import sqrt

import pytest

from qualoop.ledger import EvidenceForm
from qualoop.policies import forms_mask
from qualoop.records import (
    Ability,
    Background,
    GateKind,
    PointFacts,
    Status,
    build_points,
    build_record,
    facts_from_evidence,
)
from tests.factories.packages import ecommerce
from tests.unit.records.evidence import START, Made, entry, made_entry, reading

ABILITY = Ability(variance=0.1, unmet=reading(0, 2, n=0))
QUIZ_AND_LIVE = forms_mask([EvidenceForm.QUIZ, EvidenceForm.LIVE])
KNOWN = PointFacts(reading=reading(4, 0.5, n=7), items=5, forms=QUIZ_AND_LIVE, last=START.timestamp())


def test_evidence_gives_items_forms_date_and_raters() -> None:
    entries = [
        made_entry(1, ["A"], Made(part="a")),
        made_entry(2, ["A"], Made(part="a", form=EvidenceForm.LIVE, rater="r1")),
        made_entry(3, ["A"], Made(part="b", form=EvidenceForm.ATTENDANCE, rater="r2", omega="0")),
    ]
    facts = facts_from_evidence(reading(1, 1), entries)
    assert (facts.items, facts.forms, facts.raters) == (1, QUIZ_AND_LIVE, frozenset({"r1"}))
    assert facts.last == entries[2].at.timestamp()


def test_forms_are_told_by_those_that_count() -> None:
    facts = replace(KNOWN, forms=4095)
    [point] = build_points(ecommerce(), ["SEM-1.1"], {}, [], background=Background(facts={"SEM-1.1": facts}))
    assert EvidenceForm.LIVE in point.forms
    assert EvidenceForm.ATTENDANCE not in point.forms


def test_facts_stand_for_evidence_that_is_not_all_there() -> None:
    background = Background(facts={"SEM-1.1": KNOWN})
    listed = [entry(1, "SEM-1.1"), entry(2, "SEM-1.1")]
    [point] = build_points(ecommerce(), ["SEM-1.1"], {}, listed, background=background)
    assert (point.reading, point.items, point.last) == (KNOWN.reading, 5, START)
    assert point.status is Status.COMPETENT
    assert [one.seq for one in point.evidence] == [2, 1]
    assert point.gain is None, "the first evidence may not be among those listed"


def test_without_facts_the_gain_is_told() -> None:
    listed = [entry(1, "SEM-1.1"), entry(2, "SEM-1.1")]
    [point] = build_points(ecommerce(), ["SEM-1.1"], {"SEM-1.1": reading(1, 1)}, listed)
    assert point.gain
    assert point.gain.count == 2


@pytest.mark.parametrize(("days", "status"), [(1, Status.COMPETENT), (5000, Status.REVIEW_DUE)])
def test_the_review_time_is_that_of_the_framework(days: int, status: Status) -> None:
    background = Background(now=START + timedelta(days=days), facts={"SEM-1.1": KNOWN})
    record = build_record(ecommerce(), {}, [], background=background)
    [unit] = record.open[0].units
    assert unit.points[0].status is status
    months = ecommerce().get_knowledge_point("SEM-1.1").review_after_months
    assert (f"{months} months" in unit.points[0].reason["en"]) == (status is Status.REVIEW_DUE)


def test_the_reason_stands_beside_the_status() -> None:
    [point] = build_points(ecommerce(), ["SEM-1.1"], {"SEM-1.1": reading(1, 1)}, [entry(1, "SEM-1.1")])
    assert point.status is Status.DEVELOPING
    assert "2 more different questions" in point.reason["en"]


def test_units_and_posts_are_rolled_up_where_ability_is_known() -> None:
    background = Background(now=START, facts={"NP-1.1": KNOWN}, ability=ABILITY)
    record = build_record(ecommerce(), {}, [], background=background)
    [section] = record.open
    first, second = section.units
    assert section.roll_up
    assert first.roll_up
    assert second.roll_up is None, "nothing is known of any of its knowledge points"
    share = 1 / len(first.points)
    assert first.roll_up.mean == pytest.approx(4 * share)
    assert first.roll_up.sd >= sqrt(ABILITY.variance)
    assert first.roll_up.coverage == pytest.approx(share)
    assert section.roll_up.coverage < first.roll_up.coverage
    assert all(other.roll_up is None for other in record.others)


def test_without_ability_nothing_is_rolled_up() -> None:
    record = build_record(ecommerce(), {}, [], background=Background(facts={"NP-1.1": KNOWN}))
    assert all(unit.roll_up is None for section in record.open for unit in section.units)


@pytest.mark.parametrize(("agreement", "met"), [(0.85, True), (None, False)])
def test_the_measured_agreement_reaches_the_gates(agreement: float | None, *, met: bool) -> None:
    codes = ecommerce().get_unit("SEM-1").knowledge_points
    facts = dict.fromkeys(codes, replace(KNOWN, reading=reading(9, 0.5, n=7)))
    background = Background(now=START, facts=facts, ability=ABILITY, agreement=agreement)
    roll_up = build_record(ecommerce(), {}, [], background=background).open[0].units[0].roll_up
    assert roll_up
    assert roll_up.proposal
    assert {gate.kind: gate.met for gate in roll_up.proposal.gates}[GateKind.RATERS] is met
