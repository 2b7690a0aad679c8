"""Every page of LMS and tool in both languages, wide, narrow and at 200 %: nothing serious, nothing scrolls sideways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.demo_process import Demo
from tests.browser.lesson_page import LessonPage
from tests.browser.lessons import INTENT, questions, right_answer, shipped_lesson, wrong_answer
from tests.browser.lms_pages import ARRIVAL_MS, DANIEL, HELEN, SIYUAN, SOFIA, LmsPages

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}
# What a window of 1280 x 900 has room for at 200 %.
ZOOMED: ViewportSize = {"width": 640, "height": 450}

in_both_languages = pytest.mark.parametrize("language", ["en", "zh-Hans"])


@pytest.fixture(scope="module")
def worked_at(demo: Demo, chromium: Browser) -> Demo:
    """Let one student hand a lesson in and another one stop in the middle, so that every page has something to show."""
    asked = questions(shipped_lesson(INTENT))
    with chromium.new_context() as context:
        lms = LmsPages(page=context.new_page(), demo=demo)
        lms.log_in(SIYUAN)
        lesson = lms.open_lesson(INTENT)
        for number, answer in ((2, right_answer), (5, wrong_answer), (8, wrong_answer)):
            lesson.go_to_question(number)
            lesson.answer(asked[number - 1], answer(asked[number - 1]))
        lesson.go_to_summary()
        lesson.press("Finish all the same")
        lms.own_grade(INTENT).wait_for(timeout=ARRIVAL_MS)
    with chromium.new_context() as context:
        lms = LmsPages(page=context.new_page(), demo=demo)
        lms.log_in(DANIEL)
        lesson = lms.open_lesson(INTENT)
        lesson.go_to_question(8)
        lesson.shown.get_by_role("button", name=re.compile("^Show hint 1")).click()
        lesson.shown.locator(".q-hint").wait_for()
        lesson.answer(asked[7], wrong_answer(asked[7]))
    return demo


def assert_good(page: Page, what: str, *, closely: Sequence[ViewportSize] = (WIDE, NARROW)) -> None:
    """Look at a page in every size: whether all of it fits into the width and, ``closely``, what axe finds."""
    for size in (NARROW, ZOOMED, WIDE):
        page.set_viewport_size(size)
        assert_fits(page, what)
        if size in closely:
            assert serious_findings(page) == [], f"{what}, {size['width']} wide"


def assert_fits(page: Page, what: str) -> None:
    needed, there = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert needed <= there, f"{what} scrolls sideways, {there} wide"


def unfold(page: Page) -> None:
    """Open everything that is folded on a page."""
    page.locator("details").evaluate_all("all => all.forEach(details => details.open = true)")


def opened_in_window(page: Page, demo: Demo, user: str, language: str) -> Page:
    """Log in, open the lesson in a window of its own, and return that: all the width is the tool's."""
    lms = LmsPages(page=page, demo=demo, language=language)
    lms.log_in(user)
    lms.open_activity(INTENT)
    window = lms.open_in_window()
    window.locator("main h1").wait_for()
    return window


@in_both_languages
def test_the_pages_of_the_lms(page: Page, worked_at: Demo, language: str) -> None:
    lms = LmsPages(page=page, demo=worked_at, language=language)
    page.goto(worked_at.lms)
    assert_good(page, "log-in")
    lms.log_in(SIYUAN)
    assert_good(page, "course")
    lms.open_lesson(INTENT)
    assert_good(page, "activity")
    lms.own_grade(INTENT).wait_for()
    assert_good(page, "own grades")
    page.locator("form[action='/log-out'] button").click()
    lms.log_in(HELEN)
    lms.class_grade(INTENT, "李思远").wait_for()
    assert_good(page, "gradebook")


@pytest.mark.parametrize(("language", "size"), [("en", WIDE), ("zh-Hans", NARROW)], ids=["en-wide", "zh-narrow"])
def test_the_steps_of_a_lesson(page: Page, demo: Demo, language: str, size: ViewportSize) -> None:
    window = opened_in_window(page, demo, SOFIA, language)
    lesson = LessonPage(window, language)
    lesson.go_to_first_step()
    for number in range(1, window.locator(".q-rail .q-step-link").count() + 1):
        assert_good(window, f"step {number}", closely=[size])
        if lesson.has_next:
            lesson.go_on()
    expect(lesson.step).to_have_text(lesson.words("Summary"))


@in_both_languages
def test_answers_hints_result_and_record(page: Page, worked_at: Demo, language: str) -> None:
    window = opened_in_window(page, worked_at, DANIEL, language)
    expect(window.locator(".q-feedback .q-notice")).to_be_visible()
    expect(window.locator(".q-hint")).to_be_visible()
    unfold(window)
    assert_good(window, "wrong answer")

    page.goto(worked_at.lms)
    page.locator("form[action='/log-out'] button").click()
    window = opened_in_window(page, worked_at, SIYUAN, language)
    lesson = LessonPage(window, language)
    lesson.go_to_question(2)
    assert_good(window, "right answer and solution")
    lesson.go_to_question(8)
    assert_good(window, "wrong answer and solution")
    lesson.go_to_result()
    assert_good(window, "result")
    window.locator(".q-tab[href$='record/']").click()
    window.locator(".q-kp").first.wait_for()
    unfold(window)
    assert_good(window, "record")
    window.locator(".q-subnav-list a").last.click()
    window.locator(".q-sitting").first.wait_for()
    unfold(window)
    assert_good(window, "timeline")
    window.locator(".q-changes a").first.click()
    window.locator(".q-entry").first.wait_for()
    unfold(window)
    assert_good(window, "knowledge point")


@in_both_languages
def test_the_pages_of_a_teacher(page: Page, worked_at: Demo, language: str) -> None:
    window = opened_in_window(page, worked_at, HELEN, language)
    unfold(window)
    assert_good(window, "class")
    window.get_by_role("link", name="李思远").click()
    window.locator(".q-back").wait_for()
    unfold(window)
    assert_good(window, "one learner")
    window.go_back()
    window.locator(".q-subnav-pages a[href$='levels/']").click()
    window.locator(".q-map").wait_for()
    unfold(window)
    assert_good(window, "levels of the class")


@in_both_languages
def test_the_pages_without_a_launch(page: Page, demo: Demo) -> None:
    for path in ("/", "/nowhere"):
        page.goto(demo.tool + path)
        page.locator("main h1").wait_for()
        assert_good(page, path)


def test_what_is_wrong_with_a_page_is_found(page: Page) -> None:
    page.set_content(
        "<!doctype html><html lang=en><title>Bad</title><main><h1>Bad</h1><p style='inline-size: 3000px'><img src=x>"
    )
    assert [finding.split(":")[0] for finding in serious_findings(page)] == ["image-alt"]
    with pytest.raises(AssertionError, match="scrolls sideways"):
        assert_fits(page, "it")


@pytest.mark.parametrize(("wish", "moves"), [("no-preference", True), ("reduce", False)])
def test_nothing_moves_for_who_wishes_no_motion(new_context: NewContext, demo: Demo, wish: Any, *, moves: bool) -> None:
    page = new_context(reduced_motion=wish).new_page()
    window = opened_in_window(page, demo, SOFIA, "en")
    durations = window.locator("body *").evaluate_all(
        "all => [...new Set(all.flatMap(one => [getComputedStyle(one).transitionDuration, "
        "getComputedStyle(one).animationDuration]))]"
    )
    assert (set(durations) != {"0s"}) == moves
