"""What must not leave early: every answer that a browser gets from LMS and tool is searched for the canary's markers.

Each key, feedback, hint and solution of the canary lesson holds a marker of its own. What may leave, and when, is said
here in full and does leave, so a search that finds nothing fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewContext
from tests.browser.demo_parts import DemoParts
from tests.browser.lesson_page import LessonPage
from tests.browser.lessons import questions, read_lesson, right_answer, wrong_answer
from tests.browser.lms_pages import AMARA, ARRIVAL_MS, HELEN, LmsPages
from tests.browser.record_page import RecordPage
from tests.browser.recording_proxy import Recording, recording_proxy
from tests.factories.canary import CANARY, canary_markers

KEY = "canary"
PREFIX = "canary-7f3a-"
MARKERS = [marker.text.lower() for marker in canary_markers()]
ITEMS = dict(enumerate(questions(read_lesson(CANARY)), start=1))

Act = Callable[[LessonPage], None]


@pytest.fixture
def recording() -> Iterator[Recording]:
    with recording_proxy() as made:
        yield made


@pytest.fixture
def lms(new_context: NewContext, parts: DemoParts, recording: Recording) -> LmsPages:
    """Return the LMS in a browser that goes through the proxy, also to loopback addresses."""
    proxy: Any = {"server": f"http://127.0.0.1:{recording.port}", "bypass": "<-loopback>"}
    return LmsPages(page=new_context(proxy=proxy).new_page(), demo=parts.demo)


def markers(recording: Recording) -> set[str]:
    """Return the markers that came since the last look, without what they all begin with."""
    bodies = [body.lower() for _, body in recording.take()]
    assert bodies
    return {marker.removeprefix(PREFIX) for marker in MARKERS if any(marker in body for body in bodies)}


def wrong(lesson: LessonPage, number: int) -> None:
    lesson.answer(ITEMS[number], wrong_answer(ITEMS[number]))


def right(lesson: LessonPage, number: int) -> None:
    lesson.answer(ITEMS[number], right_answer(ITEMS[number]))


def hint(lesson: LessonPage, number: int) -> None:
    lesson.shown.get_by_role("button", name=re.compile("^Show hint")).click()
    lesson.shown.locator(".q-hint").last.wait_for()
    lesson.settle()


def reveal(lesson: LessonPage, number: int) -> None:
    lesson.shown.locator(".q-give-up summary").click()
    lesson.press("Give up and show the solution")
    lesson.shown.locator(".q-solution").wait_for()


# Question, what the learner does there, and all that may come of it.
STEPS = [
    (1, wrong, {"single-b-feedback-en"}),
    (1, hint, {"single-b-feedback-en", "single-hint-1-en"}),
    (1, right, {"single-a-feedback-en", "single-hint-1-en", "single-solution-en"}),
    (2, hint, {"multiple-hint-1-en"}),
    (2, hint, {"multiple-hint-1-en", "multiple-hint-2-en"}),
    (2, reveal, {"multiple-hint-1-en", "multiple-hint-2-en", "multiple-solution-en"}),
    (3, wrong, {"number-incorrect-en"}),
    (3, right, {"number-correct-en", "number-solution-en", "731941"}),
    (4, wrong, {"short-incorrect-en"}),
    (4, right, {"short-correct-en", "short-solution-en", "short-accepted-en-1"}),
    (5, right, {"order-correct-en", "order-solution-en"}),
    (6, wrong, {"pairs-incorrect-en", "pairs-a-feedback-en", "pairs-b-feedback-en", "pairs-c-feedback-en"}),
    (7, wrong, {"spot-a-feedback-en"}),
]


def test_no_marker_leaves_before_it_may(lms: LmsPages, parts: DemoParts, recording: Recording) -> None:
    lms.log_in(AMARA)
    lesson = lms.open_lesson(KEY)
    for number in ITEMS:
        lesson.go_to_question(number)
    lesson.go_to_summary()
    hosts = {host for host, _ in recording.answers}
    assert hosts == {urlsplit(parts.demo.lms).netloc, urlsplit(parts.demo.tool).netloc}
    assert markers(recording) == set()

    for number, act, allowed in STEPS:
        lesson.go_to_question(number)
        recording.take()
        act(lesson, number)
        assert markers(recording) == allowed, f"question {number}: {act.__name__}"

    lesson.go_to_summary()
    lesson.press("Finish")
    expect(lesson.step).to_have_text("Your result")
    RecordPage.opened_from(lesson).evidence("SEM-1.1")
    lms.own_grade(KEY).wait_for(timeout=ARRIVAL_MS)
    assert markers(recording) == set()


def test_no_marker_reaches_a_teacher(lms: LmsPages, recording: Recording) -> None:
    lms.log_in(HELEN)
    lms.open_activity(KEY)
    frame = lms.page.frame_locator("#launch")
    frame.locator("main h1").wait_for()
    frame.get_by_role("link", name="Activity").click()
    lesson = LessonPage.opened(frame)
    for number in ITEMS:
        lesson.go_to_question(number)
    assert markers(recording) == set()
