"""What the platform asks of a block that scores: kept scores, rescoring, borders."""

from __future__ import annotations

from typing import Any

import pytest
from xblock.scorable import Score

from tests.integration.xblocks.learners import Learner, placed, questions, right_form


@pytest.fixture
def learner() -> Learner:
    return Learner(place=placed("minimal"))


def answered(learner: Learner) -> Any:
    ((_, item),) = questions(learner.lesson)
    learner.answer(item.key, right_form(item, learner.seed))
    return learner.block()


def test_a_block_nobody_answered_has_no_score(learner: Learner) -> None:
    learner.view()
    block = learner.block()

    assert block.has_score
    assert not block.has_submitted_answer()
    assert block.get_score() == Score(raw_earned=0.0, raw_possible=1.0)
    assert block.calculate_score() == Score(raw_earned=0.0, raw_possible=1.0)
    with pytest.raises(ValueError, match="unanswered"):
        rescored(block)


def test_an_answered_block_has_its_score(learner: Learner) -> None:
    block = answered(learner)

    assert block.has_submitted_answer()
    assert block.get_score() == Score(raw_earned=1.0, raw_possible=1.0)
    assert block.max_score() == 1.0


@pytest.mark.parametrize(
    ("earned", "possible", "kept"),
    [
        (0.0, 1.0, "0"),
        (0.1, 1.0, "0.1"),
        (1.0, 3.0, "0.333333"),
        (2.0, 2.0, "1"),
        (9.0, 4.0, "1"),
        (-1.0, 1.0, "0"),
        (1.0, 0.0, "0"),
    ],
)
def test_a_score_that_the_platform_sets_is_clamped(learner: Learner, earned: float, possible: float, kept: str) -> None:
    block = learner.block()
    block.set_score(Score(raw_earned=earned, raw_possible=possible))

    assert block.score == kept


def test_rescoring_computes_anew_from_the_answers_and_changes_no_state(learner: Learner) -> None:
    block = answered(learner)
    block.set_score(Score(raw_earned=0.0, raw_possible=1.0))
    state = block.state
    rescored(block)

    assert learner.published[-1].data == {"value": 1.0, "max_value": 1.0, "only_if_higher": False}
    assert block.state == state


def test_rescoring_keeps_a_score_whose_lesson_is_not_there(learner: Learner) -> None:
    answered(learner)
    gone = Learner(place=placed("gone"), store=learner.store)

    assert gone.block().calculate_score() == Score(raw_earned=1.0, raw_possible=1.0)


def rescored(block: Any) -> None:
    block.location = block.scope_ids.usage_id
    block.rescore(only_if_higher=False)
