"""Where a live project stands follows from what happened, and nothing else can happen next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qualoop.assessment.live import (
    Act,
    Entry,
    LiveNothingToUndoError,
    LiveStaleError,
    Standing,
    StepState,
    standing_of,
)

STEPS = ("plan", "baseline", "ready")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAM, MIA = "sam", "mia"


def standing(*acts: tuple[str, Act]) -> Standing:
    entries = [
        Entry(
            number=number,
            step=step,
            act=act,
            by=SAM if act in {Act.HAND_IN, Act.WITHDRAW} else MIA,
            at=NOON + timedelta(days=number),
        )
        for number, (step, act) in enumerate(acts, 1)
    ]
    return standing_of(STEPS, entries)


def test_the_plan_comes_first_and_the_rest_waits() -> None:
    found = standing()
    assert (found.current, found.seen, found.since) == ("plan", 0, None)
    assert [found.state(step) for step in STEPS] == [StepState.OPEN, StepState.LATER, StepState.LATER]


def test_from_the_plan_to_the_last_milestone() -> None:
    acts = [(step, act) for step in STEPS for act in (Act.HAND_IN, Act.ACCEPT)]
    waiting, done = standing(*acts[:3]), standing(*acts)
    assert waiting.state("plan") == StepState.ACCEPTED
    assert waiting.state("baseline") == StepState.WAITING
    assert waiting.since == NOON + timedelta(days=3)
    assert waiting.due_at("ready", 14) == NOON + timedelta(days=2 + 14)
    assert (done.current, done.since) == (None, None)


def test_what_is_sent_back_is_handed_in_again() -> None:
    back = standing(("plan", Act.HAND_IN), ("plan", Act.RETURN))
    assert back.state("plan") == StepState.RETURNED
    back.check(Act.HAND_IN, "plan", by=SAM)
    again = standing(("plan", Act.HAND_IN), ("plan", Act.RETURN), ("plan", Act.HAND_IN))
    assert again.state("plan") == StepState.WAITING


def test_what_waits_can_be_taken_back_by_its_author() -> None:
    found = standing(("plan", Act.HAND_IN), ("plan", Act.WITHDRAW))
    assert (found.state("plan"), found.since) == (StepState.OPEN, None)


@pytest.mark.parametrize("decision", [Act.ACCEPT, Act.RETURN])
def test_an_undone_decision_leaves_the_task_waiting_since_it_did(decision: Act) -> None:
    found = standing(("plan", Act.HAND_IN), ("plan", decision), ("plan", Act.UNDO))
    assert (found.state("plan"), found.since, found.seen) == (StepState.WAITING, NOON + timedelta(days=1), 3)
    assert found.due_at("ready", 14) is None
    with pytest.raises(LiveNothingToUndoError):
        found.check(Act.UNDO, "plan", by=MIA)
    found.check(Act.ACCEPT, "plan", by=MIA)


@pytest.mark.parametrize(
    ("acts", "act", "step"),
    [
        ((), Act.HAND_IN, "baseline"),
        ((), Act.ACCEPT, "plan"),
        ((), Act.WITHDRAW, "plan"),
        ((("plan", Act.HAND_IN),), Act.HAND_IN, "plan"),
        ((("plan", Act.HAND_IN),), Act.ACCEPT, "baseline"),
        ((("plan", Act.HAND_IN), ("plan", Act.ACCEPT)), Act.RETURN, "plan"),
        ((("plan", Act.HAND_IN), ("plan", Act.ACCEPT)), Act.HAND_IN, "nothing"),
    ],
)
def test_what_cannot_happen_now_is_refused(acts: tuple[tuple[str, Act], ...], act: Act, step: str) -> None:
    with pytest.raises(LiveStaleError):
        standing(*acts).check(act, step, by=MIA)


def test_only_the_last_decision_is_undone_and_by_whom_it_is_of() -> None:
    found = standing(("plan", Act.HAND_IN), ("plan", Act.ACCEPT))
    found.check(Act.UNDO, "plan", by=MIA)
    for step, by in (("plan", SAM), ("baseline", MIA)):
        with pytest.raises(LiveNothingToUndoError):
            found.check(Act.UNDO, step, by=by)
    later = standing(("plan", Act.HAND_IN), ("plan", Act.ACCEPT), ("baseline", Act.HAND_IN))
    with pytest.raises(LiveNothingToUndoError):
        later.check(Act.UNDO, "plan", by=MIA)
