"""Status policies as data: what is shipped, and what is refused, named by its place."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.authored_files import AuthoredFilesError
from qualoop.ledger import EvidenceForm
from qualoop.policies import (
    StatusPolicyNotFoundError,
    competence_numbers,
    forms_mask,
    forms_of,
    is_competent,
    load_status_policy,
    status_policy,
)
from qualoop.policies.status_policy import STATUS_POLICIES
from qualoop.values import LANGUAGES

SHIPPED = (STATUS_POLICIES / "s2.yaml").read_text(encoding="utf-8")
NUMBERS = competence_numbers(status_policy())
TWO_FORMS = forms_mask([EvidenceForm.QUIZ, EvidenceForm.PROJECT])


@pytest.mark.parametrize("path", sorted(STATUS_POLICIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_policy_is_sound(path: Path) -> None:
    policy = load_status_policy(path.stem)
    assert set(policy.title.by_language) == set(LANGUAGES)
    assert not {EvidenceForm.ATTENDANCE, EvidenceForm.PROCESS, EvidenceForm.PRIOR_LEARNING} & set(policy.counted_forms)
    assert policy.roll_up.cuts.origin == "proposal"
    for low, high in pairwise(policy.roll_up.gates):
        assert (low.chance, low.observed, low.raters) <= (high.chance, high.observed, high.raters)


def test_the_shipped_values() -> None:
    policy = status_policy()
    competent, review = policy.competent, policy.review
    assert (policy.level, competent.chance, competent.items, competent.forms) == (
        Decimal("0.7"),
        Decimal("0.9"),
        3,
        2,
    )
    assert (policy.provisional.chance, policy.provisional.items) == (Decimal("0.8"), 3)
    assert (review.chance, policy.remedy.chance, policy.widening) == (Decimal("0.8"), Decimal("0.2"), Decimal("1.15"))
    assert len(policy.roll_up.cuts.levels) == 7


@pytest.mark.parametrize(
    ("rank", "chance", "observed", "raters"), [(2, "0.9", 0, 0), (3, "0.9", 1, 0), (7, "0.95", 1, 2)]
)
def test_the_gates_by_rank(rank: int, chance: str, observed: int, raters: int) -> None:
    gate = status_policy().roll_up.gate(rank)
    assert (gate.chance, gate.observed, gate.raters) == (Decimal(chance), observed, raters)


@pytest.mark.parametrize("policy_id", ["s0", "../s2", "", "S2"])
def test_an_unknown_policy(policy_id: str) -> None:
    with pytest.raises(StatusPolicyNotFoundError):
        status_policy(policy_id)


@pytest.mark.parametrize(
    ("written", "instead", "place"),
    [
        ('level: "0.7"', 'level: "1.7"', "level"),
        ('competent: {chance: "0.9"', 'competent: {chance: "0.5"', "competent.chance"),
        ('remedy: {chance: "0.2"', 'remedy: {chance: "0.6"', "remedy.chance"),
        ("items: 3, forms: 2}", "items: 0, forms: 2}", "competent.items"),
        ("[quiz, project, exam", "[quiz, guesswork, exam", "counted_forms.1"),
        ("origin: proposal", "origin: rumour", "roll_up.cuts.origin"),
        ('{rank: 2, share: "0.55"', '{rank: 2, share: "0.35"', "roll_up.cuts"),
        ("{rank: 2, share", "{rank: 1, share", "roll_up.cuts"),
        ("from_rank: 1, ", "from_rank: 2, ", "roll_up"),
        ("from_rank: 3, ", "from_rank: 1, ", "roll_up"),
        ('provisional: {chance: "0.8"', 'provisional: {chance: "0.95"', "competent asks for no less"),
        ('review: {chance: "0.8"}', 'review: {chance: "0.95"}', "review is due at no higher"),
        ('review: {chance: "0.8"}', "review: {months: 3}", "review.chance"),
        ("id: s2", "id: s3", "policy-id"),
        ("widening", "widenning", "widenning"),
    ],
)
def test_a_fault_is_named_by_its_place(tmp_path: Path, written: str, instead: str, place: str) -> None:
    assert written in SHIPPED
    (tmp_path / "s2.yaml").write_text(SHIPPED.replace(written, instead), encoding="utf-8")
    with pytest.raises(AuthoredFilesError, match=rf"s2\.yaml:\d+: .*{place}"):
        load_status_policy("s2", tmp_path)


def test_an_empty_policy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s2.yaml").write_text("", encoding="utf-8")
    with pytest.raises(AuthoredFilesError, match="yaml-empty"):
        load_status_policy("s2", tmp_path)


@given(st.sets(st.sampled_from(EvidenceForm)))
def test_a_mask_gives_its_forms_back(forms: set[EvidenceForm]) -> None:
    assert set(forms_of(forms_mask(forms))) == forms
    assert forms_mask([EvidenceForm.QUIZ]) == 1, "the order is that of the enumeration, and is stored"


@pytest.mark.parametrize(
    ("mean", "sd", "met", "expected"),
    [
        (NUMBERS.cut + NUMBERS.reach * 0.5 + 1e-9, 0.5, (3, TWO_FORMS), True),
        (NUMBERS.cut + NUMBERS.reach * 0.5 - 1e-9, 0.5, (3, TWO_FORMS), False),
        (9.0, 0.5, (2, TWO_FORMS), False),
        (9.0, 0.5, (3, 1), False),
        (9.0, 0.5, (3, 0), False),
        (9.0, 0.5, (3, 1 | forms_mask([EvidenceForm.ATTENDANCE])), False),
        (9.0, 0.5, (3, 4095), True),
    ],
)
def test_the_rule_as_numbers(mean: float, sd: float, met: tuple[int, int], *, expected: bool) -> None:
    assert is_competent(mean, sd, met, NUMBERS) is expected


def test_the_reach_is_the_widened_quantile() -> None:
    assert pytest.approx(1.2815515655446004 * 1.15) == NUMBERS.reach
