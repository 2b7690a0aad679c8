"""The learner's record page: every number with its band, its n and the evidence behind it."""

from __future__ import annotations

import re

from sqlalchemy import delete

from lti_tool.models import FrameworkVersion
from tests.factories.classrooms import enter
from tests.factories.tool import Tool
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
    text = text_of(learner.get("record/"))
    assert "The 2 answers behind this" in text
    assert text.count("2 Mar 2026 12:00 UTC") == 2
    assert "Four people search. Match each query with the intent that its words show." in text
    assert "Score 0% Try 1 Hints 0 Weight 1" in text
    assert "Keywords and search intent rose by" in text
    assert "Quiz item, first time: weight 1." in text


def test_no_level_stands_without_evidence(tool: Tool) -> None:
    learner = enter(tool, "s-1")
    learner.answer(right=[True])
    rows = re.findall(r'<li class="q-point">.*?(?=<li class="q-point">|</ul>)', learner.get("record/").text, re.DOTALL)
    assert ["q-figure-level" in row for row in rows] == [True, False, False, False]
    assert ["No evidence" in row.split("Builds on")[0] for row in rows] == [False, True, True, True]


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
    _, folded = page.split("6 other posts and groups")
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
