"""What apps are told of an attempt, and when results may be seen: never more than the page would show now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from webob import Request

from tests.integration.xblocks.learners import Learner, placed, questions, right_form
from xblocks.kp_lesson import KpLessonBlock

DOCUMENT = Path(__file__).parents[3] / "docs" / "openedx.md"


def lesson(**fields: Any) -> Learner:
    return Learner(place=placed("minimal", fields={"activity_key": "minimal", **fields}))


def told(learner: Learner) -> Any:
    return learner.block().handle("student_view_user_state", Request.blank("/")).json


def answered(learner: Learner) -> str:
    ((_, item),) = questions(learner.lesson)
    return learner.answer(item.key, right_form(item, learner.seed)).text


def test_before_the_first_view_there_is_nothing_to_tell() -> None:
    assert told(lesson()) is None


def test_an_attempt_is_told_with_what_is_left_of_it() -> None:
    learner = lesson(max_attempts=2)
    answered(learner)
    learner.act("finish", unanswered="0")

    assert told(learner) == {
        "schema": 1,
        "content_hash": learner.attempt["hash"],
        "is_outdated": False,
        "attempt": 1,
        "status": "evaluated",
        "attempts_left": 1,
        "can_restart": True,
        "steps_done": 2,
        "steps": 2,
        "completion": 1.0,
        "score": "1",
        "due": None,
        "is_closed": False,
    }


def test_the_last_attempt_is_the_last() -> None:
    learner = lesson(max_attempts=1)
    learner.act("finish", unanswered="1")
    before = learner.attempt

    assert (told(learner)["attempts_left"], told(learner)["can_restart"]) == (0, False)
    assert "act/restart" not in learner.view()
    learner.act("restart")
    assert learner.attempt == before


@pytest.mark.parametrize("rule", ["after_submit", "after_due", "never"])
def test_results_wait_until_they_may_be_seen(rule: str) -> None:
    learner = lesson(show_feedback=rule, show_answer=rule)
    page = answered(learner)

    assert "Right" not in page
    assert told(learner)["score"] is None
    assert learner.grades() == []
    page = learner.act("finish", unanswered="0").text
    # Without a due date, what waits for it waits for the handing in.
    assert told(learner)["score"] == (None if rule == "never" else "1")
    assert learner.grades() == [(1.0, 1.0)]


@pytest.mark.parametrize(("rule", "shown"), [("never", None), ("past_due", None), ("always", "1")])
def test_the_platforms_own_rule_holds_results_back(monkeypatch: pytest.MonkeyPatch, rule: str, shown: object) -> None:
    monkeypatch.setattr(KpLessonBlock, "show_correctness", rule, raising=False)
    monkeypatch.setattr(KpLessonBlock, "due", datetime.now(UTC) + timedelta(hours=1), raising=False)
    learner = lesson()
    answered(learner)
    learner.act("finish", unanswered="0")

    assert told(learner)["score"] == shown


@pytest.mark.parametrize(
    "fields",
    [
        {"max_attempts": -5, "tries": 99, "counts": "worst", "show_feedback": "soon", "show_answer": "x"},
        {"show_feedback": "never", "show_answer": "after_item"},
        {"weight": -1.0, "max_attempts": 10**9},
    ],
)
def test_settings_that_cannot_be_do_not_stop_learners(fields: dict[str, Any]) -> None:
    learner = lesson(**fields)

    assert "<qualoop-activity" in answered(learner)
    assert learner.block().max_score() == 1.0


def test_an_attempt_left_because_its_version_is_gone_is_none_of_those_that_are_counted() -> None:
    learner = lesson(max_attempts=1)
    before = learner.attempt
    learner.place.fields["activity_key"] = "full"  # type: ignore[index]

    assert told(learner)["is_outdated"]
    assert "act/restart" in learner.view()
    learner.act("restart")
    assert (learner.attempt["number"], learner.attempt["void"]) == (2, 1)
    assert learner.attempt["hash"] != before["hash"]


def test_the_document_lists_every_field() -> None:
    learner = lesson()
    learner.view()
    text = DOCUMENT.read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))

    assert set(told(learner)) | set(learner.block().student_view_data()) <= documented
