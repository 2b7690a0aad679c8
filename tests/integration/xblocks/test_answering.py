"""What a learner's forms make of the block's state, the grade and the completion."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from webob import Request

from tests.integration.xblocks.learners import Learner, placed, questions, right_form, wrong_form


@pytest.fixture
def learner() -> Learner:
    return Learner(place=placed("minimal"))


def only_item(learner: Learner) -> Any:
    ((_, item),) = questions(learner.lesson)
    return item


def answer_all(learner: Learner, rights: Sequence[bool]) -> None:
    for right, (_, item) in zip(rights, questions(learner.lesson), strict=True):
        form = right_form if right else wrong_form
        assert learner.answer(item.key, form(item, learner.seed)).status_code == 200


def finish(learner: Learner, unanswered: int = 0) -> None:
    assert learner.act("finish", unanswered=str(unanswered)).status_code == 200


def test_a_right_answer_publishes_the_grade_and_the_completion(learner: Learner) -> None:
    response = learner.answer("what-is-typed", right_form(only_item(learner), learner.seed))

    assert response.status_code == 200
    assert response.content_type == "text/html"
    assert response.text.startswith("<qualoop-activity")
    assert "q-feedback" in response.text
    assert learner.grades() == [(1.0, 1.0)]
    assert learner.completions() == [1.0]


def test_a_wrong_answer_then_a_right_one_earns_what_the_second_try_is_worth(learner: Learner) -> None:
    item = only_item(learner)
    learner.answer(item.key, wrong_form(item, learner.seed))
    learner.answer(item.key, right_form(item, learner.seed), number=2)

    assert learner.grades() == [(0.0, 1.0), (0.7, 1.0)]
    assert learner.block().score == "0.7"


def test_completion_is_partial_and_grows_with_the_steps() -> None:
    learner = Learner(place=placed("full"))
    steps = len(learner.lesson.steps)
    (_, item) = questions(learner.lesson)[0]
    learner.answer(item.key, wrong_form(item, learner.seed))
    learner.act("go", step="talk")
    learner.act("go", step="text")

    assert learner.completions() == pytest.approx([2 / steps, 3 / steps], abs=1e-6)


def test_state_is_kept_before_anything_is_published(learner: Learner) -> None:
    learner.answer("what-is-typed", right_form(only_item(learner), learner.seed))

    assert [one.kind for one in learner.published] == ["grade", "completion"]
    assert [one.kept["score"] for one in learner.published] == ["1", "1"]


def test_state_is_plain_json_of_decisions_and_seed() -> None:
    learner = Learner(place=placed("full"))
    for number in (1, 2, 3):
        for _, item in questions(learner.lesson):
            learner.answer(item.key, wrong_form(item, learner.seed), number=number)

    state = learner.attempt
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    assert len(json.dumps(state)) < 65_536
    assert all(len(row["tries"]) == 3 for row in state["player"]["items"].values())


def test_the_same_form_twice_counts_once(learner: Learner) -> None:
    item = only_item(learner)
    form = wrong_form(item, learner.seed)
    first = learner.answer(item.key, form)
    second = learner.answer(item.key, form)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.text == first.text
    assert len(learner.grades()) == 1


def test_a_response_that_does_not_fit_is_422_with_what_was_typed() -> None:
    learner = Learner(place=placed("full"))
    learner.act("go", step="cost")
    before = learner.attempt
    response = learner.answer("cost", {"value": ["a <b>lot</b>"]})

    assert response.status_code == 422
    assert 'value="a &lt;b&gt;lot&lt;/b&gt;"' in response.text
    assert 'role="alert"' in response.text
    assert learner.attempt == before
    assert learner.grades() == []


@pytest.mark.parametrize("attempt", [[], ["another"], ["", ""]])
def test_a_form_of_another_attempt_changes_nothing(learner: Learner, attempt: list[str]) -> None:
    before = learner.attempt
    form = {"attempt": attempt, "item": ["what-is-typed"], "try": ["1"]}
    response = learner.send("answer", {**form, **right_form(only_item(learner), learner.seed)})

    assert response.status_code == 409
    assert "A new attempt was begun on another page." in response.text
    assert response.text.startswith("<qualoop-activity")
    assert learner.attempt == before
    assert learner.published == []


@pytest.mark.parametrize(
    ("method", "action", "status", "code"),
    [
        ("GET", "answer", 405, "method-refused"),
        ("POST", "fly", 404, "player-action"),
        ("POST", "", 404, "player-action"),
    ],
)
def test_what_is_no_action_is_refused_with_a_code(
    learner: Learner, method: str, action: str, status: int, code: str
) -> None:
    request = Request.blank("/", method=method, POST={"attempt": learner.attempt["id"]} if method == "POST" else None)
    response = learner.block().handle("act", request, action)

    assert (response.status_code, response.json) == (status, {"error": code})


def test_a_body_that_is_no_form_changes_nothing(learner: Learner) -> None:
    before = learner.attempt
    request = Request.blank("/", method="POST", body=b'{"attempt": 1}', content_type="application/json")

    assert learner.block().handle("act", request, "answer").status_code == 409
    assert learner.attempt == before


def test_a_finished_lesson_can_be_begun_again_and_the_best_attempt_counts(learner: Learner) -> None:
    item = only_item(learner)
    learner.answer(item.key, wrong_form(item, learner.seed))
    learner.answer(item.key, right_form(item, learner.seed), number=2)
    finish(learner)
    assert learner.block().runtime.handler_url(learner.block(), "act", "restart") in learner.view()
    first = learner.attempt
    learner.act("restart")
    second = learner.attempt

    assert (second["number"], second["status"], second["player"]["items"]) == (2, "active", {})
    assert second["id"] != first["id"]
    learner.answer(item.key, wrong_form(item, learner.seed))
    assert learner.grades()[-1] == (0.7, 1.0)
    learner.act("go", step="read")
    assert learner.completions() == [1.0]


def test_an_attempt_that_is_not_finished_cannot_be_left(learner: Learner) -> None:
    before = learner.attempt
    response = learner.act("restart")

    assert response.status_code == 200
    assert learner.attempt == before


def test_a_form_of_the_attempt_before_is_not_read_in_the_order_of_the_new_one(learner: Learner) -> None:
    item = only_item(learner)
    old = {"attempt": [learner.attempt["id"]], "item": [item.key], "try": ["1"], **right_form(item, learner.seed)}
    finish(learner, unanswered=1)
    learner.act("restart")
    before = learner.attempt
    learner.send("answer", old)

    assert learner.attempt == before


def test_learners_do_not_share_an_attempt(learner: Learner) -> None:
    other = Learner(place=learner.place, store=learner.store, user_id="another")
    answer_all(learner, [True])

    assert other.attempt["player"]["items"] == {}
    assert other.attempt["id"] != learner.attempt["id"]


def test_in_a_library_nothing_is_published_and_the_state_is_kept() -> None:
    learner = Learner(place=placed("minimal", is_course=False))
    answer_all(learner, [True])

    assert learner.published == []
    assert learner.block().score == "1"
