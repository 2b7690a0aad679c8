"""Two tabs of one learner without the plug-in: nothing is written over, and who came second is told so."""

from __future__ import annotations

from typing import Any

import pytest
from webob import Request

from tests.integration.xblocks.learners import Learner, placed, questions, right_form
from xblocks.common import activity


@pytest.fixture
def learner() -> Learner:
    return Learner(place=placed("full"))


def form(learner: Learner, number: int) -> Request:
    """Return the right answer to a question, as its form sends it."""
    _, item = questions(learner.lesson)[number]
    fields = {"attempt": [learner.attempt["id"]], "item": [item.key], "try": ["1"], **right_form(item, learner.seed)}
    pairs = [(name, text) for name, texts in fields.items() for text in texts]
    return Request.blank("/", method="POST", POST=pairs)


def answered(learner: Learner) -> list[str]:
    return [key for key, item in learner.attempt["player"]["items"].items() if item["tries"]]


def keys(learner: Learner) -> list[str]:
    return [item.key for _, item in questions(learner.lesson)][:2]


def test_answers_to_two_questions_from_pages_of_the_same_moment_are_both_kept(learner: Learner) -> None:
    forms = [form(learner, 0), form(learner, 1)]
    both = [learner.block(), learner.block()]
    for block in both:
        assert block.state
        assert block.score == ""
    for block, each in zip(both, forms, strict=True):
        assert block.handle("act", each, "answer").status_code == 200
    assert answered(learner) == keys(learner)
    assert learner.grades()[-1][0] == float(learner.block().score)


def test_who_is_overtaken_between_reading_and_keeping_is_told_and_overwrites_nothing(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = [form(learner, 0), form(learner, 1)]
    faster = [learner.block()]

    def overtaken(*_: Any) -> None:
        if faster:
            assert faster.pop().handle("act", forms[1], "answer").status_code == 200

    monkeypatch.setattr(activity, "record_evidence", overtaken)
    response = learner.block().handle("act", forms[0], "answer")
    assert response.status_code == 409
    assert answered(learner) == keys(learner)[1:]
    assert learner.block().score
    # The page shows what stands, and sending again works.
    assert learner.block().handle("act", forms[0], "answer").status_code == 200
    assert set(answered(learner)) == set(keys(learner))


def test_a_first_view_begins_no_second_attempt_beside_one_that_was_begun_meanwhile(learner: Learner) -> None:
    slow = learner.block()
    assert not slow.state
    attempt = learner.attempt["id"]
    assert attempt in slow.render("student_view").content
    assert learner.attempt["id"] == attempt
