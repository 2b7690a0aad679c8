"""A learner's own record tells no result that the settings of a link still hold back; the teacher's page does."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from lti_tool.models import LedgerEvent, Organisation
from lti_tool.services.evidence import corrections
from lti_tool.services.records import timelines
from qualoop.ledger import EventType, Reason
from qualoop.values import Score
from tests.factories.classrooms import Seat, enter
from tests.factories.held_results import show_results
from tests.factories.launches import LTI
from tests.factories.tool import SECRET, Tool
from tests.integration.pages.reading_html import LATER, OWN_PAGES, text_of

SCORED = re.compile(r'"score": ?"')


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
    marks = ("Score 100%", "mean score", "rose by", "fell by")
    return [any(mark in text for mark in marks) or bool(SCORED.search(text)) for text in texts]


def correct(tool: Tool, kind: EventType, score: Score | None) -> None:
    """Give the newest event of a type another score; None voids it."""
    with tool.runtime.database.transaction() as session:
        query = select(LedgerEvent.uuid).where(LedgerEvent.type == kind.value).order_by(LedgerEvent.id.desc())
        target = session.scalars(query).first()
        request = corrections.Request(target=uuid.UUID(target), reason=Reason.ERROR, actor="somebody", score=score)
        organisation = session.get_one(Organisation, tool.organisation_id)
        corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock())


def test_s33_what_is_held_back_is_on_no_page_of_the_own_record(tool: Tool, held: Seat) -> None:
    assert tells(held) == [False] * len(OWN_PAGES)
    for page in OWN_PAGES[:2]:
        assert LATER in text_of(held.get(page))
        assert "yet" not in text_of(held.get(page)).partition(LATER)[2], "nobody is told that there is nothing"
    tool.clock.advance(hours=1)
    assert tells(held) == [True] * len(OWN_PAGES)
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
    assert tells(learner) == [False] * len(OWN_PAGES)


def test_the_file_to_take_away_says_that_something_is_left_out_and_keeps_the_rest(tool: Tool, held: Seat) -> None:
    other = enter(tool, "s-1", lesson="sem-1-3-paid-search", title="Paid search")
    other.answer(right=[True])
    made = held.get("record/download?format=json").get_json()
    assert made["held_back"] is True
    assert [row["event"]["body"]["activity"] for row in made["events"]] == ["sem-1-3-paid-search"]
    tool.clock.advance(hours=1)
    made = held.get("record/download?format=json").get_json()
    assert made["held_back"] is False
    assert len(made["events"]) == 3


def test_the_correction_of_what_is_held_back_waits_with_it(tool: Tool, held: Seat) -> None:
    """In the file, on the timeline and among the notices: a correction names the score that there was."""
    correct(tool, EventType.EVIDENCE_RECORDED, Score("0.25"))
    correct(tool, EventType.ASSERTION_REVISED, None)
    correct(tool, EventType.EVIDENCE_RECORDED, Score("0.75"))
    assert held.get("record/download?format=json").get_json()["events"] == []
    assert "75%" not in text_of(held.get("record/timeline/"))
    assert "There are no notices." in text_of(held.get("notices/"))
    tool.clock.advance(hours=1)
    assert len(held.get("record/download?format=json").get_json()["events"]) == 5
    assert "75%" in text_of(held.get("record/timeline/"))
    assert "75%" in text_of(held.get("notices/"))


def test_what_to_do_next_is_not_chosen_by_a_score_that_is_held_back(tool: Tool, held: Seat) -> None:
    """The lesson that was finished with it is suggested once its score may be told, and the sentence says why."""
    held.finish()
    assert "You finished it with" not in text_of(held.get("record/"))
    assert "You have begun it" not in text_of(held.get("record/"))
    tool.clock.advance(hours=1)
    assert "You finished it with" in text_of(held.get("record/"))


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
