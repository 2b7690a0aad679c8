"""The token endpoint: a good assertion gets what is offered, any other gets nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from tests.integration.demo.fake_tool import RESULT_SCOPE, SCORE_SCOPE, FakeTool


def at(seconds: int) -> int:
    """Return the moment so many seconds from now: not from when the module was read, which may be long ago."""
    return int(time.time()) + seconds


BAD_ASSERTIONS: dict[str, Callable[[FakeTool], str]] = {
    "wrong iss": lambda tool: tool.assertion(iss="other"),
    "wrong sub": lambda tool: tool.assertion(sub="other"),
    "wrong aud": lambda tool: tool.assertion(aud="http://127.0.0.1:8701"),
    "no aud": lambda tool: tool.assertion(aud=None),
    "no exp": lambda tool: tool.assertion(exp=None),
    "no iat": lambda tool: tool.assertion(iat=None),
    "expired": lambda tool: tool.assertion(iat=at(-600), exp=at(-300)),
    "valid for a day": lambda tool: tool.assertion(exp=at(86_400)),
    "from the future": lambda tool: tool.assertion(iat=at(600), exp=at(660)),
    "exp is text": lambda tool: tool.assertion(exp="soon"),
    "no jti": lambda tool: tool.assertion(jti=None),
    "jti is a number": lambda tool: tool.assertion(jti=7),
    "foreign key": lambda tool: tool.assertion(key=RSAKey.generate_key(2048, private=True)),
    "no JWT": lambda _: "x.y.z",
    "parts are no objects": lambda _: "MQ.MQ.MQ",
}


@pytest.fixture
def client(lms: Flask) -> FlaskClient:
    return lms.test_client()


def test_good_assertion_gets_the_offered_scopes_only(client: FlaskClient, tool: FakeTool) -> None:
    answer = tool.ask_token(client, SCORE_SCOPE, "openid", RESULT_SCOPE)
    assert answer.status_code == 200
    body = answer.get_json()
    assert set(body["scope"].split()) == {SCORE_SCOPE, RESULT_SCOPE}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)


@pytest.mark.parametrize("case", BAD_ASSERTIONS)
def test_bad_assertion_gets_no_token(client: FlaskClient, tool: FakeTool, case: str) -> None:
    answer = tool.ask_token(client, SCORE_SCOPE, assertion=BAD_ASSERTIONS[case](tool))
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_client"


def test_assertion_serves_once(client: FlaskClient, tool: FakeTool) -> None:
    assertion = tool.assertion()
    assert tool.ask_token(client, SCORE_SCOPE, assertion=assertion).status_code == 200
    again = tool.ask_token(client, SCORE_SCOPE, assertion=assertion)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_client")


def test_unknown_scopes_alone_get_no_token(client: FlaskClient, tool: FakeTool) -> None:
    answer = tool.ask_token(client, "openid")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")


def test_other_grants_are_refused(client: FlaskClient) -> None:
    answer = client.post("/lti/token", data={"grant_type": "password"})
    assert (answer.status_code, answer.get_json()["error"]) == (400, "unsupported_grant_type")
