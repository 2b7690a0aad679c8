"""A teacher adds activities to the course in the platform's dialog, by mouse, by keyboard and without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import FrameLocator, Page, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.demo_process import Demo
from tests.browser.keyboard import tab_to
from tests.browser.lesson_page import LessonPage
from tests.browser.lms_pages import HELEN, SIYUAN, WENBO, LmsPages

PAID, MEASURING = "Paid search: bids, ads and budget", "Measuring results"
DIALOG: ViewportSize = {"width": 1280, "height": 600}
NARROW: ViewportSize = {"width": 360, "height": 740}
WORDS = {"en": ("Add activities", "Go on", "Add 2 activities"), "zh-Hans": ("添加活动", "继续", "添加 2 项活动")}


def open_dialog(page: Page, demo: Demo, user: str = HELEN, language: str = "en") -> FrameLocator:
    """Log in as a teacher and open the dialog of the course."""
    LmsPages(page=page, demo=demo, language=language).log_in(user)
    page.get_by_role("link", name=WORDS[language][0]).click()
    frame = page.frame_locator("#launch")
    frame.locator(".q-choosing h1").wait_for()
    return frame


def test_a_teacher_adds_two_lessons_and_a_student_opens_one(page: Page, new_context: NewContext, demo: Demo) -> None:
    frame = open_dialog(page, demo)
    before = frame.locator(".q-choice").count()
    frame.get_by_role("checkbox", name=PAID).check()
    expect(frame.locator("[data-q-count]")).to_have_text("1 activity chosen")
    frame.get_by_role("searchbox").fill("analytics")
    frame.get_by_role("button", name="Search", exact=True).click()
    expect(frame.locator(".q-choice")).not_to_have_count(before)
    expect(frame.get_by_role("checkbox", name=PAID)).to_be_checked()
    frame.get_by_role("checkbox", name=MEASURING).check()
    expect(frame.locator("[data-q-count]")).to_have_text("2 activities chosen")
    assert before >= 4
    frame.get_by_role("button", name="Go on").click()
    card = frame.locator(".q-grade", has_text=PAID)
    card.get_by_label("Maximum points").fill("7.5")
    frame.get_by_role("button", name="Add 2 activities").click()
    expect(frame.get_by_role("alert")).to_have_text("A whole number from 1 to 1000.")
    card.get_by_label("Maximum points").fill("40")
    frame.locator(".q-grade", has_text=MEASURING).get_by_label("Graded").uncheck()
    frame.get_by_role("button", name="Add 2 activities").click()
    page.wait_for_url("**/course/?added=2")
    expect(page.get_by_role("status")).to_have_text("2 activities were added.")
    added = page.locator(".activity")
    expect(added.nth(-2)).to_contain_text("Graded out of 40")
    expect(added.nth(-1)).to_contain_text("Not graded")

    student = LmsPages(page=new_context().new_page(), demo=demo)
    student.log_in(SIYUAN)
    student.page.get_by_role("link", name=PAID).last.click()
    student.page.wait_for_url("**/activities/chosen-*")
    lesson = LessonPage.opened(student.page.frame_locator("#launch"))
    expect(lesson.title).to_have_text(PAID)
    student.page.goto(f"{demo.lms}/course/")
    expect(student.page.get_by_role("link", name="Add activities")).to_have_count(0)


def test_a_teacher_looks_before_choosing(page: Page, demo: Demo) -> None:
    frame = open_dialog(page, demo)
    frame.get_by_role("checkbox", name=PAID).check()
    frame.get_by_role("button", name="Preview: Measuring results").click()
    lesson = LessonPage.opened(frame)
    lesson.go_to_question(2)
    frame.get_by_role("button", name="Check answer").click()
    lesson.settle()
    expect(frame.locator(".q-feedback .q-notice")).to_have_count(0)
    expect(lesson.step).to_have_text("Question 2")
    frame.get_by_role("link", name="Choose this activity").click()
    expect(frame.get_by_role("checkbox", name=PAID)).to_be_checked()
    expect(frame.get_by_role("checkbox", name=MEASURING)).to_be_checked()


def test_a_teacher_cancels(page: Page, demo: Demo) -> None:
    frame = open_dialog(page, demo)
    frame.get_by_role("button", name="Cancel").click()
    page.wait_for_url("**/course/?added=0")
    expect(page.get_by_role("status")).to_have_text("Nothing was added.")


def test_the_dialog_works_by_keyboard(page: Page, demo: Demo) -> None:
    frame = open_dialog(page, demo)
    before = frame.locator(".q-choice").count()
    frame.get_by_role("searchbox").focus()
    page.keyboard.type("bids")
    page.keyboard.press("Enter")
    expect(frame.locator(".q-choice")).not_to_have_count(before)
    frame.get_by_role("checkbox", name=PAID).focus()
    page.keyboard.press("Space")
    tab_to(page, frame.get_by_role("button", name="Go on"))
    page.keyboard.press("Enter")
    tab_to(page, frame.get_by_role("button", name="Add 1 activity"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/course/?added=1")


def test_the_dialog_works_without_script(new_context: NewContext, demo: Demo) -> None:
    page = new_context(java_script_enabled=False).new_page()
    LmsPages(page=page, demo=demo).log_in(HELEN)
    page.goto(f"{demo.lms}/course/add/launch")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/lti/auth?**")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("checkbox", name=PAID).check()
    page.get_by_label("Search").first.fill("analytics")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("checkbox", name=PAID)).to_be_checked()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Add 1 activity").click()
    page.get_by_role("button", name="Continue to your course").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Back to the course").click()
    expect(page.get_by_role("status")).to_have_text("1 activity was added.")


@pytest.mark.parametrize(("language", "user"), [("en", HELEN), ("zh-Hans", WENBO)])
def test_the_pages_of_the_dialog_are_whole(page: Page, demo: Demo, language: str, user: str) -> None:
    """All that is for the tool is shown in a frame; so the frame's own address is opened in the whole window."""
    frame = open_dialog(page, demo, user, language)
    handle = frame.locator("main").element_handle().owner_frame()
    assert handle is not None
    assert serious_findings(page) == []
    for size in (DIALOG, NARROW):
        page.set_viewport_size(size)
        assert_fits(page)
        bar = frame.locator(".q-choosing-bar")
        expect(bar).to_be_visible()
    frame.locator(".q-choice input").first.check()
    frame.locator(".q-choice input").nth(1).check()
    frame.get_by_role("button", name=WORDS[language][1], exact=True).click()
    expect(frame.get_by_role("button", name=WORDS[language][2])).to_be_visible()
    assert serious_findings(page) == []
    assert_fits(page)


def assert_fits(page: Page) -> None:
    for frame in page.frames:
        needed, there = frame.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert needed <= there, f"{frame.url} scrolls sideways, {there} wide"
