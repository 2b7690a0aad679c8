"""A teacher adds activities: the request for content, the answers that are taken, and every one that is not."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from demo.lms.app import create_lms
from demo.lms.settings import LmsSettings
from tests.integration.demo.fake_tool import FakeTool, form_of
from tests.integration.demo.logins import HELEN, SIYUAN, logged_in

CLAIM, DL = "https://purl.imsglobal.org/spec/lti/claim", "https://purl.imsglobal.org/spec/lti-dl/claim"
ITEM = {
    "type": "ltiResourceLink",
    "title": "Bids",
    "text": "What a click may cost.",
    "url": "http://localhost:8702/lti/activity/bids",
    "custom": {"qualoop_activity": "bids"},
    "lineItem": {"label": "Bids", "scoreMaximum": 40, "resourceId": "bids", "tag": "score"},
}

Answer = Callable[..., TestResponse]


def asked(teacher: FlaskClient, tool: FakeTool) -> dict[str, Any]:
    """Return the claims of a request for content."""
    _, login = form_of(teacher.get("/course/add/launch"))
    _, fields = form_of(teacher.get("/lti/auth", query_string=tool.authentication_request(login)))
    return tool.read(teacher, fields["id_token"])


@pytest.fixture
def data(teacher: FlaskClient, tool: FakeTool) -> str:
    """What the platform gave along with a request."""
    return str(asked(teacher, tool)[f"{DL}/deep_linking_settings"]["data"])


@pytest.fixture
def answer(teacher: FlaskClient, tool: FakeTool, data: str) -> Answer:
    """Send an answer; a change of None leaves a claim out."""

    def sent(*, client: FlaskClient = teacher, key: RSAKey | None = None, **changes: Any) -> TestResponse:
        now = int(time.time())
        claims = {
            "iss": tool.settings.client_id,
            "aud": tool.settings.base_url,
            "iat": now,
            "exp": now + 300,
            "nonce": str(uuid.uuid4()),
            f"{CLAIM}/message_type": "LtiDeepLinkingResponse",
            f"{CLAIM}/version": "1.3.0",
            f"{CLAIM}/deployment_id": "1",
            f"{DL}/data": data,
            f"{DL}/content_items": [ITEM],
        }
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": "fake-1"}, kept, key or tool.key)
        return client.post("/course/add/return", data={"JWT": token})

    return sent


def test_the_request_says_what_is_taken(teacher: FlaskClient, tool: FakeTool) -> None:
    claims = asked(teacher, tool)
    settings = claims[f"{DL}/deep_linking_settings"]
    assert claims[f"{CLAIM}/message_type"] == "LtiDeepLinkingRequest"
    assert f"{CLAIM}/resource_link" not in claims
    assert settings["deep_link_return_url"] == "http://127.0.0.1:8701/course/add/return"
    assert (settings["accept_types"], settings["accept_multiple"]) == (["ltiResourceLink"], True)


def test_what_was_chosen_stands_in_the_course(teacher: FlaskClient, tool: FakeTool, answer: Answer) -> None:
    plain = {**ITEM, "title": "Ads", "lineItem": None}
    del plain["lineItem"]
    assert "added=2" in answer(**{f"{DL}/content_items": [ITEM, plain]}).text
    course = teacher.get("/course/").text
    assert course.index("Bids") < course.index("Ads")
    assert "Graded out of 40" in course
    key = course.rpartition("/course/activities/chosen-")[0].rpartition("/course/activities/")[2]
    key = key.partition('"')[0]
    _, login = form_of(teacher.get(f"/course/activities/{key}/launch"))
    _, fields = form_of(teacher.get("/lti/auth", query_string=tool.authentication_request(login)))
    claims = tool.read(teacher, fields["id_token"])
    assert claims[f"{CLAIM}/custom"] == {"qualoop_activity": "bids"}
    assert claims[f"{CLAIM}/target_link_uri"] == ITEM["url"]
    assert "lineitem" in claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]


def test_what_was_chosen_is_there_after_a_restart(settings: LmsSettings, tool: FakeTool, answer: Answer) -> None:
    answer()
    again = create_lms(settings, fetch_tool_keys=tool.key_set)
    assert "Bids" in logged_in(again, settings, HELEN).get("/course/").text


def test_an_answer_without_items_adds_nothing(teacher: FlaskClient, answer: Answer) -> None:
    assert "added=0" in answer(**{f"{DL}/content_items": []}).text


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "someone-else"},
        {"aud": "http://elsewhere.example"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"exp": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3700},
        {f"{CLAIM}/deployment_id": "2"},
        {f"{CLAIM}/message_type": "LtiResourceLinkRequest"},
        {f"{CLAIM}/version": "1.1"},
        {f"{DL}/data": "made-up"},
        {f"{DL}/data": None},
        {f"{DL}/content_items": "x"},
        {f"{DL}/content_items": [{**ITEM, "type": "html"}]},
        {f"{DL}/content_items": [{**ITEM, "custom": {"a": 1}}]},
        {f"{DL}/content_items": [{**ITEM, "lineItem": {"scoreMaximum": 7.5}}]},
    ],
)
def test_an_answer_that_is_not_right_adds_nothing(
    teacher: FlaskClient, answer: Answer, changes: dict[str, Any]
) -> None:
    assert answer(**changes).status_code == 400
    assert "Bids" not in teacher.get("/course/").text


def test_an_answer_by_another_key_adds_nothing(teacher: FlaskClient, answer: Answer) -> None:
    other = RSAKey.generate_key(2048, {"kid": "fake-1"}, private=True)
    assert answer(key=other).status_code == 400


def test_an_answer_is_taken_once(teacher: FlaskClient, answer: Answer) -> None:
    assert answer(nonce="one").status_code == 200
    assert answer(nonce="one").status_code == 400
    assert answer(nonce="two").status_code == 400


def test_only_who_asked_may_bring_the_answer(lms: Flask, settings: LmsSettings, answer: Answer) -> None:
    assert answer(client=logged_in(lms, settings, "12")).status_code == 400
    assert answer(client=logged_in(lms, settings, SIYUAN)).status_code == 404


def test_an_answer_without_cookie_is_posted_once_more(lms: Flask, teacher: FlaskClient, answer: Answer) -> None:
    stranger = lms.test_client()
    action, fields = form_of(answer(client=stranger))
    assert stranger.post(action, data=fields).status_code == 302
    assert "added=1" in teacher.post(action, data=fields).text


def test_a_student_adds_nothing(student: FlaskClient) -> None:
    assert student.get("/course/add/").status_code == 404
    assert student.get("/course/add/launch").status_code == 404
    assert "/course/add/" not in student.get("/course/").text
