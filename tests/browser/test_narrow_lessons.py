"""Every step of the shipped lessons in the frame of a course page on a phone: nothing scrolls sideways."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import NewContext
from tests.browser.demo_process import Demo
from tests.browser.lessons import LESSONS
from tests.browser.lms_pages import SOFIA, LmsPages

KEYS = sorted(folder.name for folder in LESSONS.iterdir())
SMALL = ViewportSize(width=360, height=740)
BLEEDS = """() => {
  const card = document.querySelector(".q-step");
  const inside = card.getBoundingClientRect().right + 1;
  const out = [...card.querySelectorAll("*")].filter(
    (each) => each.getBoundingClientRect().right > inside && !each.closest("table, svg, .q-scroll, .q-visually-hidden"));
  const page = document.documentElement;
  return [page.scrollWidth - page.clientWidth, ...out.map((each) => each.outerHTML.slice(0, 80))];
}"""


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("viewport", [SMALL], ids=["phone"])
@pytest.mark.parametrize("key", KEYS)
def test_no_step_is_wider_than_the_frame(demo: Demo, new_context: NewContext, key: str, language: str) -> None:
    page = new_context().new_page()
    lms = LmsPages(page=page, demo=demo, language=language)
    lms.log_in(SOFIA)
    lesson = lms.open_lesson(key)
    lesson.go_to_first_step()
    places = 0
    while True:
        frame = next(each for each in page.frames if re.search("/a/", each.url))
        places += 1
        assert frame.evaluate(BLEEDS) == [0], f"{key}, step {places}"
        if not lesson.has_next:
            break
        lesson.go_on()
    assert places > 10
