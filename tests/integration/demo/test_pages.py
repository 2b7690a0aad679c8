"""What teachers and students see: people, course, gradebook, in two languages; and that it is kept."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.lms.app import create_lms
from demo.lms.course import members
from demo.lms.database import connect, prepare
from demo.lms.school import load_school
from demo.lms.settings import LmsSettings
from demo.lms.wording import load_texts
from qualoop.values import LANGUAGES
from tests.integration.demo.fake_tool import SCORE_SCOPE, FakeTool, post_score, score
from tests.integration.demo.logins import AMARA, GRACE, HELEN, SIYUAN, logged_in


@pytest.fixture
def graded(lms: Flask, tool: FakeTool, line_item_url: str) -> None:
    client = lms.test_client()
    headers = tool.bearer(client, SCORE_SCOPE)
    assert post_score(client, headers, score(SIYUAN, comment="看得仔细"), url=line_item_url).status_code == 200
    assert post_score(client, headers, score(AMARA, scoreGiven=4), url=line_item_url).status_code == 200


def cell(page: str, user_id: str) -> str:
    found = re.search(rf'<t[dr] id="grade-1-{user_id}".*?</t[dr]>', page, re.DOTALL)
    assert found, page
    return found[0]


def test_everyone_can_be_chosen(lms: Flask) -> None:
    page = lms.test_client().get("/").text
    assert len(re.findall('name="user"', page)) == 8
    assert "Helen Marsh" in page
    assert "王雨桐" in page


@pytest.mark.parametrize("path", ["/course/", "/course/grades", "/course/grades/table", "/course/activities/intent"])
def test_pages_are_for_who_is_logged_in(lms: Flask, path: str) -> None:
    answer = lms.test_client().get(path)
    assert (answer.status_code, answer.location) == (302, "/")


@pytest.mark.usefixtures("graded")
def test_teacher_sees_the_class(teacher: FlaskClient) -> None:
    page = teacher.get("/course/grades").text
    assert "<strong>85</strong>" in cell(page, SIYUAN)
    assert "看得仔细" in cell(page, SIYUAN)
    assert "<strong>40</strong>" in cell(page, AMARA)
    assert "no grade" in cell(page, "23")
    assert "2 of 5 students graded" in teacher.get("/course/").text


@pytest.mark.usefixtures("graded")
def test_student_sees_the_own_row_only(student: FlaskClient) -> None:
    page = student.get("/course/grades").text
    assert "<strong>85</strong>" in cell(page, SIYUAN)
    assert f"grade-1-{AMARA}" not in page
    assert "Amara" not in page


@pytest.mark.usefixtures("graded")
def test_grades_and_logins_outlive_the_process(settings: LmsSettings, tool: FakeTool, student: FlaskClient) -> None:
    cookie = student.get_cookie("lanting_session")
    assert cookie
    jwks = student.get("/lti/jwks").get_json()
    again = create_lms(settings, fetch_tool_keys=tool.key_set)
    assert "<strong>85</strong>" in cell(logged_in(again, settings, HELEN).get("/course/grades").text, SIYUAN)
    client = again.test_client()
    client.set_cookie("lanting_session", cookie.value)
    assert "李思远" in client.get("/course/").text
    assert client.get("/lti/jwks").get_json() == jwks


@pytest.mark.usefixtures("graded")
def test_grades_come_back_with_their_activity(settings: LmsSettings, tool: FakeTool) -> None:
    emptied = LmsSettings(data_folder=settings.data_folder, base_url=settings.base_url, tool_url=settings.tool_url)
    empty = logged_in(create_lms(emptied, fetch_tool_keys=tool.key_set), settings, HELEN)
    assert "No activities yet" in empty.get("/course/").text
    assert "No graded activities yet" in empty.get("/course/grades").text
    back = logged_in(create_lms(settings, fetch_tool_keys=tool.key_set), settings, HELEN)
    assert "<strong>85</strong>" in cell(back.get("/course/grades").text, SIYUAN)


def test_the_site_speaks_chinese(student: FlaskClient) -> None:
    answer = student.post("/language", data={"language": "zh-Hans", "next": "/course/grades"})
    assert answer.location == "/course/grades"
    page = student.get("/course/").text
    assert '<html lang="zh-Hans">' in page
    assert "搜索意图" in page
    assert "Search intent" not in page


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "http://evil.example", "", "/a\r\nb"])
def test_language_leads_to_no_other_site(student: FlaskClient, path: str) -> None:
    assert student.post("/language", data={"language": "en", "next": path}).location == "/"


def test_browser_language_is_taken_first(lms: Flask) -> None:
    page = lms.test_client().get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    assert '<html lang="zh-Hans">' in page


def test_every_sentence_is_there_in_both_languages() -> None:
    short = {
        key: text.by_language.keys() for key, text in load_texts().items() if set(text.by_language) != set(LANGUAGES)
    }
    assert short == {}


def test_frame_stays_within_the_site(student: FlaskClient) -> None:
    assert "frame-ancestors 'none'" in student.get("/course/").headers["Content-Security-Policy"]
    launch = student.get("/course/activities/intent/launch")
    assert "frame-ancestors 'self'" in launch.headers["Content-Security-Policy"]


def test_file_with_the_key_is_for_its_owner_only(lms: Flask, settings: LmsSettings) -> None:
    assert lms
    assert settings.database_path.stat().st_mode & 0o077 == 0


def test_a_mentor_sees_the_course_and_no_grades(lms: Flask, settings: LmsSettings) -> None:
    mentor = logged_in(lms, settings, GRACE)
    page = mentor.get("/course/").text
    assert "Enterprise mentor" in page
    assert "Grades" not in page
    assert mentor.get("/course/grades").status_code == 404
    assert "of 5 students graded" in logged_in(lms, settings, HELEN).get("/course/").text, "a mentor is no student"


def test_a_file_from_before_mentors_takes_them(lms: Flask, settings: LmsSettings) -> None:
    with closing(connect(settings.database_path)) as connection:
        wide = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'user'").fetchone()["sql"]
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute("DELETE FROM membership WHERE user_id = ?", (GRACE,))
        connection.execute("DELETE FROM user WHERE id = ?", (GRACE,))
        connection.execute("ALTER TABLE user RENAME TO before")
        connection.execute(wide.replace(", 'mentor')", ")"))
        connection.execute("INSERT INTO user SELECT * FROM before")
        connection.execute("DROP TABLE before")
    prepare(settings, load_school())
    with closing(connect(settings.database_path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert {person.id for person in members(connection, "1", "mentor")} == {GRACE}
        assert len(members(connection, "1", "student")) == 5
