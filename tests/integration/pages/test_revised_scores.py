"""Evidence that a person corrected, wherever it is listed: the score that counts now, what it was, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from lti_tool.models import LedgerEvent, MasteryGeneration, Organisation
from lti_tool.services.evidence import corrections
from lti_tool.services.evidence.entries import list_entries
from lti_tool.services.records.timelines import by_day
from qualoop.ledger import EventType, Reason
from qualoop.records import gain
from qualoop.values import Score
from tests.factories.classrooms import Seat, enter
from tests.factories.tool import SECRET, Tool
from tests.integration.pages.reading_html import text_of

CODE = "SEM-1.1"
WAS = "was 100%, revised on 4 Mar 2026: an appeal was granted."
LATER = "The level follows within minutes."


@pytest.fixture
def learner(tool: Tool) -> Seat:
    """A learner with two right answers, the first of which counts half since two days later."""
    enter(tool, "s-1", name="Li Wei").answer(right=[True, True])
    tool.clock.advance(days=2)
    correct(tool, 0, Score("0.5"))
    return enter(tool, "s-1", name="Li Wei")


def correct(tool: Tool, number: int, score: Score | None) -> None:
    """Give the ``number``-th answer another score after an appeal; None voids it."""
    with tool.runtime.database.transaction() as session:
        events = session.scalars(
            select(LedgerEvent.uuid)
            .where(LedgerEvent.type == EventType.EVIDENCE_RECORDED.value)
            .order_by(LedgerEvent.id)
        ).all()
        request = corrections.Request(target=UUID(events[number]), reason=Reason.APPEAL, actor="somebody", score=score)
        organisation = session.get_one(Organisation, tool.organisation_id)
        corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock())


def follow(tool: Tool) -> None:
    """Let the generation be one that was computed with every correction in it."""
    with tool.runtime.database.transaction() as session:
        generation = session.scalars(select(MasteryGeneration).where(MasteryGeneration.state == "adopted")).one()
        generation.through_seq = max(session.scalars(select(LedgerEvent.id)))


@pytest.mark.parametrize("path", ["record/timeline/", f"record/{CODE}/"])
def test_a_learner_sees_the_score_that_counts(learner: Seat, path: str) -> None:
    text = text_of(learner.get(path))
    assert f"Score 50% Try 1 Hints 0 Weight 1 {WAS} {LATER} On this" in text
    assert text.count("revised on") == 1
    assert "Score 100% Try 1 Hints 0 Weight 1 On this" in text


def test_a_teacher_sees_the_score_that_counts(tool: Tool, learner: Seat) -> None:
    teacher = enter(tool, "t-1", role="teacher")
    text = text_of(teacher.get(f"class/{learner.who.person_uuid}/{CODE}/"))
    assert f"Score 50% Try 1 Hints 0 Weight 1 {WAS}" in text


@pytest.mark.parametrize("path", ["record/timeline/", f"record/{CODE}/"])
def test_it_is_said_in_chinese(tool: Tool, learner: Seat, path: str) -> None:
    text = text_of(enter(tool, "s-1", locale="zh-CN").get(path))
    assert "得分 50%" in text
    assert "原为 100%，2026年3月4日更正：申诉成立。 水平将在几分钟内随之更新。" in text


def test_levels_that_have_followed_are_not_announced(tool: Tool, learner: Seat) -> None:
    follow(tool)
    text = text_of(learner.get("record/timeline/"))
    assert WAS in text
    assert LATER not in text


def test_what_is_void_counts_nowhere_until_it_goes(tool: Tool, learner: Seat) -> None:
    correct(tool, 1, None)
    text = text_of(learner.get("record/timeline/"))
    assert "2 answers · mean score 50%" in text
    assert "Score does not count Try 1 Hints 0 Weight 1 was 100%, does not count since 4 Mar 2026" in text
    correct(tool, 0, None)
    assert "2 answers SEM-1.1" in text_of(learner.get("record/timeline/"))
    assert "Before and after practice" not in text_of(learner.get(f"record/{CODE}/"))


def test_mean_and_gain_use_the_score_that_counts(tool: Tool, learner: Seat) -> None:
    text = text_of(learner.get("record/timeline/"))
    assert "2 answers · mean score 75%" in text
    assert "First result 50%, latest 100%" in text_of(learner.get(f"record/{CODE}/"))


def test_a_correction_that_was_withdrawn_leaves_no_trace_in_the_list(tool: Tool, learner: Seat) -> None:
    with tool.runtime.database.transaction() as session:
        [uuid] = session.scalars(
            select(LedgerEvent.uuid).where(LedgerEvent.type == EventType.ASSERTION_REVISED.value)
        ).all()
        request = corrections.Request(target=UUID(uuid), reason=Reason.ERROR, actor="somebody")
        organisation = session.get_one(Organisation, tool.organisation_id)
        corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock())
    text = text_of(learner.get("record/timeline/"))
    assert "revised on" not in text
    assert text.count("Score 100%") == 2


def test_the_box_says_when_each_was_answered_and_corrected(tool: Tool, learner: Seat) -> None:
    text = text_of(learner.get("record/timeline/"))
    assert "Keywords and search intent, answered on 2 Mar 2026 · corrected on 4 Mar 2026" in text


def test_many_corrections_are_folded(tool: Tool) -> None:
    seat = enter(tool, "s-1")
    seat.answer(right=[True] * 5)
    for number in range(5):
        correct(tool, number, Score("0.5"))
    page = seat.get("record/timeline/")
    assert "Show 2 earlier corrections" in text_of(page)
    assert page.text.count('class="q-corrected"') == 5


@pytest.fixture
def asked(tool: Tool) -> Iterator[list[str]]:
    """The statements that the database was asked."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(tool.runtime.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(tool.runtime.database.engine, "before_cursor_execute", note)


def test_corrections_are_read_once_for_a_list(tool: Tool, learner: Seat, asked: list[str]) -> None:
    correct(tool, 1, Score("0.25"))
    asked.clear()
    with tool.runtime.database.reading() as session:
        entries = list_entries(session.connection(), tool.organisation_id, learner.who.person_uuid)
    assert sum("assertion.revised" in statement for statement in asked) == 1
    assert [entry.evidence.score for entry in entries] == [Score("0.5"), Score("0.25")]
    assert [entry.correction and entry.correction.was for entry in entries] == [Score(1), Score(1)]
    [day] = by_day(entries)
    assert day.sittings[0].mean == Score("0.375")
    found = gain(entries, CODE)
    assert found is not None
    assert (found.first, found.latest, found.latest_at - found.first_at) == (Score("0.5"), Score("0.25"), timedelta())
