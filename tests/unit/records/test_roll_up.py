"""The roll-up of knowledge points, and the level that it proposes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.ledger import EvidenceForm
from qualoop.policies import forms_mask, status_policy
from qualoop.records import (
    SECONDS_PER_MONTH,
    Ability,
    Flag,
    Gate,
    GateKind,
    LevelProposal,
    PointFacts,
    RollUp,
    roll_up,
    scope_weights,
)
from qualoop.values import LANGUAGES
from tests.factories.packages import ecommerce
from tests.unit.records.evidence import reading

NOW = 1.8e9
ALL_FORMS = forms_mask([EvidenceForm.QUIZ, EvidenceForm.PROJECT])
ABILITY = Ability(variance=0.12, unmet=reading(0.5, sqrt(0.12 + 0.25 + 7.5), n=0))
EVEN = {"A": 0.5, "B": 0.5}


def point(mean: float, own: float = 0.05, n: int = 9) -> PointFacts:
    """Return a knowledge point with everything that a level asks for; ``own`` is its variance without ability."""
    return PointFacts(
        reading=reading(mean, sqrt(ABILITY.variance + own), n),
        items=3,
        forms=ALL_FORMS,
        last=NOW,
        review_months=12,
        raters=frozenset({"r1", "r2"}),
    )


def rolled(points: Mapping[str, PointFacts], *, now: float = NOW, agreement: float | None = None) -> RollUp:
    return roll_up(dict.fromkeys(points, 1 / len(points)), points, ability=ABILITY, now=now, agreement=agreement)


def proposal(points: Mapping[str, PointFacts], *, now: float = NOW, agreement: float | None = None) -> LevelProposal:
    found = rolled(points, now=now, agreement=agreement).proposal
    assert found
    return found


def gate(of: LevelProposal, kind: GateKind) -> Gate:
    return next(one for one in of.gates if one.kind is kind)


def test_units_weigh_by_credit_and_points_equally() -> None:
    framework = ecommerce()
    weights = scope_weights(framework, framework.get_post("NP").units)
    assert sum(weights.values()) == pytest.approx(1)
    units = [framework.get_unit(code) for code in framework.get_post("NP").units]
    credit = sum(unit.credit for unit in units)
    for unit in units:
        assert sum(weights[code] for code in unit.knowledge_points) == pytest.approx(unit.credit / credit)


def test_a_point_in_two_units_adds_up() -> None:
    assert scope_weights(ecommerce(), ["SEM-1", "SEM-1"]) == pytest.approx(scope_weights(ecommerce(), ["SEM-1"]))


def test_the_reference_case_of_twenty_equal_points() -> None:
    points = {f"K{place}": point(1.0, own=0.20 + 0.02) for place in range(20)}
    assert rolled(points).sd == pytest.approx(sqrt(0.12 + 0.22 / 20))
    assert rolled(points).sd == pytest.approx(0.36, abs=0.005)


def test_weights_are_added_up_before_they_are_squared() -> None:
    once = roll_up({"A": 1.0}, {"A": point(1)}, ability=ABILITY, now=NOW)
    assert once.sd**2 == pytest.approx(0.12 + 0.05)


means = st.lists(st.tuples(st.floats(-4, 4), st.floats(0, 5), st.floats(0.01, 1)), min_size=1, max_size=12)


@given(drawn=means, shared=st.floats(0.001, 2))
def test_shared_ability_is_a_floor_of_the_doubt(drawn: list[tuple[float, float, float]], shared: float) -> None:
    total = sum(weight for _, _, weight in drawn)
    weights = {str(place): weight / total for place, (_, _, weight) in enumerate(drawn)}
    points = {
        str(place): PointFacts(reading=reading(mean, sqrt(shared + own))) for place, (mean, own, _) in enumerate(drawn)
    }
    ability = Ability(variance=shared, unmet=ABILITY.unmet)
    found = roll_up(weights, points, ability=ability, now=NOW)
    assert found.sd >= sqrt(shared) * (1 - 1e-12)
    assert min(mean for mean, _, _ in drawn) - 1e-9 <= found.mean <= max(mean for mean, _, _ in drawn) + 1e-9
    assert found.low < found.level < found.high


def test_a_point_that_was_never_met_brings_its_doubt() -> None:
    alone, with_unknown = rolled({"A": point(2)}), rolled({"A": point(2), "B": PointFacts(reading=None)})
    assert with_unknown.mean == pytest.approx((2 + 0.5) / 2)
    assert with_unknown.sd > 3 * alone.sd


def test_an_unmet_point_may_bring_its_own_difficulty() -> None:
    hard = PointFacts(reading=reading(-1, 1, n=0))
    assert rolled({"A": point(2), "B": hard}).mean == pytest.approx(0.5)


def test_coverage_is_a_share_of_weight() -> None:
    points = {"A": point(1, n=3), "B": point(1, n=2)}
    assert roll_up({"A": 0.7, "B": 0.3}, points, ability=ABILITY, now=NOW).coverage == pytest.approx(0.7)


def test_the_weakest_is_the_lowest_that_has_evidence() -> None:
    points = {"A": point(1), "B": point(-1), "C": PointFacts(reading=reading(-3, 1, n=0))}
    assert rolled(points).weakest == "B"
    assert rolled({"A": PointFacts(reading=None)}).weakest is None


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_level_is_proposed_on_the_lower_bound(sign: int) -> None:
    cut = log(0.7 / 0.3)
    doubt = sqrt(1.15**2 * (0.12 + 0.05) + 0.2**2)
    found = rolled({"A": point(cut + NormalDist().inv_cdf(0.95) * doubt + sign * 1e-6)})
    assert found.proposal
    assert found.following
    ranks = (found.proposal.rank, found.following.rank)
    assert ranks == ((4, 5) if sign > 0 else (3, 4))
    at_the_cut = found.proposal if sign > 0 else found.following
    assert at_the_cut.false_pass == pytest.approx(0.05, abs=1e-4)
    assert gate(at_the_cut, GateKind.BOUND).met == (sign > 0)


def test_below_all_cuts_there_is_no_proposal_and_above_all_no_following() -> None:
    low, high = rolled({"A": point(-3)}), rolled({"A": point(9)})
    assert low.proposal is None
    assert low.following
    assert low.following.rank == 1
    assert high.following is None
    assert high.proposal
    assert high.proposal.rank == 7


def test_a_level_is_always_marked_as_a_proposal() -> None:
    found = proposal({"A": point(9)})
    assert found.origin == "proposal"
    assert found.is_supported


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        (GateKind.MASTERED, point(0.5)),
        (GateKind.MASTERED, replace(point(9), flag=Flag.APPEAL)),
        (GateKind.MASTERED, replace(point(9), critical_error=True)),
        (GateKind.ITEMS, replace(point(9), items=2)),
        (GateKind.FORMS, replace(point(9), forms=1)),
        (GateKind.AGE, replace(point(9), last=NOW - 13 * SECONDS_PER_MONTH)),
    ],
)
def test_a_gap_in_one_point_is_not_made_up_by_another(kind: GateKind, other: PointFacts) -> None:
    found = proposal({"A": point(9), "B": other})
    assert [one.kind for one in found.gates if not one.met] == [kind]
    assert gate(found, kind).codes == ("B",)
    assert not found.is_supported


def test_a_point_without_evidence_is_a_gap() -> None:
    found = proposal({"A": point(9), "B": PointFacts(reading=reading(9, 0.5, n=0))})
    assert not gate(found, GateKind.MASTERED).met


def test_lower_levels_need_no_observed_practice_and_middle_ones_do() -> None:
    quizzes = replace(point(0.9), forms=forms_mask([EvidenceForm.QUIZ, EvidenceForm.EXAM]))
    low, high = proposal({"A": quizzes}), proposal({"A": replace(quizzes, reading=point(2.1).reading)})
    assert low.rank < 3
    assert GateKind.OBSERVED not in {one.kind for one in low.gates}
    assert high.rank >= 3
    assert not gate(high, GateKind.OBSERVED).met


@pytest.mark.parametrize(
    ("raters", "agreement", "met"),
    [({"r1", "r2"}, None, True), ({"r1"}, None, False), ({"r1"}, 0.8, True), ({"r1"}, 0.79, False)],
)
def test_high_levels_need_two_raters_or_measured_agreement(
    raters: set[str], agreement: float | None, *, met: bool
) -> None:
    found = proposal({"A": replace(point(9), raters=frozenset(raters))}, agreement=agreement)
    assert gate(found, GateKind.RATERS).met is met


def test_high_levels_ask_for_more_certainty() -> None:
    assert status_policy().roll_up.gate(4).chance < status_policy().roll_up.gate(5).chance


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_gate_says_why(language: str) -> None:
    weak = replace(point(9, n=1), items=1, forms=0, last=0.0, raters=frozenset())
    for found in (proposal({"A": point(9)}), proposal({"A": weak}), proposal({"A": weak}, agreement=0.9)):
        for one in found.gates:
            assert one.why[language][-1] in ".。"
            assert not set("{}") & set(one.why[language])


def test_the_sentences_of_gates() -> None:
    found = proposal({"A": point(9), "B": replace(point(9), items=2, raters=frozenset())})
    assert gate(found, GateKind.ITEMS).why["en"] == (
        "1 of 2 knowledge points were shown on 3 different questions or more."
    )
    assert gate(found, GateKind.MASTERED).why["zh-Hans"] == "2 个知识点中有 2 个高于 70% 的概率达到 95%。"
    alone = proposal({"A": replace(point(9), raters=frozenset())})
    assert gate(alone, GateKind.RATERS).why["en"] == (
        "0 different persons have judged; 2 or more are needed. A measured agreement of 80% would do instead."
    )
