"""What opens a critical error, and what settles it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qualoop.ledger import Evidence, EvidenceForm, Reason, Standing
from qualoop.records import EntryCorrection, EvidenceEntry, facts_from_evidence
from qualoop.records.critical_errors import effect_on_error
from qualoop.values import Score
from tests.unit.records.evidence import START, entry

CLEAN = Evidence(
    activity="sales-chat-desk",
    content="5f" * 32,
    part="policy",
    score=Score("0"),
    form=EvidenceForm.PROJECT,
    rater="auto",
    attempt="a-1",
    tries=1,
    hints=0,
    occasion="graded-run:4",
)
BREACH = replace(CLEAN, critical=True)
PRACTICE = replace(CLEAN, occasion="practice-run:4")


def standing(score: str | None) -> Standing:
    given = None if score is None else Score(score)
    return Standing(voided=given is None, score=given, reason=Reason.ERROR, by="x", seq=9)


@pytest.mark.parametrize(
    ("evidence", "corrected", "effect"),
    [
        (BREACH, None, True),
        (CLEAN, None, False),
        (PRACTICE, None, None),
        (replace(CLEAN, occasion=""), None, None),
        (BREACH, standing(None), None),
        (CLEAN, standing(None), None),
        (BREACH, standing("0.5"), False),
        (replace(BREACH, score=Score("0.5")), standing("0.25"), True),
        (CLEAN, standing("0.5"), False),
    ],
)
def test_what_evidence_does_to_the_error_of_its_part(
    evidence: Evidence, corrected: Standing | None, *, effect: bool | None
) -> None:
    assert effect_on_error(evidence, corrected) is effect


def listed(number: int, evidence: Evidence, *, is_void: bool = False) -> EvidenceEntry:
    correction = EntryCorrection(at=START, reason=Reason.ERROR, was=evidence.score, is_void=True, is_followed=False)
    return replace(entry(number, "SA-1.4"), evidence=evidence, correction=correction if is_void else None)


@pytest.mark.parametrize(
    ("entries", "is_open"),
    [
        ([], False),
        ([listed(1, BREACH)], True),
        ([listed(1, BREACH), listed(2, PRACTICE)], True),
        ([listed(1, BREACH), listed(2, replace(CLEAN, part="need"))], True),
        ([listed(1, BREACH), listed(2, CLEAN)], False),
        ([listed(1, BREACH), listed(2, CLEAN, is_void=True)], True),
        ([listed(1, BREACH, is_void=True)], False),
        ([listed(1, CLEAN), listed(2, BREACH)], True),
    ],
)
def test_facts_know_an_error_that_is_open(entries: list[EvidenceEntry], *, is_open: bool) -> None:
    assert facts_from_evidence(None, entries).critical_error is is_open
