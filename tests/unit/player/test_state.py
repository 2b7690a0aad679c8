"""The state is small, plain JSON and comes back as it was."""

from __future__ import annotations

import json

from qualoop.player.state import MAX_STATE_BYTES, LessonState
from qualoop.values import Score
from tests.unit.player.lessons import PARTLY, WRONG, Attempt


def test_a_state_survives_json() -> None:
    attempt = Attempt()
    attempt.answer("match", 1, **PARTLY["match"])
    attempt.do("hint", item="single", hint=1)
    attempt.do("finish", unanswered=6)
    stored = json.loads(json.dumps(attempt.state))
    assert stored == attempt.state
    assert LessonState.from_json(stored).as_json() == attempt.state


def test_scores_are_text_and_the_last_response_is_kept() -> None:
    attempt = Attempt()
    attempt.answer("multiple", 1, **WRONG["multiple"])
    attempt.answer("multiple", 2, **PARTLY["multiple"])
    assert attempt.state["items"]["multiple"] == {
        "tries": [{"score": "0", "hints": 0}, {"score": "0.5", "hints": 0}],
        "response": ["zqkey-multiple-a"],
        "hints": 0,
        "revealed": False,
    }


def test_the_state_of_the_largest_lesson_stays_small() -> None:
    """60 steps, all of them orderings of 8 entries with the longest keys, each tried 10 times."""
    state = LessonState(seed=2**63, at="k" * 64, seen=(), items={}, finished="2026-11-24T09:30:00+00:00")
    for number in range(60):
        key = f"{number:064d}"
        item = state.item(key)
        for _ in range(10):
            item = item.after_try([f"{entry:064d}" for entry in range(8)], Score("0.333333"))
        state = state.standing_at(key).with_item(key, item)
    encoded = json.dumps(state.as_json(), separators=(",", ":")).encode()
    assert 50_000 < len(encoded) <= MAX_STATE_BYTES
