"""A teacher sets dates and gives more time; the learner reads what holds, and finds the lesson closed when it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import NewContext
from tests.browser.demo_process import Demo
from tests.browser.lessons import MEASURING
from tests.browser.lms_pages import HELEN, YUTONG, LmsPages

ZONE = "Asia/Hong_Kong"


@pytest.fixture(scope="module")
def demo(own_demo: Demo) -> Demo:
    return own_demo


def local(moment: datetime) -> str:
    """Return a moment as a teacher in Hong Kong types it."""
    return f"{moment + timedelta(hours=8):%Y-%m-%dT%H:%M}"


def settings_page(page: Page, demo: Demo) -> FrameLocator:
    lms = LmsPages(page=page, demo=demo)
    lms.log_in(HELEN)
    lms.open_activity(MEASURING)
    frame = page.frame_locator("#launch")
    frame.get_by_role("navigation", name="Pages of the class").get_by_role("link", name="Settings").click()
    expect(frame.get_by_role("heading", name="What a learner is told")).to_be_visible()
    return frame


@pytest.fixture
def teaching(new_context: NewContext, demo: Demo) -> Iterator[Page]:
    """Return the page of the settings in the frame; the defaults are there again afterwards."""
    page = new_context(timezone_id=ZONE).new_page()
    settings_page(page, demo)
    yield page
    reset = settings_page(new_context().new_page(), demo).get_by_role("button", name="Reset to the defaults")
    if reset.count():
        reset.click()


def test_a_due_date_an_extension_and_a_closed_lesson(teaching: Page, new_context: NewContext, demo: Demo) -> None:
    page, frame = teaching, teaching.frame_locator("#launch")
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    student = LmsPages(page=new_context(timezone_id="UTC").new_page(), demo=demo)
    student.log_in(YUTONG)
    student.open_lesson(MEASURING)

    due = now + timedelta(days=2)
    frame.locator("#due_at").fill(local(due))
    frame.get_by_label("After the due date", exact=True).select_option("refuse")
    frame.get_by_role("button", name="Show what learners would see").click()
    expect(frame.get_by_text("Not saved yet.")).to_be_visible()
    expect(frame.locator("#due_at")).to_have_value(local(due))
    assert serious_findings(page) == []
    frame.get_by_role("button", name="Save").click()
    expect(frame.get_by_role("status")).to_contain_text("Saved.")
    student.open_activity(MEASURING)
    lesson = student.page.frame_locator("#launch")
    expect(lesson.get_by_text("After that, nothing more is taken.")).to_be_visible()
    expect(lesson.locator("time").first).to_have_attribute("datetime", due.isoformat())

    frame.locator("#due_at").fill(local(now - timedelta(days=1)))
    frame.get_by_role("button", name="Save").click()
    expect(frame.get_by_role("status")).to_contain_text("Saved.")
    student.open_activity(MEASURING)
    expect(lesson.get_by_text("takes no more answers")).to_be_visible()
    expect(lesson.get_by_role("heading", name="Your result")).to_be_visible()

    frame.get_by_text("Give an extension").click()
    frame.get_by_label("Learner", exact=True).select_option(label="王雨桐")
    frame.locator("#x-due").fill(local(due))
    frame.get_by_label("Reason, for other teachers").fill("ill")
    frame.get_by_role("button", name="Give the extension").click()
    expect(frame.get_by_role("region", name="Extensions")).to_contain_text("王雨桐")
    student.open_activity(MEASURING)
    expect(lesson.get_by_text("your teacher gave you more time")).to_be_visible()
    expect(lesson.get_by_role("button", name="Try the lesson again")).to_be_visible()
    frame.get_by_role("button", name="Take back").click()
    expect(frame.get_by_role("status")).to_contain_text("taken back")
