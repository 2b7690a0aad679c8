"""S21, S22 and the way to the platform."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.errors import LoginParameterError, LtiError, PlatformRefusedError, ResponseIncompleteError
from lti_tool.lti.login import (
    MAX_HINT,
    MAX_TOKEN,
    LoginRequest,
    authorization_url,
    parse_authentication_response,
    parse_login,
)
from tests.factories.launches import LaunchingPlatform, moodle
from tests.unit.lti.doubles import registration_of

MINIMAL = {"iss": "https://lms.example.test", "login_hint": "4", "target_link_uri": "https://tool.example.test/a"}


def test_s21_moodles_login_initiation_is_read() -> None:
    login = parse_login(moodle("login-init-student")["form"])
    assert login == LoginRequest(
        issuer="http://127.0.0.1:8085",
        login_hint="4",
        target_link_uri="http://localhost:9100/lti/launch",
        client_id="FAKECLIENT00001",
        deployment_id="1",
        lti_message_hint='{"cmid":2,"launchid":"ltilaunch1_999900714"}',
    )


def test_s21_three_parameters_are_enough() -> None:
    login = parse_login({**MINIMAL, "lti_storage_target": "_parent"})
    assert (login.client_id, login.deployment_id, login.lti_message_hint) == (None, None, None)


@pytest.mark.parametrize("name", list(MINIMAL))
@pytest.mark.parametrize("value", [None, ""])
def test_s21_each_of_the_three_is_required(name: str, value: str | None) -> None:
    parameters = {key: text for key, text in {**MINIMAL, name: value}.items() if text is not None}
    with pytest.raises(LoginParameterError, match=name):
        parse_login(parameters)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "x" * 2049},
        {"login_hint": "x" * (MAX_HINT + 1)},
        {"client_id": "x" * 256},
        {"lti_message_hint": "x" * (MAX_HINT + 1)},
        {"login_hint": "a\nb"},
        {"iss": "\x00"},
        {"client_id": "\ud800"},
    ],
)
def test_s21_a_parameter_out_of_bounds_is_refused_without_echo(changed: dict[str, str]) -> None:
    with pytest.raises(LoginParameterError) as refusal:
        parse_login({**MINIMAL, **changed})
    assert next(iter(changed.values())) not in str(refusal.value)


def sent(url: str, **changed: str) -> dict[str, list[str]]:
    registration = registration_of(LaunchingPlatform(), auth_login_url=url)
    login = parse_login({**MINIMAL, **changed})
    target = authorization_url(
        registration, login, state="s", nonce="n", redirect_uri="https://tool.example.test/l?a=1&b"
    )
    assert target.startswith(url.partition("?")[0] + "?")
    return parse_qs(urlsplit(target).query, keep_blank_values=True)


def test_the_authentication_request_has_what_the_security_framework_asks_for() -> None:
    assert sent("https://lms.example.test/auth", lti_message_hint='{"a":"&="}') == {
        "scope": ["openid"],
        "response_type": ["id_token"],
        "response_mode": ["form_post"],
        "prompt": ["none"],
        "client_id": ["client-1"],
        "redirect_uri": ["https://tool.example.test/l?a=1&b"],
        "login_hint": ["4"],
        "state": ["s"],
        "nonce": ["n"],
        "lti_message_hint": ['{"a":"&="}'],
    }


def test_a_query_of_the_authorization_address_stays() -> None:
    query = sent("https://lms.example.test/auth?site=a%20b&x")
    assert (query["site"], query["x"], query["state"]) == (["a b"], [""], ["s"])
    assert "lti_message_hint" not in query


def test_s22_an_error_of_the_platform_is_an_error() -> None:
    variants = {entry["case"]: entry for entry in moodle("auth-request-variants")}
    form = variants["prompt=login"]["form"]["fields"]
    with pytest.raises(PlatformRefusedError) as refusal:
        parse_authentication_response(form)
    assert refusal.value.reason == "invalid_request"


@pytest.mark.parametrize("error", ["<script>alert(1)</script>", "a" * 65, "Sam Student", "\ud800"])
def test_s22_an_error_that_is_no_code_is_not_repeated(error: str) -> None:
    with pytest.raises(PlatformRefusedError) as refusal:
        parse_authentication_response({"error": error, "error_description": "x", "state": "s"})
    assert refusal.value.reason == "an unknown error"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"state": "s"},
        {"id_token": "a.b.c"},
        {"id_token": "a.b.c", "state": ""},
        {"id_token": "a.b.c", "state": "x" * 256},
        {"id_token": "a.b.c", "state": "é"},
        {"id_token": "é", "state": "s"},
        {"id_token": "x" * (MAX_TOKEN + 1), "state": "s"},
    ],
)
def test_an_answer_without_token_or_state_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(ResponseIncompleteError):
        parse_authentication_response(form)


def test_an_answer_with_both_is_read() -> None:
    answer = parse_authentication_response({"id_token": "a.b.c", "state": "s", "error": ""})
    assert (answer.id_token, answer.state) == ("a.b.c", "s")


@given(st.dictionaries(st.sampled_from([*MINIMAL, "client_id", "id_token", "state", "error"]), st.text(max_size=50)))
def test_s25_any_form_is_read_or_refused_in_order(form: dict[str, str]) -> None:
    for read in (parse_login, parse_authentication_response):
        try:
            read(form)
        except LtiError as refusal:
            str(refusal).encode()
