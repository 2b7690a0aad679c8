"""What the player is told after an attempt: levels with their reasons, and what to do next."""

from __future__ import annotations

import re

from lti_tool.services.records import records
from lti_tool.services.records.records import Subject
from qualoop.player import KnowledgePointOutlook
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import Tool
from tests.integration.pages.reading_html import text_of


def outlook(tool: Tool, seat: Seat, *codes: str, language: str = "en") -> list[KnowledgePointOutlook]:
    who = seat.who
    subject = Subject(organisation_id=who.organisation_id, person_id=who.person_id, uuid=who.person_uuid)
    with tool.runtime.database.reading() as reading:
        connection = reading.connection()
        framework = tool.runtime.contents.find_framework(connection, who.organisation_id)
        assert framework
        return records.outlook(connection, framework, subject, codes, language=language, now=tool.clock())


def test_a_point_comes_with_level_band_number_and_reason(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, True, False])
    [point] = outlook(tool, learner, "SEM-1.1")
    assert (point.code, point.title, point.responses) == ("SEM-1.1", "Keywords and search intent", 3)
    assert 0 <= point.low < point.level < point.high <= 100
    assert re.fullmatch(
        r"With 3 results of this attempt, Keywords and search intent (rose|fell) by [0-9.]+ points to .* "
        r"The largest step came from one .*, and it was [0-9]+%\.",
        point.why,
    )


def test_a_single_answer_is_explained_as_it_is(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    [point] = outlook(tool, learner, "SEM-1.1")
    assert re.fullmatch(r"On this .*; it was 100%\. Keywords and search intent rose by .*", point.why)


def test_points_without_evidence_are_left_out(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    assert outlook(tool, learner, "SEM-1.1") == []
    learner.answer(right=[True])
    assert [point.code for point in outlook(tool, learner, "SEM-1.2", "SEM-1.1")] == ["SEM-1.1"]


def test_a_level_fades_while_nothing_is_done(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True] * 8)
    [before] = outlook(tool, learner, "SEM-1.1")
    tool.clock.advance(days=90)
    [after] = outlook(tool, learner, "SEM-1.1")
    assert after.level < before.level


def test_another_learners_answers_are_not_ones_own(tool: Tool) -> None:
    first, second = enter(tool, "s-1"), enter(tool, "s-2")
    first.answer(right=[True])
    assert outlook(tool, second, "SEM-1.1") == []


def test_the_finished_lesson_shows_it(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True] * 10)
    learner.finish()
    text = text_of(learner.get())
    assert "What this says about what you know" in text
    assert "from 10 answers" in text
    assert "Organic search" in text
