"""The class list on the teacher's page: when it was read, what changed, why it was not, and the button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from lti_tool.lti.platform_profiles import Product
from lti_tool.models import Context, Registration
from tests.factories.classrooms import Seat
from tests.factories.launches import NRPS
from tests.factories.rosters import TEACHER, Course, running_course
from tests.fakes.listing_platform import Answer, member
from tests.integration.pages.reading_html import text_of

SAM, LI = member("s-1", name="Sam Student"), member("s-2", name="李 小龍")


@pytest.fixture
def course(sqlite_url: str) -> Iterator[Course]:
    with running_course(sqlite_url) as made:
        yield made


def press(seat: Seat) -> str:
    """Press the button and return what the page says then."""
    response = seat.post("class/update-list")
    assert response.status_code == 303
    return text_of(seat.browser.get(response.headers["Location"].partition("#")[0]))


def test_the_button_brings_everybody_of_the_course(course: Course) -> None:
    course.platform.members = [TEACHER, SAM, LI]
    said = press(course.teacher())
    assert "3 members in the course, read on 2 Mar 2026 12:00 UTC." in said
    assert "2 new, 0 left." in said
    assert "Sam Student Has not opened it yet" in said
    assert "Learners 2 Have opened it 0" in said


def test_it_says_how_many_have_left(course: Course) -> None:
    course.read(SAM, LI)
    course.platform.members = [TEACHER, LI]
    said = press(course.teacher())
    assert "2 members in the course" in said
    assert "0 new, 1 left." in said
    assert "Sam Student" not in said
    assert "Nobody new, nobody left." in press(course.teacher())


def test_before_the_first_reading_it_says_so(course: Course) -> None:
    assert "It has not been read from the course yet." in text_of(course.teacher().get("class/"))


def test_who_has_opened_it_is_told_from_who_has_not(course: Course) -> None:
    course.read(SAM, LI)
    course.launch("s-1", name="Sam Student", lesson="sem-1-2-organic-search")
    said = text_of(course.teacher().get("class/"))
    assert "Sam Student Not started" in said
    assert "李 小龍 Has not opened it yet" in said


def test_people_without_evidence_have_a_row_in_the_levels_and_a_page(course: Course) -> None:
    course.read(SAM, LI)
    course.launch("s-1", name="Sam Student").answer(right=[True])
    seat = course.teacher()
    levels = text_of(seat.get("class/levels/"))
    assert "李 小龍" in levels
    assert "Sam Student" in levels
    [absent] = [each for each in course.members() if each.name == "李 小龍"]
    assert "李 小龍" in text_of(seat.get(f"class/{absent.subject.uuid}/"))


def test_somebody_who_has_left_has_no_page_any_more(course: Course) -> None:
    course.read(SAM, LI)
    [sam] = [each for each in course.members() if each.name == "Sam Student"]
    course.read(LI)
    text_of(course.teacher().get(f"class/{sam.subject.uuid}/"), status=404)


@pytest.mark.parametrize(
    ("product", "where"),
    [
        (Product.MOODLE, "IMS LTI Names and Role Provisioning"),
        (Product.CANVAS, "Can retrieve user data"),
        (Product.OPEN_EDX, "Enable LTI NRPS"),
        (Product.BRIGHTSPACE, "Manage Extensibility"),
        (Product.BLACKBOARD, "Allow Membership Service Access"),
        (None, "must allow this tool to use the service Names and Role Provisioning"),
    ],
)
def test_where_the_right_is_missing_it_says_what_to_switch_on(
    course: Course, product: Product | None, where: str
) -> None:
    course.read(SAM)
    with course.tool.runtime.database.transaction() as session:
        session.execute(update(Registration).values(product=product))
    course.platform.odd = lambda _: Answer(401)
    said = press(course.teacher())
    assert "Your course platform does not let this tool read who is in the course." in said
    assert where in said
    assert "roster-refused (HTTP 401)" in said
    assert "Sam Student" in said


def test_a_page_of_html_is_told_in_plain_words(course: Course) -> None:
    course.read(SAM)
    course.platform.odd = lambda _: Answer(200, b"<html>Log in</html>")
    said = press(course.teacher())
    assert "What your course platform sent is not a list of members that can be read." in said
    assert "roster-unreadable" in said
    assert "2 members in the course, read on" in said


def test_a_later_success_clears_the_failure(course: Course) -> None:
    course.platform.odd = lambda _: Answer(503)
    assert "busy or under maintenance" in press(course.teacher())
    course.platform.odd = lambda _: None
    course.platform.members = [TEACHER, SAM]
    assert "busy or under maintenance" not in press(course.teacher())


def test_a_platform_that_offers_no_list_is_told_and_there_is_no_button(course: Course) -> None:
    with course.tool.runtime.database.transaction() as session:
        session.execute(update(Context).values(memberships_url=None))
        session.execute(update(Registration).values(product=Product.MOODLE))
    course.more_claims = {NRPS: None}
    seat = course.teacher()
    page = seat.get("class/")
    assert "does not offer its list of members" in text_of(page)
    assert "In Moodle: Site administration" in text_of(page)
    assert "Update class list" not in page.text
    assert "does not offer its list of members" in press(seat)


def test_hostile_names_stay_text(course: Course) -> None:
    course.read(member("s-1", name="<img src=x onerror=alert(1)>"), member("s-2", name="名" * 500))
    page = course.teacher().get("class/").text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "1 name was too long and is shown shortened." in page


def test_a_failed_reading_asks_nobody_twice(course: Course) -> None:
    course.platform.odd = lambda _: Answer(503)
    press(course.teacher())
    assert len(course.platform.asked) == 1
    with course.tool.runtime.database.reading() as session:
        assert session.scalars(select(Context.memberships_url)).one() == course.platform.memberships_url


def test_the_list_speaks_chinese(course: Course) -> None:
    course.platform.members = [TEACHER, SAM]
    said = press(course.teacher(locale="zh-CN"))
    for words in ("班级名单", "课程共有 2 名成员", "新增 1 人，离开 0 人。", "更新班级名单", "Sam Student 尚未打开"):
        assert words in said
    course.platform.odd = lambda _: Answer(401)
    assert "课程平台不允许本工具读取课程成员。" in press(course.teacher(locale="zh-CN"))
