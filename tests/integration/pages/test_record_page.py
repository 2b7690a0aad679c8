"""The learner's record page: every number with its band, its n and the evidence behind it."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from lti_tool.models import FrameworkVersion, LedgerEvent, Organisation
from lti_tool.services.evidence import corrections
from lti_tool.services.records import timelines
from qualoop.ledger import EventType, Reason
from qualoop.values import Score
from tests.factories.classrooms import enter
from tests.factories.tool import SECRET, Tool
from tests.integration.pages.reading_html import text_of


def test_a_new_learner_is_told_what_to_do(tool: Tool) -> None:
    page = enter(tool, "s-1").get("record/")
    text = text_of(page)
    assert "Nothing here yet" in text
    assert "Open the lesson" in text
    assert "SEM-1.1 Keywords and search intent" in text
    assert "%" not in text


def test_answers_show_up_with_level_band_and_number(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, False, True])
    text = text_of(learner.get("record/"))
    assert re.search(r"SEM-1\.1 Keywords and search intent Developing \d+% likely \d+–\d+% · from 3 answers", text)
    assert "1 of 4 knowledge points covered" in text
    assert "Last on 2 Mar 2026" in text


def test_each_number_opens_to_its_evidence(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, False])
    assert 'record/SEM-1.1/">The 2 answers behind this' in learner.get("record/").text
    text = text_of(learner.get("record/SEM-1.1/"))
    assert text.count("2 Mar 2026 12:00 UTC") == 2
    assert text.count("Quiz item, scored automatically") == 2
    assert "Four people search. Match each query with the intent that its words show." in text
    assert "Score 0% Try 1 Hints 0 Weight 1" in text
    assert "Keywords and search intent rose by" in text
    assert "Quiz item, first time: weight 1." in text


def test_no_level_stands_without_evidence(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    rows = re.findall(
        r'<li class="q-kp">.*?(?=<li class="q-kp">|<details class="q-disclosure">\n<summary>What)',
        learner.get("record/").text,
        re.DOTALL,
    )
    assert ["q-figure-level" in row for row in rows] == [True, False, False, False]
    assert ["No evidence" in row for row in rows] == [False, True, True, True]


def test_what_was_begun_is_next_then_what_builds_on_it(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True] * 10)
    assert "You have begun it, and it is not finished yet." in text_of(learner.get("record/"))
    learner.finish()
    assert "What to do next Organic search" in text_of(learner.get("record/"))


def test_the_page_speaks_chinese(tool: Tool) -> None:
    learner = enter(tool, "s-1", locale="zh-CN")
    learner.answer(right=[True, True])
    text = text_of(learner.get("record/"))
    for words in ("我的学习档案", "关键词与搜索意图", "发展中", "依据 2 次作答", "2026年3月2日", "四个人各搜了一次"):
        assert words in text


def test_other_posts_are_there_but_folded(tool: Tool) -> None:
    page = enter(tool, "s-1").get("record/").text
    _, folded = page.split("7 other posts and groups")
    assert "E-commerce data analyst" in folded
    assert "Search engine marketing specialist" not in folded


def test_without_a_framework_the_page_says_so(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    with tool.runtime.database.transaction() as session:
        session.execute(delete(FrameworkVersion))
    assert "There is no framework here yet" in text_of(learner.get("record/"))


def test_what_a_teacher_tries_out_is_no_evidence(tool: Tool) -> None:
    teacher = enter(tool, "t-1", role="teacher")
    teacher.answer(right=[True])
    assert "Nothing here yet" in text_of(teacher.get("record/"))


def test_a_status_says_why(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    text = text_of(learner.get("record/"))
    assert "Why : Keywords and search intent Missing for “provisionally secure”: 2 more different questions" in text
    assert "rose by" in text


def test_a_post_comes_with_coverage_weakest_point_and_gates(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, False, True, True])
    text = text_of(learner.get("record/"))
    assert re.search(r"The whole post today \d+% likely \d+–\d+% 25% covered Weakest point SEM-1\.1", text)
    assert re.search(r"On the way to Level 1 proposal, not an award .* wrong with a probability of \d+%\.", text)
    assert "not met yet: 0 of 4 knowledge points" in text


def test_all_answers_show_what_practice_changed(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[False, True, True])
    text = text_of(learner.get("record/SEM-1.1/"))
    assert re.search(r"Before and after practice First result \d+%, latest 100%, on different questions\.", text)


def test_a_point_is_shown_a_page_at_a_time(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines.entries_page, "__kwdefaults__", {"code": None, "size": 2})
    learner = enter(tool, "s-1")
    learner.answer(right=[True, True, True])
    first = learner.get("record/SEM-1.1/").text
    [older] = re.findall(r'href="\?before=(\d+)"', first)
    second = learner.get(f"record/SEM-1.1/?before={older}").text
    assert (first.count('class="q-entry"'), second.count('class="q-entry"')) == (2, 1)
    assert 'href="?">Newest' in second
    assert "?before=" not in second


def test_a_point_without_evidence_says_so(tool: Tool) -> None:
    text = text_of(enter(tool, "s-1").get("record/SEM-1.2/"))
    assert "There is no evidence on this knowledge point yet." in text
    assert "Builds on SEM-1.1" in text


@pytest.mark.parametrize("code", ["SEM-9.9", "%3Cscript%3E", "SEM-1.1%27"])
def test_a_point_that_does_not_exist_is_not_found(tool: Tool, code: str) -> None:
    assert enter(tool, "s-1").get(f"record/{code}/").status_code == 404


def test_the_timeline_tells_what_each_sitting_changed(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, False])
    learner.finish()
    learner.restart()
    tool.clock.advance(days=2, hours=1)
    learner = enter(tool, "s-1")
    learner.answer(right=[True, True, True])
    text = text_of(learner.get("record/timeline/"))
    newest, oldest = text.split("Monday, 2 March 2026")
    assert re.search(
        r"Wednesday, 4 March 2026 Keywords and search intent 13:00 UTC · 3 answers · mean score 100% "
        r"SEM-1\.1 Keywords and search intent \d+% → to \d+% \+\d+ points Show 3 answers",
        newest,
    )
    assert "12:00 UTC · 2 answers" in oldest


def test_a_sitting_is_never_torn_apart_by_a_page(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timelines.entries_page, "__kwdefaults__", {"code": None, "size": 3})
    learner = enter(tool, "s-1")
    learner.answer(right=[True, True])
    learner.finish()
    learner.restart()
    learner.answer(right=[True, True])
    page = learner.get("record/timeline/").text
    assert page.count('class="q-entry"') == 2
    [older] = re.findall(r'href="\?before=(\d+)"', page)
    assert learner.get(f"record/timeline/?before={older}").text.count('class="q-entry"') == 2


def test_an_empty_timeline_says_so(tool: Tool) -> None:
    assert "What you answer shows up here day by day" in text_of(enter(tool, "s-1").get("record/timeline/"))


def test_the_record_can_be_downloaded(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    [address] = re.findall(r'href="([^"]+record/download)"', learner.get("record/").text)
    assert learner.browser.get(address).status_code == 200


def test_a_correction_shows_what_was_and_why(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True, True])
    correct_all(tool, [None, Score("0.5")])
    text = text_of(learner.get("record/timeline/"))
    assert "Corrected by a person" in text
    assert "The result of 100% no longer counts: an error was found." in text
    assert "The result of 100% counts as 50%: an error was found." in text
    assert "Corrected" not in text_of(enter(tool, "s-2").get("record/timeline/"))


def correct_all(tool: Tool, scores: list[Score | None]) -> None:
    """Correct the evidence in the ledger, one piece for each of ``scores``; None voids."""
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        events = select(LedgerEvent.uuid).where(LedgerEvent.type == EventType.EVIDENCE_RECORDED.value)
        for target, score in zip(session.scalars(events).all(), scores, strict=True):
            request = corrections.Request(target=UUID(target), reason=Reason.ERROR, actor="somebody", score=score)
            corrections.correct(session, organisation, request, secret=SECRET, now=tool.clock())
