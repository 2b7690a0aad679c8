"""A launch from the course page to the id_token, and every request that must not get one."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.lms.settings import LmsSettings
from tests.integration.demo.fake_tool import FakeTool, form_of
from tests.integration.demo.logins import AMARA, SIYUAN, logged_in

CLAIM = "https://purl.imsglobal.org/spec/lti/claim"


def test_login_initiation_posts_what_the_tool_needs(student: FlaskClient, settings: LmsSettings) -> None:
    action, fields = form_of(student.get("/course/activities/intent/launch"))
    assert action == "http://localhost:8702/lti/login"
    assert fields.pop("lti_message_hint")
    assert fields == {
        "iss": settings.base_url,
        "target_link_uri": "http://localhost:8702/lti/activity/intent",
        "login_hint": SIYUAN,
        "client_id": settings.client_id,
        "lti_deployment_id": "1",
        "lti_storage_target": "_parent",
    }


def test_a_window_has_no_page_around_it_that_keeps_data(student: FlaskClient) -> None:
    _, fields = form_of(student.get("/course/activities/intent/launch?target=window"))
    assert "lti_storage_target" not in fields


def test_student_launch_carries_the_claims(student: FlaskClient, tool: FakeTool, login: dict[str, str]) -> None:
    student.post("/language", data={"language": "zh-Hans"})
    action, fields = form_of(student.get("/lti/auth", query_string=tool.authentication_request(login)))
    assert action == "http://localhost:8702/lti/launch"
    assert fields["state"] == "state-1"
    claims = tool.read(student, fields["id_token"])
    assert claims["nonce"] == "nonce-1"
    assert claims["aud"] == tool.settings.client_id
    assert 0 < claims["exp"] - time.time() <= 60
    assert (claims["sub"], claims["name"], claims["family_name"]) == (SIYUAN, "李思远", "李")
    assert claims[f"{CLAIM}/roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert claims[f"{CLAIM}/target_link_uri"] == "http://localhost:8702/lti/activity/intent"
    assert claims[f"{CLAIM}/resource_link"] == {"id": "1", "title": "搜索意图", "description": "搜索者想要什么。"}
    assert claims[f"{CLAIM}/custom"] == {"qualoop_activity": "intent"}
    assert claims[f"{CLAIM}/launch_presentation"] == {
        "locale": "zh-Hans",
        "document_target": "iframe",
        "return_url": "http://127.0.0.1:8701/course/return",
    }
    endpoint = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    assert endpoint["lineitem"] == "http://127.0.0.1:8701/lti/courses/1/lineitems/1/lineitem?type_id=1"
    assert len(endpoint["scope"]) == 4


def test_teacher_is_an_instructor_in_a_window(teacher: FlaskClient, tool: FakeTool) -> None:
    _, login = form_of(teacher.get("/course/activities/warm-up/launch?target=window"))
    _, fields = form_of(teacher.post("/lti/auth", data=tool.authentication_request(login)))
    claims = tool.read(teacher, fields["id_token"])
    assert claims[f"{CLAIM}/roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]
    assert claims[f"{CLAIM}/launch_presentation"]["document_target"] == "window"
    assert "lineitem" not in claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://evil.example/lti/launch"},
        {"redirect_uri": "http://localhost:8702/lti/launch/"},
        {"redirect_uri": "http://localhost:8702/lti/launch?to=elsewhere"},
        {"redirect_uri": None},
        {"client_id": "someone-else"},
        {"client_id": None},
    ],
)
def test_request_of_no_known_tool_is_sent_nowhere(
    student: FlaskClient, tool: FakeTool, login: dict[str, str], changes: dict[str, str | None]
) -> None:
    answer = student.get("/lti/auth", query_string=tool.authentication_request(login, **changes))
    assert answer.status_code == 400
    assert "<form" not in answer.text
    assert "id_token" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"login_hint": AMARA}, "access_denied"),
        ({"lti_message_hint": "made-up"}, "access_denied"),
        ({"nonce": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"lti_message_hint": None}, "invalid_request"),
        ({"scope": "openid profile"}, "invalid_scope"),
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
    ],
)
def test_bad_request_of_the_tool_is_answered_by_form_post(
    student: FlaskClient, tool: FakeTool, login: dict[str, str], *, changes: dict[str, str | None], error: str
) -> None:
    answer = student.get("/lti/auth", query_string=tool.authentication_request(login, **changes))
    action, fields = form_of(answer)
    assert action == "http://localhost:8702/lti/launch"
    assert (fields["error"], fields["state"]) == (error, changes.get("state", "state-1") or "")
    assert "id_token" not in fields


def test_hint_serves_once(student: FlaskClient, tool: FakeTool, login: dict[str, str]) -> None:
    request = tool.authentication_request(login)
    assert "id_token" in form_of(student.get("/lti/auth", query_string=request))[1]
    assert form_of(student.get("/lti/auth", query_string=request))[1]["error"] == "access_denied"


def test_hint_of_another_person_is_refused_and_stays_theirs(
    lms: Flask, student: FlaskClient, tool: FakeTool, login: dict[str, str]
) -> None:
    amara = logged_in(lms, tool.settings, AMARA)
    stolen = tool.authentication_request(login, login_hint=AMARA)
    assert form_of(amara.get("/lti/auth", query_string=stolen))[1]["error"] == "access_denied"
    mine = tool.authentication_request(login)
    assert "id_token" in form_of(student.get("/lti/auth", query_string=mine))[1]


def test_frame_without_cookie_posts_once_more_and_is_then_refused(
    lms: Flask, tool: FakeTool, login: dict[str, str]
) -> None:
    stranger = lms.test_client()
    action, again = form_of(stranger.get("/lti/auth", query_string=tool.authentication_request(login)))
    assert action == "/lti/auth"
    assert form_of(stranger.post(action, data=again))[1]["error"] == "login_required"


def test_frame_with_cookie_at_the_second_try_is_served(
    student: FlaskClient, lms: Flask, tool: FakeTool, login: dict[str, str]
) -> None:
    action, again = form_of(lms.test_client().get("/lti/auth", query_string=tool.authentication_request(login)))
    assert "id_token" in form_of(student.post(action, data=again))[1]
