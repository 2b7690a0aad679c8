"""The page of a learner's own evidence tells no score of a readiness check that its settings still hold back."""

from __future__ import annotations

from datetime import timedelta

from tests.factories.flipped import BuiltUnit
from tests.factories.held_results import show_results
from tests.integration.pages.reading_html import text_of


def test_a_check_whose_score_is_held_back_was_handed_in_and_says_no_more(built: BuiltUnit) -> None:
    seat = built.enter("s-1")
    there = built.at_step(seat, "check")
    show_results(built.tool, there, "on_date", shown_at=built.tool.clock.now + timedelta(hours=1))
    built.work(seat, "check", right=True)
    own = text_of(seat.get("record/evidence/"))
    assert "shown later" in own
    assert "mean score" not in own
    assert "None was handed in." not in own
    teacher = built.enter("t-2", role="teacher")
    assert "100%" in text_of(teacher.get(f"class/evidence/{seat.who.person_uuid}/"))
    built.tool.clock.advance(hours=1)
    assert "mean score 100%" in text_of(seat.get("record/evidence/"))
