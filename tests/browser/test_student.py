"""What a student does: open a lesson in the course page, answer, see what it says, find the grade in the gradebook."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from qualoop.assessment import Item
from tests.browser.conftest import NewContext
from tests.browser.cookie_site import cookie_site, cookies_of_frame, cookies_of_window
from tests.browser.demo_process import Demo
from tests.browser.keyboard import tab_to
from tests.browser.lesson_page import LessonPage
from tests.browser.lessons import (
    INTENT,
    MEASURING,
    ORGANIC,
    PAID,
    questions,
    right_answer,
    shipped_lesson,
    wrong_answer,
)
from tests.browser.lms_pages import AMARA, ARRIVAL_MS, DANIEL, SIYUAN, YUTONG, LmsPages
from tests.browser.record_page import RecordPage


@pytest.fixture(scope="module")
def cookie_port() -> Iterator[int]:
    with cookie_site() as port:
        yield port


def test_third_party_cookies_are_blocked_and_partitioned_ones_are_not(page: Page, cookie_port: int) -> None:
    assert cookies_of_frame(page, cookie_port) == "partitioned=1"
    assert cookies_of_window(page, cookie_port) == "control=1; partitioned=1"


def test_a_student_learns_and_the_grade_arrives(page: Page, demo: Demo, cookie_port: int) -> None:
    assert cookies_of_frame(page, cookie_port) == "partitioned=1"
    lms, asked = LmsPages(page=page, demo=demo), questions(shipped_lesson(INTENT))
    lms.log_in(AMARA)
    lesson = lms.open_lesson(INTENT)
    expect(lesson.title).to_have_text("Keywords and search intent")
    expect(lesson.shown.locator(".q-chip")).to_have_text("SEM-1.1 Keywords and search intent")

    lesson.press("Next")
    expect(lesson.step).to_have_text("Question 1")
    answer_wrong_then_with_a_hint_right(lesson, asked[0])
    for number, item in enumerate(asked[1:], start=2):
        lesson.go_to_question(number)
        lesson.answer(item, right_answer(item))
        expect(lesson.feedback).to_contain_text("Credit: 100%")
    lesson.go_to_summary()
    lesson.press("Finish")

    # Nine questions at 100 %, one at 0.7 (second try) x 0.8 (one hint) = 56 %.
    expect(lesson.shown.locator(".q-score")).to_have_text("95.6of 100 points")
    level = see_what_it_says(lesson)
    record = RecordPage.opened_from(lesson)
    expect(record.level("SEM-1.1")).to_have_text(level)
    expect(record.point("SEM-1.1")).to_contain_text("from 11 answers")
    evidence = record.evidence("SEM-1.1")
    assert len(evidence) == 11
    # Newest first: the first question's two tries are at the end.
    assert [entry.score for entry in evidence] == ["100%"] * 10 + ["0%"]
    assert evidence[-2].hints == "1"
    assert "Match each query with the intent" in evidence[-1].question

    expect(lms.own_grade(INTENT)).to_have_text("95.6", timeout=ARRIVAL_MS)


def answer_wrong_then_with_a_hint_right(lesson: LessonPage, item: Item) -> None:
    """Answer, read the feedback and the hint, and answer again."""
    lesson.answer(item, wrong_answer(item))
    expect(lesson.feedback).to_contain_text("Not yet")
    expect(lesson.feedback).to_contain_text("Not all pairs fit yet.")
    lesson.shown.get_by_role("button", name=re.compile("^Show hint 1 of 1")).click()
    expect(lesson.shown.locator(".q-hint")).to_contain_text(item.hints[0]["en"])
    lesson.settle()
    lesson.answer(item, right_answer(item))
    expect(lesson.feedback).to_contain_text("Right")
    expect(lesson.feedback).to_contain_text("Credit: 56%")
    expect(lesson.shown.locator(".q-solution")).to_be_visible()


def see_what_it_says(lesson: LessonPage) -> str:
    """Read what the result says about the knowledge point and what to do next; return the level."""
    row = lesson.shown.locator(".q-outlook-row", has_text="SEM-1.1")
    expect(row).to_contain_text("from 11 answers")
    expect(row).to_contain_text("Keywords and search intent rose by")
    following = lesson.shown.get_by_role("region", name="What to do next")
    expect(following).to_contain_text("Organic search")
    expect(following).to_contain_text("You know what it builds on")
    return row.locator(".q-outlook-level").inner_text()


@pytest.mark.parametrize("language", ["zh-Hans"])
def test_a_chinese_student_reads_chinese_everywhere(page: Page, demo: Demo, language: str) -> None:
    lms, item = LmsPages(page=page, demo=demo, language=language), questions(shipped_lesson(ORGANIC))[2]
    lms.log_in(SIYUAN)
    lesson = lms.open_lesson(ORGANIC)
    expect(lesson.title).to_have_text("自然搜索：不花点击费也能被找到")
    lesson.go_to_question(3)
    assert item.prompt["zh-Hans"][:12] in lesson.shown.locator("#q-prompt").inner_text()
    lesson.answer(item, wrong_answer(item))
    expect(lesson.feedback).to_contain_text("还不对")
    expect(lesson.feedback).to_contain_text("还可作答 2 次")
    lesson.answer(item, right_answer(item))
    expect(lesson.feedback).to_contain_text("正确")
    assert_all_chinese(lesson)

    lesson.go_to_summary()
    lesson.press("Finish all the same")
    expect(lesson.step).to_have_text("你的成绩")
    expect(lesson.shown.get_by_role("region", name="下一步做什么")).to_be_visible()
    assert_all_chinese(lesson)
    record = RecordPage.opened_from(lesson)
    expect(record.point("SEM-1.2")).to_contain_text("自然搜索")
    assert_all_chinese(lesson)

    lesson.shown.get_by_role("button", name="English").click()
    expect(lesson.shown.locator("h1")).to_have_text("My record")


def assert_all_chinese(lesson: LessonPage) -> None:
    """Look at every heading, button, link and summary on the page: none may have been left in English."""
    words = lesson.shown.locator(":is(h1, h2, h3, h4, button, main summary, nav a):visible").all_inner_texts()
    assert words
    english = [text for text in words if text.strip() and not re.search(r"[一-鿿]", text)]
    assert english in ([], ["English"])


def test_the_keyboard_alone_leads_through_a_question(page: Page, demo: Demo) -> None:
    lms, item = LmsPages(page=page, demo=demo), questions(shipped_lesson(PAID))[1]
    lms.log_in(DANIEL)
    lesson = lms.open_lesson(PAID)
    question = lesson.shown.locator(".q-rail .q-step-link", has_text=re.compile(r"Question 2\b"))
    tab_to(page, question)
    page.keyboard.press("Enter")
    expect(lesson.step).to_be_focused()
    expect(lesson.step).to_have_text("Question 2")

    tab_to(page, lesson.shown.locator(".q-input"))
    page.keyboard.type(str(wrong_answer(item)))
    page.keyboard.press("Enter")
    expect(lesson.feedback).to_be_focused()
    expect(lesson.feedback).to_contain_text("Not yet")

    tab_to(page, lesson.shown.get_by_role("button", name=re.compile("^Show hint 1")))
    page.keyboard.press("Enter")
    expect(lesson.shown.locator(".q-hint")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(lesson.shown.locator(".q-input")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(str(right_answer(item)))
    page.keyboard.press("Tab")
    expect(lesson.button("Check again")).to_be_focused()
    page.keyboard.press("Space")
    expect(lesson.feedback).to_contain_text("Credit: 56%")


def test_without_javascript_one_can_read_and_submit(new_context: NewContext, demo: Demo) -> None:
    page, asked = new_context(java_script_enabled=False).new_page(), questions(shipped_lesson(MEASURING))
    lms = LmsPages(page=page, demo=demo)
    lms.log_in(YUTONG)
    lms.open_activity(MEASURING)
    lesson = LessonPage.opened(lms.open_in_window_without_script())
    expect(lesson.step).to_have_text("From an impression to an order")
    expect(lesson.shown.locator(".q-step .q-prose")).to_contain_text("Each is a division")

    lesson.press("Next")
    expect(lesson.step).to_have_text("Question 1")
    lesson.answer(asked[0], right_answer(asked[0]))
    expect(lesson.feedback).to_contain_text("Credit: 100%")
    lesson.go_to_question(7)
    lesson.answer(asked[6], wrong_answer(asked[6]))
    expect(lesson.feedback).to_contain_text("Not yet")
    lesson.go_to_question(10)
    lesson.answer(asked[9], right_answer(asked[9]))
    expect(lesson.feedback).to_contain_text("Credit: 100%")

    lesson.go_to_summary()
    lesson.press("Finish all the same")
    expect(lesson.step).to_have_text("Your result")
    # Two of eleven questions.
    expect(lms.own_grade(MEASURING)).to_have_text("18.18", timeout=ARRIVAL_MS)
