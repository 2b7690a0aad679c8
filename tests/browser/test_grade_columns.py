"""A teacher switches a grade column on; a student's level arrives in the gradebook of the course, where both read it."""

from __future__ import annotations

import re

from playwright.sync_api import FrameLocator, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.demo_process import Demo
from tests.browser.lessons import ORGANIC, questions, right_answer, shipped_lesson
from tests.browser.lms_pages import AMARA, ARRIVAL_MS, HELEN, LmsPages

LEVEL = re.compile(r"^\d{1,3}$")


def columns_page(lms: LmsPages, link: str) -> FrameLocator:
    """Open the page of the grade columns as the teacher."""
    lms.log_in(HELEN)
    lms.open_activity(ORGANIC)
    frame = lms.page.frame_locator("#launch")
    frame.locator(".q-subnav-list a[href$='settings/']").click()
    frame.get_by_role("link", name=link).click()
    return frame


def test_a_level_arrives_in_its_own_column(demo: Demo, new_context: NewContext) -> None:
    teacher = LmsPages(page=new_context().new_page(), demo=demo)
    frame = columns_page(teacher, "Grade columns")
    frame.get_by_role("checkbox", name=re.compile("SEM-1.2")).check()
    frame.get_by_role("button", name="Save columns").click()
    expect(frame.get_by_role("status")).to_contain_text("1 column is being made")

    asked = questions(shipped_lesson(ORGANIC))
    student = LmsPages(page=new_context().new_page(), demo=demo)
    student.log_in(AMARA)
    lesson = student.open_lesson(ORGANIC)
    lesson.go_to_question(1)
    lesson.answer(asked[0], right_answer(asked[0]))

    student.page.goto(f"{demo.lms}/course/grades")
    row = student.page.get_by_role("row", name=re.compile("SEM-1.2"))
    expect(row.locator("strong")).to_have_text(LEVEL, timeout=ARRIVAL_MS)
    expect(row).to_contain_text("From 1 answer; likely between")

    frame.get_by_role("link", name="Look again").click()
    expect(frame.get_by_text("In the grade book")).to_be_visible()
    assert serious_findings(teacher.page) == []
    frame.get_by_role("link", name=re.compile("^Grades")).click()
    expect(frame.get_by_role("row", name="Amara Bello")).to_contain_text("Delivered")
    assert serious_findings(teacher.page) == []
