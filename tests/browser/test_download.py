"""A student takes the own record along from the course page, and the saved file proves itself without a server."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.demo_process import Demo
from tests.browser.lessons import ORGANIC, questions, right_answer, shipped_lesson
from tests.browser.lms_pages import DANIEL, LmsPages
from tests.browser.record_page import RecordPage

SEALED_WITHIN_S = 30


def test_a_student_downloads_a_record_that_proves_itself(page: Page, demo: Demo, tmp_path: Path) -> None:
    lms, item = LmsPages(page=page, demo=demo), questions(shipped_lesson(ORGANIC))[0]
    lms.log_in(DANIEL)
    lesson = lms.open_lesson(ORGANIC)
    lesson.go_to_question(1)
    lesson.answer(item, right_answer(item))
    expect(lesson.feedback).to_contain_text("Right")
    record = RecordPage.opened_from(lesson)

    saved, reader = tmp_path / "record.html", page.context.new_page()
    for _ in range(SEALED_WITHIN_S):
        with page.expect_download() as downloading:
            record.shown.get_by_role("link", name="Download my record").click()
        downloading.value.save_as(saved)
        reader.goto(saved.as_uri())
        if reader.locator(".event[data-state=unsealed]").count() == 0:
            break
        page.wait_for_timeout(1000)
    expect(reader.locator("[data-verdict=good]")).to_contain_text("exactly as the school recorded and signed")
    expect(reader.locator(".event").last).to_contain_text(item.key)
    assert downloading.value.suggested_filename.startswith("learning-record-")

    html = saved.read_text(encoding="utf-8")
    forged, count = re.subn(rf'("part": "{item.key}",[^}}]*"score": )"1"', r'\1"0"', html)
    assert count == 1
    saved.write_text(forged, encoding="utf-8")
    reader.goto(saved.as_uri())
    expect(reader.locator("[data-verdict=bad] li")).to_contain_text(item.key)
