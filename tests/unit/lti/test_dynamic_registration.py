"""What a platform's configuration must be, what we register, and what of its answer counts (S14)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lti_tool.lti.dynamic_registration import (
    MAX_DOCUMENT,
    TOOL_CONFIGURATION,
    Answer,
    PlatformConfiguration,
    is_service_url,
    read_answer,
    read_configuration,
    read_opening,
    refusal,
    registration_document,
)
from lti_tool.lti.errors import LtiError
from lti_tool.lti.registration_errors import RegistrationAnswerError, RegistrationParameterError
from tests.factories.launches import moodle
from tests.fakes.registering_platform import PLATFORM, configuration

ORIGIN = "https://lms.example.test"
BASE = "https://tool.example.test:8443"


def read(
    document: Any,
    *,
    origin: str = ORIGIN,
    loopback: bool = False,
    issuer: str | None = None,
    hosts: tuple[str, ...] = (),
) -> PlatformConfiguration:
    opening = read_opening({"openid_configuration": f"{origin}/openid-configuration"}, allow_loopback=loopback)
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_configuration(body, opening, allow_loopback=loopback, expected_issuer=issuer, other_hosts=hosts)


def test_moodles_configuration_is_taken() -> None:
    exchange = moodle("dynreg-full-exchange")
    found = read(exchange["openid_configuration"], origin="http://127.0.0.1:8085", loopback=True)
    assert found.issuer == "http://127.0.0.1:8085"
    assert found.registration_endpoint == "http://127.0.0.1:8085/mod/lti/openid-registration.php"
    assert (found.product, found.host) == ("moodle", "127.0.0.1:8085")
    assert found.messages == {"LtiResourceLinkRequest": (), "LtiDeepLinkingRequest": ("ContentArea",)}
    assert "Context.id.history" in found.variables
    assert len(found.scopes) == 5


def test_what_is_registered_is_what_moodle_requires() -> None:
    document = registration_document(BASE, read(moodle("dynreg-full-exchange")["openid_configuration"] | local()))
    sent = moodle("dynreg-full-exchange")["sent"]
    required = {
        "response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri",
        "token_endpoint_auth_method", TOOL_CONFIGURATION,
    }  # fmt: skip
    assert required <= set(document) & set(sent)
    assert document["response_types"] == ["id_token"]
    assert document["token_endpoint_auth_method"] == "private_key_jwt"
    assert document["redirect_uris"] == [f"{BASE}/lti/launch"]
    own = document[TOOL_CONFIGURATION]
    assert own["domain"] == "tool.example.test:8443"
    assert own["custom_parameters"] == {"context_id_history": "$Context.id.history"}
    assert set(own["claims"]) == {"iss", "sub", "name", "given_name", "family_name"}
    assert [message["type"] for message in own["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    assert own["messages"][1]["placements"] == ["ContentArea"]


def local() -> dict[str, str]:
    """Return Moodle's endpoints at the origin of these tests."""
    return {name: value for name, value in configuration(ORIGIN).items() if isinstance(value, str)}


def test_what_the_platform_does_not_have_is_not_asked_for() -> None:
    own = {"product_family_code": "x", "messages_supported": [{"type": "LtiResourceLinkRequest"}], "variables": []}
    score = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    document = registration_document(BASE, read(configuration(ORIGIN, scopes_supported=[score], **{PLATFORM: own})))
    assert document["scope"] == score
    assert len(document[TOOL_CONFIGURATION]["messages"]) == 1
    assert document[TOOL_CONFIGURATION]["custom_parameters"] == {}


def test_what_few_platforms_have_is_asked_for_where_it_is_announced() -> None:
    groups = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
    kinds = ["LtiResourceLinkRequest", "LtiSubmissionReviewRequest"]
    own = {"product_family_code": "x", "messages_supported": [{"type": kind} for kind in kinds], "variables": []}
    document = registration_document(BASE, read(configuration(ORIGIN, scopes_supported=[groups], **{PLATFORM: own})))
    assert document["scope"] == groups
    assert document[TOOL_CONFIGURATION]["messages"][-1]["type"] == "LtiSubmissionReviewRequest"
    unsaid = registration_document(BASE, read(configuration(ORIGIN, scopes_supported=[], **{PLATFORM: own})))
    assert groups not in unsaid["scope"]


def test_both_histories_are_asked_for_where_both_are_announced() -> None:
    own = configuration(ORIGIN)[PLATFORM] | {"variables": ["Context.id.history", "ResourceLink.id.history"]}
    document = registration_document(BASE, read(configuration(ORIGIN, **{PLATFORM: own})))
    assert set(document[TOOL_CONFIGURATION]["custom_parameters"].values()) == {
        "$Context.id.history",
        "$ResourceLink.id.history",
    }


FOREIGN = "https://evil.example.test"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"issuer": FOREIGN}, "lti-configuration-host"),
        ({"issuer": f"{ORIGIN}:8443"}, "lti-configuration-host"),
        ({"issuer": f"{ORIGIN}.evil.example.test"}, "lti-configuration-host"),
        ({"issuer": None}, "lti-configuration-invalid"),
        ({"issuer": f"https://lms.example.test@{FOREIGN[8:]}"}, "lti-configuration-invalid"),
        ({"issuer": f"{ORIGIN}/?a=b"}, "lti-configuration-invalid"),
        ({"issuer": ["x"]}, "lti-configuration-invalid"),
        ({"registration_endpoint": f"{FOREIGN}/r"}, "lti-configuration-host"),
        ({"token_endpoint": f"{FOREIGN}/t"}, "lti-configuration-host"),
        ({"authorization_endpoint": f"{FOREIGN}/a"}, "lti-configuration-host"),
        ({"jwks_uri": f"{FOREIGN}/j"}, "lti-configuration-host"),
        ({"jwks_uri": "http://lms.example.test/jwks"}, "lti-configuration-invalid"),
        ({"jwks_uri": "http://127.0.0.1/jwks"}, "lti-configuration-invalid"),
        ({"jwks_uri": "file:///etc/passwd"}, "lti-configuration-invalid"),
        ({"jwks_uri": "https://[1:2]/"}, "lti-configuration-invalid"),
        ({"jwks_uri": f"{ORIGIN}/a b"}, "lti-configuration-invalid"),
        ({"jwks_uri": f"{ORIGIN}/{'x' * 3000}"}, "lti-configuration-invalid"),
        ({"token_endpoint": None}, "lti-configuration-invalid"),
        ({"registration_endpoint": 7}, "lti-configuration-invalid"),
        ({PLATFORM: None}, "lti-configuration-invalid"),
        ({PLATFORM: {"messages_supported": "all"}}, "lti-configuration-invalid"),
        ({PLATFORM: {"variables": ["x"] * 501}}, "lti-configuration-invalid"),
        ({PLATFORM: {"messages_supported": [{"type": ["x"]}, 7]}}, "lti-configuration-unsupported"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "lti-configuration-unsupported"),
        ({"token_endpoint_auth_methods_supported": ["client_secret_post"]}, "lti-configuration-unsupported"),
        ({"response_types_supported": ["code"]}, "lti-configuration-unsupported"),
        ({"scopes_supported": {"a": 1}}, "lti-configuration-invalid"),
        ({"authorization_server": {"a": 1}}, "lti-configuration-invalid"),
    ],
)
def test_s14_a_configuration_that_is_not_right_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(LtiError) as refused:
        read(configuration(ORIGIN, **changes))
    assert refused.value.code == code


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{nope", b"[" * 60_000, b"\xff\xfe", b"7" * 60_000])
def test_s14_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(LtiError) as refused:
        read(body)
    assert refused.value.code == "lti-configuration-invalid"


@pytest.mark.parametrize(("size", "taken"), [(MAX_DOCUMENT - 1, True), (MAX_DOCUMENT, True), (MAX_DOCUMENT + 1, False)])
def test_s14_a_document_has_a_size(size: int, *, taken: bool) -> None:
    document = json.dumps(configuration(ORIGIN)).encode().ljust(size)
    if taken:
        assert read(document).issuer == ORIGIN
    else:
        with pytest.raises(LtiError):
            read(document)


def test_s14_services_may_be_at_hosts_that_the_operator_named() -> None:
    elsewhere = configuration(ORIGIN, token_endpoint="https://auth.example.test/token")
    assert read(elsewhere, hosts=("auth.example.test",)).token_endpoint == "https://auth.example.test/token"


def test_s14_the_registration_itself_goes_to_no_other_host() -> None:
    with pytest.raises(LtiError) as refused:
        read(configuration(ORIGIN, registration_endpoint="https://auth.example.test/r"), hosts=("auth.example.test",))
    assert refused.value.code == "lti-configuration-host"


def test_s14_an_invitation_for_one_issuer_is_for_no_other() -> None:
    assert read(configuration(ORIGIN), issuer=ORIGIN).issuer == ORIGIN
    with pytest.raises(LtiError) as refused:
        read(configuration(ORIGIN), issuer=f"{ORIGIN}/school")
    assert refused.value.code == "lti-configuration-issuer"


def test_the_audience_of_token_requests_is_the_platforms_choice() -> None:
    assert read(configuration(ORIGIN)).auth_audience is None
    assert read(configuration(ORIGIN, authorization_server="https://a.test/x")).auth_audience == "https://a.test/x"


@pytest.mark.parametrize("url", ["", "ftp://a.test/", "https://", "https://u@a.test/", "http://a.test/", "https://a\n"])
def test_s14_the_configuration_lies_at_an_https_address(url: str) -> None:
    with pytest.raises(RegistrationParameterError):
        read_opening({"openid_configuration": url}, allow_loopback=True)


def test_plain_http_is_for_loopback_in_development() -> None:
    assert is_service_url("http://127.0.0.1:8085/x", allow_loopback=True)
    assert is_service_url("http://localhost/x", allow_loopback=True)
    assert not is_service_url("http://localhost/x", allow_loopback=False)
    assert not is_service_url("http://127.0.0.1.evil.test/x", allow_loopback=True)


@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "ä", "x" * 8193])
def test_s14_a_registration_token_is_bounded(token: str) -> None:
    parameters = {"openid_configuration": f"{ORIGIN}/c", "registration_token": token}
    with pytest.raises(RegistrationParameterError) as refused:
        read_opening(parameters, allow_loopback=False)
    assert token not in str(refused.value)


def test_s14_the_registration_token_is_in_no_text_of_the_opening() -> None:
    opening = read_opening(
        {"openid_configuration": f"{ORIGIN}/c", "registration_token": "secret-1"}, allow_loopback=False
    )
    assert opening.token == "secret-1"
    assert "secret-1" not in repr(opening)


def test_of_moodles_answer_only_the_ids_count() -> None:
    answer = json.dumps(moodle("dynreg-full-exchange")["response"]).encode()
    assert read_answer(answer) == Answer("FAKECLIENT00002", "2")


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ({"client_id": "c"}, Answer("c", None)),
        ({"client_id": "c", TOOL_CONFIGURATION: {"deployment_id": 12}}, Answer("c", "12")),
        ({"client_id": 12, TOOL_CONFIGURATION: []}, Answer("12", None)),
        ({"client_id": "c" * 255}, Answer("c" * 255, None)),
    ],
)
def test_answers_of_other_forms_are_read(document: dict[str, Any], answer: Answer) -> None:
    assert read_answer(json.dumps(document).encode()) == answer


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"client_id": ""},
        {"client_id": "c" * 256},
        {"client_id": "<b> c"},
        {"client_id": True},
        {"client_id": "c", TOOL_CONFIGURATION: {"deployment_id": ""}},
        {"client_id": "c", TOOL_CONFIGURATION: {"deployment_id": "d" * 256}},
        {"client_id": "c", TOOL_CONFIGURATION: {"deployment_id": {"a": 1}}},
    ],
)
def test_s14_an_answer_without_usable_ids_is_refused(document: Any) -> None:
    with pytest.raises(RegistrationAnswerError):
        read_answer(json.dumps(document).encode())


def variants() -> list[Any]:
    """Return Moodle's refusals of wrong registrations."""
    calls = [call for call in moodle("dynreg-variants") if call["request"]["method"] == "POST"]
    return [pytest.param(call["response"], id=call["label"]) for call in calls if call["response"]["status"] >= 400]


@pytest.mark.parametrize("response", variants())
def test_s27_moodles_refusals_are_named_and_not_repeated(response: dict[str, Any]) -> None:
    page = response.get("html_error_page")
    body = f"<!DOCTYPE html><p>{page['visible_message']}" if page else response["body"]
    error = refusal(response["status"], body.encode())
    assert error.code == ("lti-registration-token" if response["status"] == 401 else "lti-registration-refused")
    assert str(response["status"]) in str(error)
    assert ("an HTML page" in str(error)) == bool(page)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, b"Dear Ms Smith, no", "400: plain text"),
        (400, b"", "400: nothing"),
        (400, b'{"error": "invalid_redirect_uri", "error_description": "Smith"}', "400: invalid_redirect_uri"),
        (400, b'{"error": "Smith"}', "400: a JSON object"),
        (400, b'{"error": {"a": 1}}', "400: a JSON object"),
        (400, b"{nope", "400: no JSON"),
        (422, b"missing required attribute Smith", "422: missing required attribute"),
        (500, b"<html>Smith", "500: an HTML page"),
        (302, b"Smith", "302: a redirect, which is not followed"),
    ],
)
def test_s27_a_refusal_is_said_as_its_sort(status: int, body: bytes, said: str) -> None:
    assert str(refusal(status, body)).endswith(said)
