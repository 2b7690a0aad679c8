"""What people see when something fails, and that nothing is lost: refused launches, a killed tool, an LMS that is down."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.demo_parts import DemoParts
from tests.browser.demo_process import Demo
from tests.browser.lesson_page import LessonPage
from tests.browser.lessons import INTENT, ORGANIC, PAID, questions, right_answer, shipped_lesson
from tests.browser.lms_pages import ARRIVAL_MS, DANIEL, HELEN, SIYUAN, SOFIA, LmsPages
from tests.browser.record_page import RecordPage


def assert_failure(shown: Page | FrameLocator, code: str, says: str) -> None:
    """See a page in plain words, with the code and a reference number."""
    expect(shown.get_by_role("alert")).to_contain_text(says)
    expect(shown.locator(".q-reference")).to_have_text(re.compile(rf"Code: {code} · Reference: [0-9a-f]{{8}}"))


def test_an_unknown_platform_is_told_so(page: Page, demo: Demo) -> None:
    query = "iss=https%3A%2F%2Funknown.example&login_hint=1&target_link_uri=https%3A%2F%2Ftool.example%2F"
    page.goto(f"{demo.tool}/lti/login?{query}")
    assert_failure(page, "lti-unknown-issuer", "platform")


def test_a_launch_that_is_sent_again_is_refused(new_context: NewContext, demo: Demo) -> None:
    """Without script the window keeps the address of the launch, so that a reload sends the same id_token again."""
    lms = LmsPages(page=new_context(java_script_enabled=False).new_page(), demo=demo)
    lms.log_in(SOFIA)
    lms.open_activity(ORGANIC)
    window = lms.open_in_window_without_script()
    LessonPage.opened(window)
    window.reload()
    assert_failure(window, "lti-state-used", "Each launch opens once.")
    expect(window.locator("qualoop-activity")).to_have_count(0)


def test_a_lesson_may_be_reloaded(page: Page, demo: Demo) -> None:
    lms = LmsPages(page=page, demo=demo)
    lms.log_in(SOFIA)
    lms.open_activity(ORGANIC)
    window = lms.open_in_window()
    LessonPage.opened(window).go_to_question(2)
    window.reload()
    expect(LessonPage(window).step).to_have_text("Question 2")


def test_the_page_of_another_browser_is_refused(page: Page, new_context: NewContext, demo: Demo) -> None:
    lms = LmsPages(page=page, demo=demo)
    lms.log_in(SOFIA)
    lms.open_activity(ORGANIC)
    window = lms.open_in_window()
    LessonPage.opened(window)
    thief = new_context().new_page()
    thief.goto(window.url)
    assert_failure(thief, "session-gone", "opened in another browser")


def test_a_killed_tool_loses_nothing(page: Page, parts: DemoParts) -> None:
    lms, asked = LmsPages(page=page, demo=parts.demo), questions(shipped_lesson(INTENT))
    lms.log_in(DANIEL)
    lesson = lms.open_lesson(INTENT)
    lesson.go_to_question(4)
    lesson.answer(asked[3], right_answer(asked[3]))
    lesson.go_to_question(9)
    lesson.fill_in(asked[8], right_answer(asked[8]))
    parts.kill("tool")
    try:
        lesson.press("Check answer")
        expect(lesson.shown.get_by_role("alert")).to_contain_text("This could not be sent")
        expect(lesson.shown.locator(".q-input")).to_have_value(str(right_answer(asked[8])))
    finally:
        parts.start("tool")
    lesson.press("Try again")
    expect(lesson.feedback).to_contain_text("Credit: 100%")
    lesson.go_to_question(4)
    expect(lesson.feedback).to_contain_text("Credit: 100%")
    assert [entry.score for entry in RecordPage.opened_from(lesson).evidence("SEM-1.1")] == ["100%", "100%"]


def test_a_grade_waits_for_an_lms_that_is_down(page: Page, new_context: NewContext, parts: DemoParts) -> None:
    student, teacher = LmsPages(page=page, demo=parts.demo), LmsPages(page=new_context().new_page(), demo=parts.demo)
    asked = questions(shipped_lesson(PAID))
    student.log_in(SIYUAN)
    lesson = student.open_lesson(PAID)
    teacher.log_in(HELEN)
    teacher.open_activity(PAID)
    class_page = teacher.open_in_window()
    expect(class_page.get_by_role("row", name="李思远").first).to_contain_text("Nothing to send yet")
    parts.stop("lms")
    try:
        lesson.go_to_question(2)
        lesson.answer(asked[1], right_answer(asked[1]))
        lesson.go_to_summary()
        lesson.press("Finish all the same")
        expect(lesson.step).to_have_text("Your result")
        see(class_page, "Not delivered yet")
        expect(class_page.get_by_role("row", name="李思远").first).to_contain_text("Next try")
    finally:
        parts.start("lms")
    with class_page.expect_navigation():
        class_page.get_by_role("button", name="Send all undelivered grades again").click()
    see(class_page, "Delivered")
    expect(student.own_grade(PAID)).to_have_text("10", timeout=ARRIVAL_MS)


def see(class_page: Page, words: str) -> None:
    """Look at the class page again and again until the learner's grade is as expected."""
    for _ in range(MOST_LOOKS):
        class_page.reload()
        row = class_page.get_by_role("row", name="李思远").first
        if row.get_by_text(words, exact=True).count():
            return
    pytest.fail(f"the class page never says {words!r}")


MOST_LOOKS = 100
