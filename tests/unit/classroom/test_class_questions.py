"""Questions that are typed in a hurry: what is complete is an item like any other, what is not is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qualoop.assessment import score_response
from qualoop.classroom.questions import (
    KINDS,
    Draft,
    Question,
    QuestionRefusedError,
    explanation,
    lesson_question,
    right_keys,
    right_words,
    spot_question,
)

LINES = {"single-choice": "*a\nb", "multiple-choice": "*a\n*b\nc", "ordering": "a\nb\nc", "short-text": "a"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_survives_its_document(kind: str) -> None:
    made = spot_question(Draft(kind=kind, prompt="Q", lines=LINES.get(kind, ""), answer="2.5", explanation="So."))
    again = Question.from_document(json.loads(json.dumps(made.to_document())))
    assert again == made
    assert again.content_hash == made.content_hash
    assert made.graded
    assert explanation(made, "zh-Hans") == "So."
    assert bool(right_keys(made)) is (kind in {"single-choice", "multiple-choice"})
    assert bool(right_words(made, "en")) is not bool(right_keys(made))


def test_a_star_marks_what_is_right() -> None:
    made = spot_question(Draft(kind="single-choice", prompt="Q", lines="x\n* y"))
    assert score_response(made.item, ["option-2"]).correct
    assert not score_response(made.item, ["option-1"]).correct


@pytest.mark.parametrize("kind", ["single-choice", "number", "short-text"])
def test_without_a_right_answer_it_is_an_opinion(kind: str) -> None:
    made = spot_question(Draft(kind=kind, prompt="Q", lines="x\ny" if kind == "single-choice" else ""))
    assert not made.graded
    assert right_words(made, "en") == ()
    assert explanation(made, "en") == ""


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        ({"kind": "hotspot"}, "kind"),
        ({"prompt": "  "}, "prompt"),
        ({"prompt": "x" * 601}, "prompt"),
        ({"lines": "one"}, "lines"),
        ({"lines": "a\na"}, "lines"),
        ({"lines": "*\nb"}, "lines"),
        ({"lines": "\n".join(map(str, range(9)))}, "lines"),
        ({"lines": "*a\n*b"}, "one-right"),
        ({"kind": "ordering", "lines": "a\nb"}, "lines"),
        ({"kind": "number", "answer": "NaN"}, "answer"),
        ({"kind": "number", "answer": "1", "tolerance": "-1"}, "answer"),
        ({"kind": "number", "answer": "9" * 40}, "answer"),
    ],
)
def test_what_is_missing_is_named(draft: dict[str, str], reason: str) -> None:
    with pytest.raises(QuestionRefusedError) as caught:
        spot_question(Draft(**{"kind": "single-choice", "prompt": "Q", "lines": "*a\nb", **draft}))
    assert caught.value.reason == reason


@given(st.sampled_from(KINDS), st.text(max_size=700), st.text(max_size=300), st.text(max_size=50))
def test_whatever_is_typed_is_a_question_or_refused(kind: str, prompt: str, lines: str, answer: str) -> None:
    try:
        made = spot_question(Draft(kind=kind, prompt=prompt, lines=lines, answer=answer))
    except QuestionRefusedError:
        return
    assert Question.from_document(made.to_document()) == made


def test_a_matching_fits_on_no_phone() -> None:
    with pytest.raises(QuestionRefusedError):
        lesson_question({"type": "matching"})
