"""A teacher opens a grade in the grade book and sees how it came about; a student sees the own answers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import SCREENSHOTS
from tests.browser.demo_process import Demo
from tests.browser.keyboard import tab_to
from tests.browser.lessons import ORGANIC, questions, right_answer, shipped_lesson, wrong_answer
from tests.browser.lms_pages import ARRIVAL_MS, HELEN, SIYUAN, LmsPages

NAME = "李思远"


@pytest.fixture(scope="module")
def demo(own_demo: Demo) -> Demo:
    return own_demo


@pytest.fixture(scope="module")
def handed_in(demo: Demo, chromium: Browser) -> Demo:
    """Let a student hand a lesson in with one question right and one wrong."""
    asked = questions(shipped_lesson(ORGANIC))
    with chromium.new_context() as context:
        lms = LmsPages(page=context.new_page(), demo=demo)
        lms.log_in(SIYUAN)
        lesson = lms.open_lesson(ORGANIC)
        for number, answer in ((1, right_answer), (2, wrong_answer)):
            lesson.go_to_question(number)
            lesson.answer(asked[number - 1], answer(asked[number - 1]))
        lesson.go_to_summary()
        lesson.press("Finish all the same")
        lms.own_grade(ORGANIC).wait_for(timeout=ARRIVAL_MS)
    return demo


def opened(page: Page, demo: Demo, *, language: str = "en") -> FrameLocator:
    """Open the student's cell of the grade book as the teacher."""
    lms = LmsPages(page=page, demo=demo, language=language)
    lms.log_in(HELEN)
    lms.class_grade(ORGANIC, NAME).click()
    return page.frame_locator("#launch")


def test_a_cell_of_the_grade_book_opens_the_answers(page: Page, handed_in: Demo) -> None:
    shown = opened(page, handed_in)
    expect(shown.get_by_role("heading", name=NAME)).to_be_visible()
    expect(shown.get_by_text("is the score that counts")).to_be_visible()
    expect(shown.get_by_role("heading", name="Answers of attempt 1")).to_be_visible()
    first = shown.get_by_role("region", name="Question 1", exact=True)
    expect(first.get_by_text("Right", exact=True)).to_be_visible()
    expect(
        shown.get_by_role("region", name="Question 2", exact=True).get_by_text(re.compile("^(Not|Partly) right$"))
    ).to_be_visible()
    expect(shown.get_by_role("region", name="Question 3", exact=True).get_by_text("Not answered.")).to_be_visible()
    expect(first.locator("details p").first).to_be_hidden()
    first.locator("summary").click()
    expect(first.locator("details p").first).to_be_visible()
    assert shown.locator("main form[action*='/do/']").count() == 0


def test_a_solution_opens_by_keyboard(page: Page, handed_in: Demo) -> None:
    shown = opened(page, handed_in)
    summary = shown.get_by_role("region", name="Question 1", exact=True).locator("summary")
    expect(summary).to_be_visible()
    tab_to(page, summary)
    page.keyboard.press("Enter")
    expect(shown.get_by_role("region", name="Question 1", exact=True).locator("details")).to_have_attribute("open", "")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_it_fits_everywhere_and_reads_well(page: Page, handed_in: Demo, language: str) -> None:
    lms = LmsPages(page=page, demo=handed_in, language=language)
    lms.log_in(HELEN)
    lms.class_grade(ORGANIC, NAME).click()
    window = lms.open_in_window()
    window.wait_for_url("**/review/**")
    for width in (1280, 360):
        window.set_viewport_size({"width": width, "height": 800})
        expect(window.locator("#answers")).to_be_visible()
        assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert serious_findings(window) == []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        window.screenshot(path=SCREENSHOTS / f"review-{language}-{width}.png", full_page=True)


def test_a_student_sees_the_own_answers_and_nobody_else_s(page: Page, handed_in: Demo) -> None:
    lms = LmsPages(page=page, demo=handed_in)
    lms.log_in(SIYUAN)
    lms.own_grade(ORGANIC).click()
    shown = page.frame_locator("#launch")
    expect(shown.get_by_role("heading", name="Your answers")).to_be_visible()
    expect(shown.get_by_text("your answer, right").or_(shown.get_by_text("Right", exact=True)).first).to_be_visible()
