"""The teacher's pages of grade columns: what is said, who may do what, both languages."""

from __future__ import annotations

import pytest

from lti_tool.lti.platform_profiles import Product
from tests.factories.launches import TOOL_ORIGIN
from tests.integration.mastery_columns.conftest import Course
from tests.integration.pages.reading_html import text_of

POINT, UNIT = "kp:SEM-1.1", "unit:SEM-1"


def test_a_teacher_switches_columns_on_and_off(course: Course) -> None:
    learner, teacher = course.enter(name="Li Wei"), course.enter("t-1", role="teacher")
    text = text_of(teacher.get("class/columns/"))
    assert "found out with the first column" in text
    assert "Keywords and search intent" in text

    response = teacher.post("class/columns/choose", column=POINT)
    text = text_of(teacher.browser.get(response.headers["Location"]))
    assert "1 column is being made" in text
    assert "Being made" in text
    learner.answer(right=[True])
    course.work(rounds=4)
    text = text_of(teacher.get("class/columns/"))
    assert "In the grade book" in text
    assert "that was tried here" in text
    text = text_of(teacher.get(f"class/columns/{course.column(POINT).id}/"))
    assert "Li Wei" in text
    assert "Delivered" in text
    assert str(int(course.taken(POINT)[0])) in text

    response = teacher.post("class/columns/choose")
    text = text_of(teacher.browser.get(response.headers["Location"]))
    assert "1 column is switched off. It stays in the grade book" in text


def test_send_again_and_compare_from_the_page(course: Course) -> None:
    learner, teacher = course.enter(name="Li Wei"), course.enter("t-1", role="teacher")
    course.choose(learner, POINT)
    course.work()
    learner.answer(right=[True])
    course.work()
    page = f"class/columns/{course.column(POINT).id}/"
    response = teacher.post(f"{page}send-again", person=learner.who.person_uuid)
    assert "1 grade is on its way again." in text_of(teacher.browser.get(response.headers["Location"]))
    course.work()
    assert len(course.taken(POINT)) == 2
    response = teacher.post(f"{page}compare-grades")
    text = text_of(teacher.browser.get(response.headers["Location"]))
    assert "1 grade in the grade book is the one that was sent." in text
    response = teacher.post(f"{page}send-again", person="all")
    assert "Nothing was sent" in text_of(teacher.browser.get(response.headers["Location"]))


def test_open_edx_says_why_there_are_none(course: Course) -> None:
    course.is_product(Product.OPEN_EDX)
    teacher = course.enter("t-1", role="teacher")
    page = teacher.get("class/columns/").text
    assert "Open edX keeps one grade for each activity" in page
    assert "Save columns" not in page
    teacher.post("class/columns/choose", column=POINT)
    assert course.choices(teacher)[POINT].state is None


def test_the_page_is_chinese_for_who_reads_chinese(course: Course) -> None:
    teacher = course.enter("t-1", role="teacher", locale="zh-CN")
    text = text_of(teacher.get("class/columns/"))
    assert "成绩列" in text
    assert "Grade columns" not in text


def test_a_learner_sees_and_changes_nothing(course: Course) -> None:
    learner = course.enter()
    course.choose(learner, POINT)
    course.work()
    one = f"class/columns/{course.column(POINT).id}/"
    assert [learner.get(path).status_code for path in ("class/columns/", one)] == [403, 403]
    posts = ("class/columns/choose", f"{one}send-again", f"{one}compare-grades")
    assert [learner.post(path, person="all").status_code for path in posts] == [403, 403, 403]
    assert course.choices(learner)[POINT].is_on


def test_without_the_token_of_the_launch_nothing_changes(course: Course) -> None:
    teacher = course.enter("t-1", role="teacher")
    path = f"{teacher.page}class/columns/choose"
    sent = teacher.browser.client.post(path, data={"column": POINT}, base_url=TOOL_ORIGIN)
    assert sent.status_code == 403
    assert course.choices(teacher)[POINT].state is None


@pytest.mark.parametrize("number", ["0", "999", "9223372036854775807", "9223372036854775808", "-1", "x"])
def test_a_column_that_is_not_there(course: Course, number: str) -> None:
    teacher = course.enter("t-1", role="teacher")
    assert teacher.get(f"class/columns/{number}/").status_code == 404
