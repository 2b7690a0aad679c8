"""What staff do to one learner's work from the instructor's dashboard, as the platform's tasks do it."""

from __future__ import annotations

from typing import Any

import pytest
from webob import Request
from xblock.scorable import Score

from tests.integration.xblocks.learners import Learner, placed, questions, right_form, wrong_form


@pytest.fixture
def learner() -> Learner:
    return Learner(place=placed("minimal", fields={"activity_key": "minimal", "max_attempts": 2}))


def answer(learner: Learner, *, right: bool) -> None:
    ((_, item),) = questions(learner.lesson)
    form = right_form if right else wrong_form
    assert learner.answer(item.key, form(item, learner.seed)).status_code == 200


def use_up(learner: Learner) -> None:
    """Hand in all attempts, the last one right."""
    for number in (1, 2):
        learner.view()
        answer(learner, right=number == 2)
        learner.act("finish", unanswered="0")
        if number == 1:
            assert learner.act("restart").status_code == 200


def reset_attempts(learner: Learner, *, of_all: bool = False) -> bool:
    """Reset as the platform does, which writes into the stored state; of all learners only where attempts are counted."""
    block, data = learner.block(), learner.store.data
    if of_all and not (data.has(block, "attempts") and data.get(block, "attempts") > 0):
        return False
    data.set(block, "attempts", 0)
    return True


def state(learner: Learner) -> Any:
    return learner.block().handle("student_view_user_state", Request.blank("/")).json


@pytest.mark.parametrize("of_all", [False, True], ids=["one-learner", "all-learners"])
def test_reset_attempts_gives_them_all_back_and_takes_nothing_that_was_earned(
    learner: Learner, *, of_all: bool
) -> None:
    use_up(learner)
    assert (state(learner)["attempts_left"], state(learner)["can_restart"]) == (0, False)
    assert reset_attempts(learner, of_all=of_all)
    assert (state(learner)["attempts_left"], state(learner)["can_restart"]) == (2, True)
    assert "Attempt 0" not in learner.view()
    assert learner.block().score == "1"
    use_up_again = [learner.act("restart").status_code]
    answer(learner, right=False)
    learner.act("finish", unanswered="0")
    assert (use_up_again, state(learner)["attempts_left"], state(learner)["attempt"]) == ([200], 1, 3)
    assert learner.block().score == "1"  # the best counts, of those before as well
    learner.act("restart")
    learner.act("finish", unanswered="1")
    assert state(learner)["attempts_left"] == 0
    assert learner.act("restart").status_code == 200
    assert state(learner)["attempt"] == 4


def test_reset_attempts_leaves_an_attempt_under_way_as_it_is(learner: Learner) -> None:
    use_up(learner)
    reset_attempts(learner)
    learner.act("restart")
    answer(learner, right=False)
    before = learner.attempt
    assert reset_attempts(learner)
    learner.view()
    assert learner.attempt == {**before, "void": before["number"] - 1}
    assert (state(learner)["attempts_left"], state(learner)["can_restart"]) == (1, False)
    assert learner.block().attempts == 1


def test_a_score_that_staff_override_is_published_and_stands_until_the_next_answer(learner: Learner) -> None:
    learner.view()
    answer(learner, right=False)
    block = learner.block()
    # The platform compares with the maximum and divides by the weight (`override_score_module_state`).
    block.set_score(Score(raw_earned=0.5 / block.weight, raw_possible=block.max_score() / block.weight))
    block.publish_grade()
    block.save()
    assert learner.grades()[-1] == (0.5, 1.0)
    assert learner.block().score == "0.5"
    learner.act("finish", unanswered="0")
    assert learner.block().score == "0"
