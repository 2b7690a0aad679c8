"""A learner's own record tells no result that the settings of a link still hold back; the teacher's page does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lti_tool.services.records import timelines
from tests.factories.classrooms import Seat, enter
from tests.factories.held_results import show_results
from tests.factories.launches import LTI
from tests.factories.tool import Tool
from tests.integration.pages.reading_html import text_of

LATER = "Some of your results are shown later."
OWN_PAGES = ("record/SEM-1.1/", "record/timeline/", "record/")


@pytest.fixture
def held(tool: Tool) -> Seat:
    """A learner with two answers whose results are shown in an hour."""
    learner = enter(tool, "s-1")
    show_results(tool, learner, "on_date", shown_at=tool.clock.now + timedelta(hours=1))
    learner.answer(right=[True, False])
    return learner


def tells(learner: Seat) -> list[bool]:
    """Say of each page of the own record whether it tells what an answer was worth or did."""
    texts = [text_of(learner.get(page)) for page in OWN_PAGES]
    return [any(mark in text for mark in ("Score 100%", "mean score", "rose by", "fell by")) for text in texts]


def test_what_is_held_back_is_on_no_page_of_the_own_record(tool: Tool, held: Seat) -> None:
    assert tells(held) == [False, False, False]
    for page in OWN_PAGES[:2]:
        assert LATER in text_of(held.get(page))
        assert "yet" not in text_of(held.get(page)).partition(LATER)[2], "nobody is told that there is nothing"
    tool.clock.advance(hours=1)
    assert tells(held) == [True, True, True]
    assert all(LATER not in text_of(held.get(page)) for page in OWN_PAGES)


def test_results_of_other_links_are_told_meanwhile(tool: Tool, held: Seat) -> None:
    other = enter(tool, "s-1", lesson="sem-1-3-paid-search", title="Paid search")
    other.answer(right=[True])
    text = text_of(other.get("record/timeline/"))
    assert "mean score 100%" in text
    assert "mean score 50%" not in text


def test_the_teacher_sees_everything_at_once(tool: Tool, held: Seat) -> None:
    teacher = enter(tool, "t-1", role="teacher")
    text = text_of(teacher.get(f"class/{held.who.person_uuid}/SEM-1.1/"))
    assert "Score 100%" in text
    assert LATER not in text


def test_what_is_never_shown_stays_off_the_record(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    show_results(tool, learner, "never")
    learner.answer(right=[True])
    tool.clock.advance(hours=3)
    assert tells(learner) == [False, False, False]


def test_behind_a_page_of_held_results_the_older_ones_are_found(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = enter(tool, "s-1", lesson="sem-1-3-paid-search", title="Paid search")
    earlier.answer(right=[True])
    tool.clock.advance(hours=1)
    usual = timelines.entries_page.__kwdefaults__ or {}
    monkeypatch.setattr(timelines.entries_page, "__kwdefaults__", {**usual, "size": 2})
    learner = enter(tool, "s-1")
    show_results(tool, learner, "on_date", shown_at=tool.clock.now + timedelta(hours=1))
    learner.answer(right=[True, False])
    page = learner.get("record/timeline/")
    assert "?before=" in page.text
    older = page.text.partition('href="?before=')[2].partition('"')[0]
    assert "mean score 100%" in text_of(learner.get(f"record/timeline/?before={older}"))


def test_the_end_of_another_lesson_does_not_tell_it_either(tool: Tool) -> None:
    """The outlook says of each knowledge point what moved it last: here that would be the held answer."""
    other = enter(tool, "s-1", changes={LTI + "resource_link": {"id": "again", "title": "The same once more"}})
    other.answer(right=[False, False, True])
    other.finish()
    assert "With 3 results of this attempt" in text_of(other.get())
    tool.clock.advance(hours=1)
    learner = enter(tool, "s-1")
    show_results(tool, learner, "on_date", shown_at=tool.clock.now + timedelta(hours=1))
    learner.answer(right=[True, True])
    assert "results of this attempt" not in text_of(other.get())
    tool.clock.advance(hours=1)
    assert "With 2 results of this attempt" in text_of(other.get())
