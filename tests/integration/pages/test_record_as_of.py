"""The learner's record at the end of an earlier day: what was known then, and what is said where it is not exact."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from lti_tool.models import LedgerEvent, Organisation
from lti_tool.services.evidence import corrections
from lti_tool.services.ledger import flags
from lti_tool.services.ledger.as_of import end_of
from qualoop.ledger import EventType, Reason
from qualoop.records import Outcome
from qualoop.values import Score
from tests.factories.classrooms import Seat, enter
from tests.factories.replays import run_replay
from tests.factories.tool import NOON, SECRET, Tool
from tests.integration.jobs.test_replay_versions import tag_anew
from tests.integration.pages.reading_html import text_of

FIRST_DAY = "record/?as_of=2026-03-02"


def figures(text: str) -> list[str]:
    """Return every level, band and status of a page, in its order."""
    return re.findall(r"\d+%(?: likely \d+–\d+%)?|Developing|Provisionally secure|Competent|No evidence", text)


def learn_for_days(tool: Tool) -> Seat:
    """Answer on the first day, badly, and four days later, well; return a seat of that later day."""
    enter(tool, "s-1").answer(right=[True, False, True])
    return learn_later(tool)


def learn_later(tool: Tool) -> Seat:
    """Answer well four days after the first one."""
    tool.clock.now = NOON + timedelta(days=4)
    learner = enter(tool, "s-1")
    learner.finish()
    learner.restart()
    learner.answer(right=[True] * 8)
    return learner


def correct(tool: Tool, learner: str, score: Score | None) -> None:
    """Correct the first evidence of a learner, and let mastery follow."""
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        target = session.scalars(
            select(LedgerEvent.uuid)
            .where(LedgerEvent.learner == learner, LedgerEvent.type == EventType.EVIDENCE_RECORDED.value)
            .order_by(LedgerEvent.id)
        ).first()
        request = corrections.Request(target=UUID(target), reason=Reason.ERROR, actor="somebody", score=score)
        corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock())
    run_replay(tool)


def test_it_shows_what_the_page_showed_at_the_end_of_that_day(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, False, True])
    tool.clock.now = end_of(NOON.date())
    then = text_of(enter(tool, "s-1").get("record/"))
    learner = learn_later(tool)
    page = learner.get(FIRST_DAY)
    text = text_of(page)

    head = re.compile(r"^.*?The whole post (today|on that day)", re.DOTALL)
    assert figures(head.sub("", text)) == figures(head.sub("", then))
    assert "from 3 answers" in text
    assert figures(head.sub("", text)) != figures(head.sub("", text_of(learner.get("record/"))))
    assert "As it stood on 2 Mar 2026" in text
    assert "Computed from what was known then." in text
    assert "corrected" not in text
    assert f'href="{learner.page}record/">Back to today’s record' in page.text
    assert "awarded today" not in text
    assert "What to do next" not in text


def test_the_reasons_are_those_of_then(tool: Tool) -> None:
    text = text_of(learn_for_days(tool).get(FIRST_DAY))
    assert "2 Mar 2026 · " in text
    assert "6 Mar 2026" not in text


def test_it_speaks_chinese(tool: Tool) -> None:
    learn_for_days(tool)
    text = text_of(enter(tool, "s-1", locale="zh-CN").get(FIRST_DAY))
    for words in ("2026年3月2日时的学习档案", "根据当时已知的情况计算。", "回到今天的学习档案", "依据 3 次作答"):
        assert words in text


def test_a_form_asks_for_the_day(tool: Tool) -> None:
    learner = learn_for_days(tool)
    [form] = re.findall(r'<form method="get".*?</form>', learner.get("record/").text, re.DOTALL)
    assert 'type="date" required min="2026-03-02" max="2026-03-06">' in form
    assert re.search(
        r'<label class="q-label" for="as-of">.*?<input class="q-input" id="as-of" name="as_of"', form, re.DOTALL
    )
    assert 'max="2026-03-06" value="2026-03-02">' in learner.get(FIRST_DAY).text


def test_without_evidence_there_is_no_day_to_ask_for(tool: Tool) -> None:
    assert "as-of" not in enter(tool, "s-1").get("record/").text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("2026-03-07", "That day is still to come."),
        ("9999-12-31", "That day is still to come."),
        ("2026-02-30", "This is no date that can be read."),
        ("%3Cscript%3E", "This is no date that can be read."),
        ("today", "This is no date that can be read."),
    ],
)
def test_another_day_is_refused_and_today_is_shown(tool: Tool, asked: str, says: str) -> None:
    learner = learn_for_days(tool)
    text = text_of(learner.get(f"record/?as_of={asked}"))
    assert says in text
    assert "As it stood" not in text
    assert figures(text) == figures(text_of(learner.get("record/")))


@pytest.mark.parametrize("asked", ["", "2026-03-06"])
def test_today_is_the_ordinary_record(tool: Tool, asked: str) -> None:
    learner = learn_for_days(tool)
    assert learner.get(f"record/?as_of={asked}").text == learner.get("record/").text


@pytest.mark.parametrize("asked", ["2026-03-01", "0001-01-01"])
def test_before_the_first_evidence_nothing_was_known(tool: Tool, asked: str) -> None:
    text = text_of(learn_for_days(tool).get(f"record/?as_of={asked}"))
    assert "There was no evidence yet." in text
    assert "%" not in text
    assert "Nothing here yet" not in text


def test_what_was_corrected_later_is_admitted(tool: Tool) -> None:
    learner = learn_for_days(tool)
    before = text_of(learner.get(FIRST_DAY))
    correct(tool, learner.who.person_uuid, None)
    text = text_of(learner.get(FIRST_DAY))
    assert "Results or tags were corrected after that day." in text
    assert "from 2 answers" in text
    assert figures(text) != figures(before)
    assert "corrected" not in text_of(learner.get("record/?as_of=2026-03-01"))


def test_what_was_corrected_by_then_is_no_matter(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, False])
    correct(tool, learner.who.person_uuid, Score("0.5"))
    tool.clock.advance(days=1)
    assert "corrected" not in text_of(enter(tool, "s-1").get(FIRST_DAY))


def test_corrections_of_others_are_no_matter(tool: Tool) -> None:
    other = enter(tool, "s-2")
    other.answer(right=[True])
    learner = learn_for_days(tool)
    correct(tool, other.who.person_uuid, None)
    assert "corrected" not in text_of(learner.get(FIRST_DAY))


def test_what_was_tagged_anew_is_admitted_once_it_counts(tool: Tool) -> None:
    learner = learn_for_days(tool)
    tag_anew(tool, "SEM-1.4")
    assert "tags were corrected" not in text_of(learner.get(FIRST_DAY))
    run_replay(tool)
    assert "tags were corrected" in text_of(learner.get(FIRST_DAY))


def test_a_withdrawal_shows_from_its_day_on(tool: Tool) -> None:
    learner = learn_for_days(tool)
    with tool.runtime.database.transaction() as session:
        framework = tool.runtime.contents.find_framework(session.connection(), tool.organisation_id)
        assert framework is not None
        notice = flags.Notice(
            learner=UUID(learner.who.person_uuid), codes=("SEM-1.1",), actor="assessor", secret=SECRET
        )
        organisation = session.get_one(Organisation, tool.organisation_id)
        flags.decide_points(session, organisation, framework, notice, outcome=Outcome.WITHDRAWN, now=tool.clock.now)
    tool.clock.advance(days=1)
    learner = enter(tool, "s-1")
    assert "Withdrawn" not in text_of(learner.get(FIRST_DAY))
    assert "Withdrawn" in text_of(learner.get("record/?as_of=2026-03-06"))


def test_a_learner_sees_only_the_own_past(tool: Tool) -> None:
    learner = learn_for_days(tool)
    other = enter(tool, "s-2")
    assert "There was no evidence yet." in text_of(other.get(FIRST_DAY))
    assert "as-of" not in other.get("record/").text
    assert tool.browser().get(f"{learner.page}{FIRST_DAY}").status_code == 401
