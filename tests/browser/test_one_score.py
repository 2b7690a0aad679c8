"""Double clicks, two tabs, steps back and forms sent again: out of one attempt comes one score."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.demo_process import Demo
from tests.browser.lesson_page import LessonPage
from tests.browser.lessons import MEASURING, ORGANIC, PAID, questions, right_answer, shipped_lesson, wrong_answer
from tests.browser.lms_pages import ARRIVAL_MS, DANIEL, SOFIA, YUTONG, LmsPages
from tests.browser.record_page import RecordPage


def test_a_double_click_is_one_answer(page: Page, demo: Demo) -> None:
    lms, item = LmsPages(page=page, demo=demo), questions(shipped_lesson(PAID))[1]
    lms.log_in(SOFIA)
    lesson = lms.open_lesson(PAID)
    lesson.go_to_question(2)
    lesson.fill_in(item, wrong_answer(item))
    lesson.button("Check answer").dblclick()
    expect(lesson.feedback).to_contain_text("2 tries left")
    lesson.settle()

    assert [entry.score for entry in RecordPage.opened_from(lesson).evidence("SEM-1.3")] == ["0%"]


def test_the_rest_of_a_double_click_is_no_answer_however_fast_the_first_came_back(page: Page, demo: Demo) -> None:
    lms, item = LmsPages(page=page, demo=demo), questions(shipped_lesson(PAID))[2]
    lms.log_in(SOFIA)
    lesson = lms.open_lesson(PAID)
    lesson.go_to_question(3)
    lesson.answer(item, wrong_answer(item))
    expect(lesson.feedback).to_contain_text("2 tries left")
    lesson.settle()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    second = "button => button.dispatchEvent(new MouseEvent('click', {detail: 2, bubbles: true, cancelable: true}))"
    lesson.button("Check again").evaluate(second)
    lesson.settle()
    assert "POST" not in sent

    lesson.button("Check again").click()
    expect(lesson.feedback).to_contain_text("1 try left")


def test_two_tabs_give_one_answer_and_one_score(page: Page, demo: Demo) -> None:
    item = questions(shipped_lesson(MEASURING))[1]
    one = LmsPages(page=page, demo=demo)
    other = LmsPages(page=page.context.new_page(), demo=demo)
    one.log_in(SOFIA)
    first, second = one.open_lesson(MEASURING), other.open_lesson(MEASURING)
    one.page.bring_to_front()
    first.go_to_question(2)
    other.page.bring_to_front()
    second.go_to_question(2)
    one.page.bring_to_front()
    first.answer(item, wrong_answer(item))
    expect(first.feedback).to_contain_text("2 tries left")

    other.page.bring_to_front()
    # The other tab still shows the first try, so its right answer is not taken: it says so, and keeps it.
    second.answer(item, right_answer(item))
    expect(second.shown.get_by_role("alert").filter(has_text="Another page had moved on")).to_be_focused()
    expect(second.feedback).to_contain_text("2 tries left")
    expect(second.shown.locator(".q-input")).to_have_value(str(right_answer(item)))
    second.answer(item, right_answer(item))
    expect(second.feedback).to_contain_text("Credit: 70%")

    second.go_to_summary()
    one.page.bring_to_front()
    first.go_to_summary()
    first.press("Finish all the same")
    expect(first.step).to_have_text("Your result")
    other.page.bring_to_front()
    second.press("Finish all the same")
    expect(second.step).to_have_text("Your result")
    assert [entry.score for entry in RecordPage.opened_from(first).evidence("SEM-1.4")] == ["100%", "0%"]
    # 0.7 of eleven questions.
    expect(one.own_grade(MEASURING)).to_have_text("6.36", timeout=ARRIVAL_MS)


def test_a_form_of_an_older_page_changes_nothing_without_script_either(new_context: NewContext, demo: Demo) -> None:
    page, item = new_context(java_script_enabled=False).new_page(), questions(shipped_lesson(ORGANIC))[6]
    lms = LmsPages(page=page, demo=demo)
    lms.log_in(YUTONG)
    lms.open_activity(ORGANIC)
    lesson = LessonPage.opened(lms.open_in_window_without_script())
    lesson.go_to_question(7)
    second = same_page_again(lesson)
    older = LessonPage.opened(second)
    lesson.answer(item, wrong_answer(item))
    expect(lesson.feedback).to_contain_text("2 tries left")

    older.answer(item, right_answer(item))
    expect(older.feedback).to_contain_text("2 tries left")
    expect(second.get_by_text("Your answer from this page stands below and has not been checked")).to_be_visible()
    second.reload()
    expect(older.feedback).to_contain_text("2 tries left")
    assert [entry.score for entry in RecordPage.opened_from(lesson).evidence("SEM-1.2")] == ["0%"]


def same_page_again(lesson: LessonPage) -> Page:
    """Return a second tab with the page of the first one."""
    assert isinstance(lesson.shown, Page)
    tab = lesson.shown.context.new_page()
    tab.goto(lesson.shown.url)
    return tab


def test_the_way_back_leads_to_the_lesson_as_it_stands(page: Page, demo: Demo) -> None:
    lms, item = LmsPages(page=page, demo=demo), questions(shipped_lesson(MEASURING))[1]
    lms.log_in(DANIEL)
    lms.open_activity(MEASURING)
    window = lms.open_in_window()
    lesson = LessonPage.opened(window)
    lesson.go_to_question(2)
    lesson.answer(item, right_answer(item))
    RecordPage.opened_from(lesson)
    window.go_back()
    expect(lesson.step).to_have_text("Question 2")
    expect(lesson.feedback).to_contain_text("Credit: 100%")
