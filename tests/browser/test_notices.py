"""A student without news, then with an extension: read, copied, marked as seen and taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import SCREENSHOTS, NewContext
from tests.browser.demo_process import Demo
from tests.browser.lessons import MEASURING
from tests.browser.lms_pages import HELEN, YUTONG, LmsPages


@pytest.fixture(scope="module")
def demo(own_demo: Demo) -> Demo:
    return own_demo


def open_notices(page: Page, demo: Demo) -> None:
    LmsPages(page=page, demo=demo).open_activity(MEASURING)
    page.frame_locator("#launch").locator("a[href$='/notices/']").click()


def test_an_extension_is_read_marked_and_taken_back(page: Page, new_context: NewContext, demo: Demo) -> None:
    student = new_context().new_page()
    frame = student.frame_locator("#launch")
    LmsPages(page=student, demo=demo).log_in(YUTONG)
    open_notices(student, demo)
    expect(frame.get_by_role("heading", name="Notices")).to_be_visible()
    lms = LmsPages(page=page, demo=demo)
    lms.log_in(HELEN)
    lms.open_activity(MEASURING)
    teacher = page.frame_locator("#launch")
    teacher.get_by_role("navigation", name="Pages of the class").get_by_role("link", name="Settings").click()
    teacher.get_by_text("Give an extension").click()
    teacher.get_by_label("Learner", exact=True).select_option(label="王雨桐")
    teacher.locator("#x-due").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}")
    teacher.get_by_role("button", name="Give the extension").click()
    expect(teacher.get_by_role("status")).to_contain_text("holds from now on")
    open_notices(student, demo)
    expect(frame.get_by_text("You have an extension.").first).to_be_visible()
    frame.get_by_text("Text to copy for your course").first.click()
    assert "你获得了延期" in frame.locator("textarea").first.input_value()
    assert serious_findings(student) == []
    for width in (1280, 360):
        student.set_viewport_size({"width": width, "height": 900})
        student.screenshot(path=SCREENSHOTS / f"notices-{width}.png", full_page=True)
    frame.get_by_role("button", name="Mark all as seen").click()
    expect(frame.get_by_role("status")).to_contain_text("Nothing new.")
    frame.get_by_role("button", name="Undo “seen”").click()
    expect(frame.get_by_role("status")).to_contain_text("new")
    teacher.get_by_role("button", name="Take back").click()
    expect(teacher.get_by_role("status")).to_contain_text("taken back")
