"""No secret of the canary leaves the block before it may: every body of every view and handler is looked at."""

from __future__ import annotations

import json

import pytest
from webob import Request

from tests.factories.canary import Marker, markers_in
from tests.integration.xblocks.learners import TEST_LESSONS, Learner, placed, questions, wrong_form

LESSON = TEST_LESSONS.get("canary").content


@pytest.fixture
def learner() -> Learner:
    return Learner(place=placed("canary"))


def bodies(learner: Learner) -> list[str]:
    """Return every body that the block gives without an answer: views, data for apps and search, steps, files."""
    block = learner.block()
    steps = [learner.act("go", step=step.key).text for step in LESSON.steps]
    assets = [
        block.handle("asset", Request.blank("/"), path).text for path in TEST_LESSONS.get("canary").package.assets
    ]
    return [
        *(learner.view(name) for name in ("student_view", "public_view", "author_view")),
        json.dumps(block.student_view_data(), ensure_ascii=False),
        json.dumps(block.index_dictionary(), ensure_ascii=False),
        *steps,
        *assets,
    ]


def found(texts: list[str]) -> list[Marker]:
    return [marker for text in texts for marker in markers_in(text)]


@pytest.mark.parametrize("language", ["en", "zh-cn"])
def test_before_an_answer_nothing_secret_is_in_any_body(learner: Learner, language: str) -> None:
    learner.language = language

    assert found(bodies(learner)) == []


def test_a_refused_answer_shows_nothing_secret(learner: Learner) -> None:
    replies = [learner.answer(item.key, {}) for _, item in questions(LESSON)]

    assert {reply.status_code for reply in replies} == {422}
    assert found([reply.text for reply in replies]) == []


def test_a_wrong_answer_shows_feedback_of_its_item_and_nothing_of_another(learner: Learner) -> None:
    for _, item in questions(LESSON):
        body = learner.answer(item.key, wrong_form(item, learner.seed)).text
        markers = markers_in(body)

        assert markers, "the canary has feedback on every wrong answer"
        assert {marker.item for marker in markers} == {item.key}
        assert not [marker for marker in markers if {"solution", "hints", "key"} & set(marker.place)]


def test_other_learners_see_nothing_of_it(learner: Learner) -> None:
    for _, item in questions(LESSON):
        learner.answer(item.key, wrong_form(item, learner.seed))
    other = Learner(place=learner.place, store=learner.store, user_id="another")

    assert found(bodies(other)) == []
