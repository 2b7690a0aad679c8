"""A block with the platform's due date: the rules are those of every host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qualoop.assessment import LinkSettings, Phase
from tests.integration.xblocks.learners import Learner, placed, questions, right_form
from xblocks.common.timing import block_schedule
from xblocks.kp_lesson import KpLessonBlock

DUE = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)


def given(due: object, graceperiod: object = None) -> object:
    """Return what Open edX makes of a block: its class has fields of that name."""
    return type("Given", (), {"due": due, "graceperiod": graceperiod})()


@pytest.mark.parametrize(
    ("grace", "after", "phase"),
    [
        (None, 0, Phase.OPEN),
        (None, 1, Phase.CLOSED),
        (timedelta(minutes=5), 300, Phase.GRACE),
        (timedelta(minutes=5), 301, Phase.CLOSED),
        (timedelta(days=-1), 1, Phase.CLOSED),
        ("5 minutes", 1, Phase.CLOSED),
    ],
)
def test_due_date_and_grace_hold_to_the_second(grace: object, after: int, phase: Phase) -> None:
    plan = block_schedule(given(DUE, grace), LinkSettings())
    assert plan.phase(DUE + timedelta(seconds=after)) is phase


@pytest.mark.parametrize("due", [None, "2026-03-02", 7])
def test_without_a_due_date_it_never_closes(due: object) -> None:
    assert block_schedule(given(due), LinkSettings()).phase(DUE + timedelta(days=9999)) is Phase.OPEN


def test_what_only_the_instance_has_is_no_due_date() -> None:
    block = type("Patched", (), {})()
    block.due, block.graceperiod = DUE, timedelta(0)
    assert block_schedule(block, LinkSettings()).phase(DUE + timedelta(days=1)) is Phase.OPEN


def test_a_due_date_without_a_zone_is_taken_as_utc() -> None:
    plan = block_schedule(given(DUE.replace(tzinfo=None)), LinkSettings())
    assert plan.phase(DUE) is Phase.OPEN


def test_an_attempt_under_way_is_handed_in_as_it_stands_and_none_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    learner = Learner(place=placed("full"))
    monkeypatch.setattr(KpLessonBlock, "due", datetime.now(UTC) + timedelta(hours=1), raising=False)
    step, item = questions(learner.lesson)[0]
    assert "After that, nothing more is taken." in learner.view()
    learner.act("go", step=step)
    learner.answer(item.key, right_form(item, learner.seed))
    grades = learner.grades()
    assert learner.attempt["status"] == "active"
    monkeypatch.setattr(KpLessonBlock, "due", datetime.now(UTC) - timedelta(seconds=1), raising=False)
    page = learner.answer(item.key, right_form(item, learner.seed), 2).text
    assert "takes no more answers" in page
    assert learner.attempt["status"] == "evaluated"
    assert learner.grades() == grades
    learner.act("restart")
    assert learner.attempt["number"] == 1
