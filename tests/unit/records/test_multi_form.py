"""Forms and assessors over the required units, the gain of a level."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.ledger import EvidenceForm
from qualoop.policies.multi_form import multi_form_rule
from qualoop.records.level_gain import level_gain, mean_gain
from qualoop.records.multi_form import FormFact, assessor_of, missing_sentence, multi_form
from tests.unit.records.evidence import moved

UNITS = {"U-1": ("K-1", "K-2"), "U-2": ("K-2", "K-3")}
RULE = multi_form_rule()


def fact(code: str, form: EvidenceForm, rater: str = "auto") -> FormFact:
    return FormFact(codes=(code,), form=form, rater=rater)


def test_forms_count_over_all_units_together() -> None:
    found = multi_form(
        [fact("K-1", EvidenceForm.PROJECT, "p-1"), fact("K-3", EvidenceForm.DEFENCE, "p-2")], UNITS, RULE
    )
    assert found.forms == (EvidenceForm.PROJECT, EvidenceForm.DEFENCE)
    assert found.assessors == {"p-1", "p-2"}
    assert found.is_met
    assert "a person decides" in missing_sentence(found)["en"]


def test_quizzes_and_machines_are_neither_form_nor_assessor() -> None:
    found = multi_form([fact("K-1", EvidenceForm.QUIZ), fact("K-1", EvidenceForm.EXAM)], UNITS, RULE)
    assert (found.forms, found.lacking_forms, found.lacking_assessors) == ((EvidenceForm.EXAM,), 1, 2)
    assert missing_sentence(found)["en"] == "Missing: 1 more form and 2 more assessors."
    assert missing_sentence(found)["zh-Hans"] == "还需 1 种形式，还需 2 位评定人。"


def test_a_piece_on_a_shared_point_serves_both_units() -> None:
    found = multi_form([fact("K-2", EvidenceForm.LIVE, "p-1")], UNITS, RULE)
    assert [unit.forms for unit in found.units] == [{EvidenceForm.LIVE: 1}] * 2


def test_only_who_judged_in_a_form_that_counts_is_an_assessor() -> None:
    found = multi_form(
        [fact("K-1", EvidenceForm.ATTENDANCE, "p-1"), fact("K-1", EvidenceForm.EXAM, "p-2")], UNITS, RULE
    )
    assert found.assessors == {"p-2"}


@pytest.mark.parametrize(
    ("rater", "occasion", "assessor"),
    [
        ("p-1", "sheet:6:assessor", "p-1"),
        ("p-1", "", "p-1"),
        ("p-1", "sheet:6:peer", "auto"),
        ("p-1", "sheet:6:self", "auto"),
        ("me", "sheet:6:assessor", "auto"),
        ("auto", "checkpoints:3", "auto"),
    ],
)
def test_peers_and_oneself_are_no_assessors(rater: str, occasion: str, assessor: str) -> None:
    assert assessor_of(rater, occasion, "me") == assessor


FACTS = st.lists(
    st.builds(
        FormFact,
        codes=st.sets(st.sampled_from(["K-1", "K-2", "K-3", "K-9"]), min_size=1),
        form=st.sampled_from(EvidenceForm),
        rater=st.sampled_from(["auto", "p-1", "p-2", "p-3"]),
    ),
    max_size=12,
)


@given(FACTS, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_more_evidence_never_lacks_more(facts: list[FormFact], random: object) -> None:
    found = multi_form(facts, UNITS, RULE)
    assert multi_form(reversed(facts), UNITS, RULE) == found
    for count in range(len(facts)):
        fewer = multi_form(facts[:count], UNITS, RULE)
        assert fewer.lacking_forms >= found.lacking_forms
        assert fewer.lacking_assessors >= found.lacking_assessors


def test_a_gain_needs_two_answers_and_is_clear_where_bands_do_not_touch() -> None:
    assert level_gain("K-1", moved(0.3)) is None
    clear, unclear = level_gain("K-1", moved(0.3, 0.45, 0.8)), level_gain("K-2", moved(0.3, 0.45))
    assert clear
    assert unclear
    assert (clear.count, clear.is_clear, unclear.is_clear) == (3, True, False)
    assert clear.gain == pytest.approx(0.5)
    assert mean_gain([clear, unclear]) == pytest.approx(0.325)
    assert mean_gain([]) is None
