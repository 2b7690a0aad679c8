"""What a teacher does: open an activity, see who did what and what they know, see the evidence, send a grade again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.browser.demo_process import Demo
from tests.browser.lessons import PAID, questions, right_answer, shipped_lesson, wrong_answer
from tests.browser.lms_pages import AMARA, ARRIVAL_MS, HELEN, SIYUAN, WENBO, LmsPages
from tests.browser.record_page import RecordPage

NAME, STILL_AT_WORK = "李思远", "Amara Bello"
MOST_LOOKS = 20


@pytest.fixture(scope="module")
def class_at_work(demo: Demo, chromium: Browser) -> Demo:
    """Let one student hand in a lesson, with one of ten questions right, and another one open it."""
    with chromium.new_context() as context:
        lms, asked = LmsPages(page=context.new_page(), demo=demo), questions(shipped_lesson(PAID))
        lms.log_in(SIYUAN)
        lesson = lms.open_lesson(PAID)
        lesson.go_to_question(2)
        lesson.answer(asked[1], right_answer(asked[1]))
        lesson.go_to_question(4)
        lesson.answer(asked[3], wrong_answer(asked[3]))
        lesson.go_to_summary()
        lesson.press("Finish all the same")
        expect(lms.own_grade(PAID)).to_have_text("10", timeout=ARRIVAL_MS)
    with chromium.new_context() as context:
        lms = LmsPages(page=context.new_page(), demo=demo)
        lms.log_in(AMARA)
        lms.open_lesson(PAID)
    with chromium.new_context() as context:
        # Else the worker would read the class list while a test looks at it.
        lms = LmsPages(page=context.new_page(), demo=demo)
        lms.log_in(HELEN)
        lms.open_activity(PAID)
        frame = lms.page.frame_locator("#launch")
        frame.get_by_role("button", name="Update class list").click()
        expect(class_list(frame)).to_contain_text("8 members in the course")
    return demo


def class_list(frame: FrameLocator) -> Locator:
    return frame.get_by_role("region", name="Class list")


@pytest.fixture
def class_page(page: Page, class_at_work: Demo) -> FrameLocator:
    """Return the class page in the frame, as a teacher sees it."""
    lms = LmsPages(page=page, demo=class_at_work)
    lms.log_in(HELEN)
    lms.open_activity(PAID)
    frame = page.frame_locator("#launch")
    expect(frame.get_by_role("heading", name="Who did what")).to_be_visible()
    return frame


def row_of(frame: FrameLocator, name: str) -> Locator:
    return frame.get_by_role("table", name="Who did what").get_by_role("row", name=name)


def test_a_teacher_sees_who_did_what_and_what_arrived(class_page: FrameLocator) -> None:
    done = row_of(class_page, NAME)
    expect(done).to_contain_text("Finished")
    expect(done).to_contain_text("10%")
    expect(done).to_contain_text("Delivered")
    under_way = row_of(class_page, STILL_AT_WORK)
    expect(under_way).to_contain_text("Under way")
    expect(under_way).to_contain_text("Nothing to send yet")


def test_everybody_of_the_course_is_in_the_class(class_page: FrameLocator) -> None:
    """The demo's LMS gives five members at once, so the list has two pages."""
    rows = class_page.get_by_role("table", name="Who did what").get_by_role("row")
    expect(rows).to_have_count(1 + 5)
    class_page.get_by_role("button", name="Update class list").click()
    expect(class_list(class_page).get_by_role("status")).to_contain_text("Nobody new, nobody left.")
    expect(rows).to_have_count(1 + 5)


def open_levels(class_page: FrameLocator) -> Locator:
    """Go to what the class knows and return the table."""
    class_page.get_by_role("link", name="What they know").click()
    return class_page.get_by_role("region", name="Table of levels")


def test_a_teacher_sees_what_they_know(class_page: FrameLocator) -> None:
    levels = open_levels(class_page)
    expect(levels.get_by_role("columnheader", name="SEM-1.3")).to_be_visible()
    expect(levels.get_by_role("row", name=NAME)).to_contain_text(re.compile(r"\d+\s*\d+–\d+"))
    expect(levels.get_by_role("row", name=STILL_AT_WORK)).to_contain_text("–")
    class_page.get_by_label("Status").select_option(label="No evidence")
    class_page.get_by_role("button", name="Show", exact=True).click()
    # Only the filtered page has it: what is typed before it has come is lost.
    expect(class_page.get_by_role("link", name="Show all")).to_be_visible()
    expect(levels.get_by_role("row", name=STILL_AT_WORK)).to_be_visible()
    class_page.get_by_label("Name").fill("李思")
    class_page.get_by_label("Status").select_option(label="Developing")
    class_page.get_by_role("button", name="Show", exact=True).click()
    expect(class_page.get_by_role("status")).to_contain_text("1 of ")
    expect(levels.get_by_role("row", name=STILL_AT_WORK)).to_have_count(0)


def test_a_teacher_goes_from_a_weak_point_to_whom_it_concerns(class_page: FrameLocator) -> None:
    levels = open_levels(class_page)
    weakest = class_page.locator(".q-weak").first
    expect(weakest.get_by_text("What to do")).to_be_visible()
    weakest.get_by_role("link", name=re.compile("learners? concerned")).click()
    expect(class_page.get_by_label("Status")).to_have_value("not-secure")
    expect(class_page.get_by_role("status")).to_contain_text("1 knowledge point · weakest first")
    expect(levels.get_by_role("row", name=STILL_AT_WORK)).to_have_count(0)


def test_a_teacher_walks_the_table_by_keyboard_to_the_evidence(page: Page, class_page: FrameLocator) -> None:
    levels = open_levels(class_page)
    levels.get_by_role("row", name=NAME).get_by_role("link", name=NAME).focus()
    page.keyboard.press("Tab")
    cell = levels.locator("td a:focus")
    expect(cell).to_have_accessible_description(re.compile(r"^Developing, likely \d+–\d+%, answers: \d+$"))
    cell.press("Enter")
    expect(class_page.locator(".q-entry").first).to_be_visible()
    expect(class_page.get_by_text(NAME)).to_be_visible()


def test_a_teacher_sees_the_evidence_of_one_learner(class_page: FrameLocator) -> None:
    row_of(class_page, NAME).get_by_role("link", name=NAME).click()
    expect(class_page.get_by_role("heading", level=1)).to_have_text(NAME)
    assert [entry.score for entry in RecordPage(class_page).evidence("SEM-1.3")] == ["0%", "100%"]
    class_page.get_by_role("link", name="Back to the levels of the class").click()
    expect(class_page.get_by_role("heading", name="Every learner, every knowledge point")).to_be_visible()


def test_a_teacher_sends_a_grade_again(page: Page, class_page: FrameLocator, class_at_work: Demo) -> None:
    lms = LmsPages(page=page, demo=class_at_work)
    before = tries(class_page)
    row_of(class_page, NAME).get_by_role("button", name="Send again").click()
    expect(class_page.get_by_role("status")).to_have_text("1 grade is on its way again.")
    for _ in range(MOST_LOOKS):
        lms.open_activity(PAID)
        if tries(class_page) > before:
            break
    assert tries(class_page) == before + 1
    expect(row_of(class_page, NAME)).to_contain_text("Delivered")
    expect(lms.class_grade(PAID, NAME)).to_have_text("10")


def tries(frame: FrameLocator) -> int:
    """Return how often the grade of the learner was sent."""
    return int(row_of(frame, NAME).locator("summary").inner_text().split()[1])


def test_a_teacher_reads_the_pages_in_chinese(page: Page, class_at_work: Demo) -> None:
    lms = LmsPages(page=page, demo=class_at_work)
    lms.log_in(WENBO)
    lms.open_activity(PAID)
    frame = page.frame_locator("#launch")
    frame.get_by_role("button", name="中文").click()
    expect(frame.get_by_role("heading", name="学习情况")).to_be_visible()
    expect(frame.get_by_role("row", name=NAME).first).to_contain_text("已送达")
    frame.get_by_role("button", name="English").click()
    expect(frame.get_by_role("heading", name="Who did what")).to_be_visible()


def test_a_teacher_looks_at_the_lesson_without_a_trace(class_page: FrameLocator) -> None:
    learners = class_page.locator(".q-tile").first.inner_text()
    class_page.get_by_role("link", name="View as learner").click()
    expect(class_page.locator("qualoop-activity h1")).to_have_text("Paid search: bids, ads and budget")
    class_page.get_by_role("link", name="Class").click()
    expect(class_page.locator(".q-tile").first).to_have_text(learners, use_inner_text=True)
