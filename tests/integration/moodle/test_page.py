"""The teacher's page: what matches, what was sent, what stands in the way, and the way without a token."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from lti_tool.lti.moodle_web_services import GRADE
from lti_tool.models import Registration
from lti_tool.services.moodle import sites
from lti_tool.services.moodle.check import MoodleCheck
from tests.factories.classrooms import COURSE, Seat, enter
from tests.fakes.moodle_site import Answer
from tests.integration.moodle.conftest import Connected
from tests.integration.pages.reading_html import text_of

PAGE = "class/competencies/"


def teacher(connected: Connected, locale: str = "en") -> Seat:
    return enter(connected.tool, "2", name="Tina Teacher", role="teacher", locale=locale)


def test_what_was_rated_stands_beside_its_knowledge_point(quick: Connected) -> None:
    for user in ("4", "5"):
        quick.become_competent(quick.learner(user))
    quick.work(3)
    text = text_of(teacher(quick).get(PAGE))
    assert "SEM-1.1 Keywords and search intent About SEM-1.1 Competent: 2" in text
    assert "the rating goes down again" in text


def test_a_fall_is_counted_apart(quick: Connected) -> None:
    quick.become_competent(quick.learner())
    quick.work(2)
    quick.tool.clock.advance(days=3650)
    quick.work(3)
    assert "Competent: 0 Not yet competent: 1" in text_of(teacher(quick).get(PAGE))


def test_learners_of_another_course_are_not_counted(quick: Connected) -> None:
    elsewhere = enter(quick.tool, "9", context={**COURSE, "id": "c-2"})
    quick.become_competent(elsewhere)
    quick.work(3)
    assert quick.site.grades(9, "SEM-1.1") == [2]
    assert "Competent:" not in text_of(teacher(quick).get(PAGE))


def test_without_a_token_the_page_explains_the_other_way(quick: Connected) -> None:
    with quick.tool.runtime.database.transaction() as session:
        sites.forget_token(session, quick.registration)
    text = text_of(teacher(quick).get(PAGE))
    assert "Until then: one activity for each knowledge point" in text
    assert "Moodle rates all competencies of an activity at once when it is passed" in text


def test_it_speaks_chinese(quick: Connected) -> None:
    quick.become_competent(quick.learner())
    quick.work(3)
    text = text_of(teacher(quick, "zh-CN").get(PAGE))
    assert "本课程的知识点" in text
    assert "没有对应能力的知识点" in text


def test_what_does_not_match_is_listed(quick: Connected) -> None:
    quick.site.add_competency("sem-1.2")
    quick.site.add_competency("BAKING-1")
    quick.match()
    text = text_of(teacher(quick).get(PAGE))
    assert "Almost the same (1) Case or spaces differ. Change the ID number in Moodle. SEM-1.2 – sem-1.2" in text
    assert "BAKING-1 About BAKING-1" in text
    assert "Knowledge points without a competency" in text


def test_what_moodle_writes_is_text_and_no_markup(quick: Connected) -> None:
    quick.site.competencies[0]["shortname"] = "<script>alert(1)</script>"
    quick.match()
    page = teacher(quick).get(PAGE).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_waits_for_a_person_is_sent_again_by_the_teacher(quick: Connected) -> None:
    quick.site.odd = lambda function, _: Answer(b'{"exception":"x","errorcode":"x"}') if function == GRADE else None
    quick.become_competent(quick.learner())
    quick.work(2)
    seat = teacher(quick)
    assert "Sam Student , SEM-1.1: Moodle did not take the rating. It is not tried again by itself." in text_of(
        seat.get(PAGE)
    ).replace("Student,", "Student ,")
    quick.site.odd = lambda _function, _: None
    assert seat.post(f"{PAGE}send-again").headers["Location"].endswith("?sent=1")
    quick.work(1)
    assert quick.site.grades(4, "SEM-1.1") == [2]
    assert "Not in Moodle yet" not in text_of(seat.get(PAGE))


def test_what_the_check_misses_is_told(quick: Connected) -> None:
    quick.site.functions = ["core_webservice_get_site_info"]
    MoodleCheck(quick.tool.runtime).check(quick.registration)
    text = text_of(teacher(quick).get(PAGE))
    assert "lacks the function core_competency_grade_competency" in text


def test_why_the_last_matching_failed_is_told(quick: Connected) -> None:
    quick.site.odd = lambda _function, _: Answer(b"<html>Under maintenance</html>")
    quick.tool.clock.advance(days=2)
    quick.work(1)
    text = text_of(teacher(quick).get(PAGE))
    assert "The competencies could not be read from Moodle. Moodle gave an answer that could not be understood." in text
    assert "About SEM-1.1" in text, "what matched before stays"


@pytest.mark.parametrize("path", ["", "send-again"])
def test_a_learner_may_not_see_or_do_this(quick: Connected, path: str) -> None:
    seat = quick.learner()
    response = seat.post(PAGE + path) if path else seat.get(PAGE)
    assert response.status_code == 403


def test_another_platform_has_no_such_page(quick: Connected) -> None:
    with quick.tool.runtime.database.transaction() as session:
        session.execute(update(Registration).values(product="canvas"))
    quick.tool.runtime.registrations.forget()
    seat = teacher(quick)
    assert seat.get(PAGE).status_code == 404
    assert "Competencies in Moodle" not in seat.get("settings/").text


def test_the_settings_lead_there(quick: Connected) -> None:
    seat = teacher(quick)
    assert f'href="{seat.page}{PAGE}"' in seat.get("settings/").text
