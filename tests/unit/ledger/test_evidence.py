"""Evidence names parts of a content version and never what they serve."""

from __future__ import annotations

import json
from typing import Any

import pytest

from qualoop.ledger import SCORED_BY_MACHINE, Evidence, EvidenceForm, EvidenceRefusedError, canonical_body
from qualoop.values import Score

BODY: dict[str, Any] = {
    "activity": "sem-1-1-keywords-and-intent",
    "attempt": "0b6ea45c-8a0e-4c3c-9b5e-6a5a3f0f8f10",
    "content": "5f" * 32,
    "form": "quiz",
    "hints": 1,
    "part": "intent-of-query",
    "rater": "auto",
    "score": "0.7",
    "try": 2,
}


def test_there_and_back() -> None:
    evidence = Evidence.from_body(json.loads(canonical_body(BODY)))
    assert evidence.score == Score("0.7")
    assert evidence.form is EvidenceForm.QUIZ
    assert (evidence.tries, evidence.hints, evidence.rater) == (2, 1, SCORED_BY_MACHINE)
    assert evidence.to_body() == BODY


def test_an_occasion_is_in_the_body_where_there_is_one() -> None:
    body = {**BODY, "form": "project", "occasion": "graded-run:4:0.85"}
    assert Evidence.from_body(body).to_body() == body
    assert "occasion" not in Evidence.from_body(BODY).to_body()


@pytest.mark.parametrize("occasion", ["graded-run:4:0.85", "graded-run:4"])
def test_a_breach_stands_in_the_body_of_a_graded_run_alone(occasion: str) -> None:
    body = {**BODY, "form": "project", "occasion": occasion}
    assert "critical" not in Evidence.from_body(body).to_body()
    found = Evidence.from_body({**body, "critical": True})
    assert found.is_graded_run
    assert found.to_body() == {**body, "critical": True}


@pytest.mark.parametrize("more", [{}, {"occasion": "practice-run:4"}, {"occasion": "sheet:6:assessor"}])
def test_nothing_else_is_held_to_a_breach(more: dict[str, str]) -> None:
    with pytest.raises(EvidenceRefusedError) as raised:
        Evidence.from_body({**BODY, "form": "project", **more, "critical": True})
    assert raised.value.field == "critical"


@pytest.mark.parametrize("critical", [False, None, 1, "true"])
def test_a_breach_is_true_or_not_there(critical: object) -> None:
    with pytest.raises(EvidenceRefusedError, match="is true or absent"):
        Evidence.from_body({**BODY, "occasion": "graded-run:4", "critical": critical})


@pytest.mark.parametrize("occasion", ["sheet", "sheet:", "Sheet:6:assessor", "a:b:c:d", "run:SEM-1", "x" * 99, 6, None])
def test_no_other_text_is_an_occasion(occasion: object) -> None:
    with pytest.raises(EvidenceRefusedError) as raised:
        Evidence.from_body({**BODY, "occasion": occasion})
    assert raised.value.field == "occasion"


@pytest.mark.parametrize("score", ["0", "1", "0.333333"])
def test_edges_of_a_score(score: str) -> None:
    assert Evidence.from_body({**BODY, "score": score}).to_body()["score"] == score


@pytest.mark.parametrize("field", BODY)
def test_no_field_may_be_missing(field: str) -> None:
    with pytest.raises(EvidenceRefusedError, match="is missing") as raised:
        Evidence.from_body({name: value for name, value in BODY.items() if name != field})
    assert raised.value.field == field


@pytest.mark.parametrize("field", ["knowledge_point", "knowledge_points", "kp", "unit", "tags", "weights", "name"])
def test_a_knowledge_point_has_no_place_in_evidence(field: str) -> None:
    with pytest.raises(EvidenceRefusedError, match="never what they serve") as raised:
        Evidence.from_body({**BODY, field: "SEM-1.1"})
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("activity", ""),
        ("activity", "SEM 1"),
        ("part", ""),
        ("part", "a/b"),
        ("content", "5f" * 31),
        ("content", "5F" * 32),
        ("form", "guess"),
        ("form", "QUIZ"),
        ("rater", ""),
        ("attempt", ""),
        ("attempt", None),
        ("score", 0.5),
        ("score", 1),
        ("score", "1.000001"),
        ("score", "-0.1"),
        ("score", "NaN"),
        ("score", "half"),
        ("score", "0.70"),
        ("score", "7E-1"),
        ("try", 0),
        ("try", "1"),
        ("try", True),
        ("hints", -1),
        ("hints", 0.0),
    ],
)
def test_refused_with_the_field(field: str, value: object) -> None:
    with pytest.raises(EvidenceRefusedError) as raised:
        Evidence.from_body({**BODY, field: value})
    assert raised.value.field == field
    assert raised.value.code == "ledger-evidence"
