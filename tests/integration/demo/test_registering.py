"""The demo LMS registers tools: once a token, checked as Moodle checks, pending until a person activates."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.lms.registrations import TOOL_CONFIGURATION
from demo.lms.settings import LmsSettings
from lti_tool.lti.dynamic_registration import Opening, read_answer, read_configuration, registration_document
from tests.integration.demo.fake_tool import SCORE_SCOPE, FakeTool, form_of

LINK = "http://localhost:8702/lti/register/x"


@pytest.fixture
def document(lms: Flask) -> dict[str, Any]:
    """What our tool registers with this LMS."""
    body = lms.test_client().get("/lti/openid-configuration").data
    opening = Opening(configuration_url="", origin="http://127.0.0.1:8701", token=None)
    return registration_document("http://localhost:8702", read_configuration(body, opening, allow_loopback=True))


def token_of(teacher: FlaskClient) -> str:
    """Return the token with which the LMS opens the tool's link."""
    page = teacher.get("/tools/add", query_string={"link": LINK})
    found = re.search(r'src="([^"]+)" title=', page.text)
    assert found, page.text
    address = urlsplit(unescape(found[1]))
    assert f"{address.scheme}://{address.netloc}{address.path}" == LINK
    query = parse_qs(address.query)
    assert query["openid_configuration"] == ["http://127.0.0.1:8701/lti/openid-configuration"]
    return query["registration_token"][0]


def register(lms: Flask, token: str, document: object) -> TestResponse:
    return lms.test_client().post("/lti/register", json=document, headers={"Authorization": f"Bearer {token}"})


def test_a_registered_tool_is_launched_once_it_is_active(
    lms: Flask, teacher: FlaskClient, settings: LmsSettings, tool: FakeTool, document: dict[str, Any]
) -> None:
    answer = register(lms, token_of(teacher), document)
    assert answer.status_code == 200
    client_id, deployment_id = (read := read_answer(answer.data)).client_id, read.deployment_id
    assert client_id != settings.client_id
    assert "Pending" in teacher.get("/tools/").text
    assert teacher.post(f"/tools/{client_id}/activate").status_code == 303
    _, login = form_of(teacher.get(f"/course/activities/intent/launch?target=window&tool={client_id}"))
    assert (login["client_id"], login["lti_deployment_id"]) == (client_id, deployment_id)
    _, fields = form_of(teacher.get("/lti/auth", query_string=tool.authentication_request(login)))
    assert tool.read(teacher, fields["id_token"])["aud"] == client_id
    assertion = tool.assertion(iss=client_id, sub=client_id)
    assert tool.ask_token(teacher, SCORE_SCOPE, assertion=assertion).status_code == 200


def test_a_pending_tool_gets_no_launch(
    lms: Flask, teacher: FlaskClient, tool: FakeTool, document: dict[str, Any]
) -> None:
    client_id = register(lms, token_of(teacher), document).get_json()["client_id"]
    _, login = form_of(teacher.get(f"/course/activities/intent/launch?tool={client_id}"))
    assert login["client_id"] == tool.settings.client_id
    asked = tool.authentication_request(login, client_id=client_id)
    assert teacher.get("/lti/auth", query_string=asked).status_code == 400
    assertion = tool.assertion(iss=client_id, sub=client_id)
    assert tool.ask_token(teacher, SCORE_SCOPE, assertion=assertion).status_code == 400


def test_a_registration_token_serves_once(lms: Flask, teacher: FlaskClient, document: dict[str, Any]) -> None:
    token = token_of(teacher)
    assert register(lms, token, document).status_code == 200
    again = register(lms, token, document)
    assert (again.status_code, again.text) == (401, "token_already_used")
    without = lms.test_client().post("/lti/register", json=document)
    assert (without.status_code, without.text) == (401, "missing_registration_token")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_name": ""}, "missing required attribute client_name"),
        ({"response_types": ["code"]}, "invalid_response_types"),
        ({"response_types": 7}, "invalid_response_types"),
        ({"token_endpoint_auth_method": "none"}, "invalid_token_endpoint_auth_method"),
        ({TOOL_CONFIGURATION: {"a": 1}}, "missing_domain"),
        ({TOOL_CONFIGURATION: {"domain": "localhost"}}, "domain_targetlinkuri_mismatch"),
        ({"redirect_uris": ["http://evil.example/"]}, "invalid_redirect_uri"),
        ({"jwks_uri": "http://evil.example/"}, "invalid_redirect_uri"),
    ],
)
def test_a_wrong_document_is_refused_in_a_word_and_the_token_stays(
    lms: Flask, teacher: FlaskClient, document: dict[str, Any], *, changes: dict[str, Any], word: str
) -> None:
    token = token_of(teacher)
    refused = register(lms, token, document | changes)
    assert (refused.status_code, refused.text) == (400, word)
    assert register(lms, token, document).status_code == 200


@pytest.mark.parametrize("body", [b"{nope", b"[]", b"[" * 50_000, b"x" * 70_000])
def test_what_is_no_document_is_refused(lms: Flask, teacher: FlaskClient, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {token_of(teacher)}"}
    assert lms.test_client().post("/lti/register", data=body, headers=headers).status_code == 400


@pytest.mark.parametrize("link", ["", "http://evil.example/x", "http://localhost:8702.evil.example/x", "javascript:1"])
def test_only_the_tools_links_are_opened(teacher: FlaskClient, link: str) -> None:
    assert teacher.get("/tools/add", query_string={"link": link}).status_code == 400


def test_tools_are_the_teachers_affair(student: FlaskClient) -> None:
    assert student.get("/tools/").status_code == 404
    assert student.get("/tools/add", query_string={"link": LINK}).status_code == 404
    assert student.post("/tools/x/activate").status_code == 404
