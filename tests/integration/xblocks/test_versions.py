"""An attempt keeps the version it began with; where that is gone the learner is told, and loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qualoop.framework import shipped_content
from tests.factories.packages import apply_edit, copied
from tests.fakes.block_runtime import Store
from tests.integration.xblocks.learners import Learner, TestLessonBlock, placed, questions, right_form, wrong_form
from xblocks.common.contents import Contents

NOTICE = "This activity was renewed after you began it"


@pytest.fixture
def before() -> Learner:
    """Return a learner who earned 0.7 with the version that was there before."""
    learner = Learner(place=placed("minimal"), store=Store())
    ((_, item),) = questions(learner.lesson)
    learner.answer(item.key, wrong_form(item, learner.seed))
    learner.answer(item.key, right_form(item, learner.seed), number=2)
    return learner


@pytest.fixture
def after(before: Learner, tmp_path: Path) -> Learner:
    """Return the same learner after the lesson changed."""
    package = copied("minimal", tmp_path)
    apply_edit(package, {"file": "lesson.yaml", "find": "One section and one question.", "put": "One of each."})

    class RenewedBlock(TestLessonBlock):
        contents = Contents(folder=tmp_path, framework=shipped_content() / "ecommerce")

    return replace(before, place=replace(before.place, block_class=RenewedBlock))


def test_the_learner_is_told_and_keeps_the_score(before: Learner, after: Learner) -> None:
    html = after.view()

    assert NOTICE in html
    assert "What you have earned stays yours." in html
    assert "act/restart" in html
    assert after.attempt == before.attempt
    assert after.block().get_score().raw_earned == after.block().calculate_score().raw_earned == 0.7


def test_actions_of_the_old_version_change_nothing(before: Learner, after: Learner) -> None:
    response = after.act("go", step="ask")

    assert response.status_code == 409
    assert NOTICE in response.text
    assert after.attempt == before.attempt


def test_beginning_again_takes_the_new_version_and_the_best_counts(after: Learner) -> None:
    old_hash = after.attempt["hash"]
    response = after.act("restart")

    assert NOTICE not in response.text
    assert "One of each." in response.text
    assert (after.attempt["number"], after.attempt["earlier"]) == (2, ["0.7"])
    assert after.attempt["hash"] != old_hash
    ((_, item),) = questions(after.lesson)
    after.answer(item.key, wrong_form(item, after.seed))
    assert after.grades()[-1] == (0.7, 1.0)


def test_chinese_learners_are_told_in_chinese(after: Learner) -> None:
    assert "你开始学习后，本活动已更新" in replace(after, language="zh-cn").view()
