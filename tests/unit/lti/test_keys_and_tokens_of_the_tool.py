"""S10, S11 and S29: our keys, our assertions, the platform's tokens."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lti_tool.lti.client_assertion import sign_client_assertion
from lti_tool.lti.errors import (
    AccessTokenRefusedError,
    AccessTokenUnavailableError,
    AnswerMalformedError,
    SealedKeyError,
)
from lti_tool.lti.token import AccessToken, parse_token_answer, token_key, token_request
from lti_tool.lti.tool_keys import ToolKey, make_tool_key, open_tool_key, public_jwks, seal_tool_key
from tests.factories.launches import LaunchingPlatform, moodle
from tests.unit.lti.doubles import NOW, SECONDS, registration_of

SECRET = "a secret of this installation, long enough"
SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
)
PLATFORM = LaunchingPlatform()


@cache
def key() -> ToolKey:
    return make_tool_key()


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "==")


# -- S10: keys


def test_s10_the_public_key_is_all_that_is_published() -> None:
    assert set(key().public_jwk) == {"kty", "n", "e", "kid", "alg", "use"}
    assert json.loads(public_jwks([key().public_jwk])) == {"keys": [key().public_jwk]}
    assert len(decoded(key().public_jwk["n"])) == 256


def test_s10_a_keys_id_is_its_thumbprint() -> None:
    jwk = key().public_jwk
    canonical = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":")).encode()
    assert urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode() == jwk["kid"]


def test_s10_a_sealed_key_opens_with_the_same_secret_and_id() -> None:
    opened = open_tool_key(seal_tool_key(key(), SECRET), key().kid, SECRET)
    assert opened.kid == key().kid
    assert opened.public_jwk == key().public_jwk
    assert opened.private.as_dict(private=True)["d"] == key().private.as_dict(private=True)["d"]


def test_s10_a_sealed_key_shows_nothing_and_never_looks_the_same() -> None:
    sealed = seal_tool_key(key(), SECRET)
    assert key().private.as_der(private=True)[100:200] not in sealed
    assert seal_tool_key(key(), SECRET) != sealed


@pytest.mark.parametrize("fault", ["secret", "kid", "changed", "cut", "empty"])
def test_s10_a_sealed_key_opens_with_nothing_else(fault: str) -> None:
    sealed = seal_tool_key(key(), SECRET)
    changed = {"changed": sealed[:-1] + bytes([sealed[-1] ^ 1]), "cut": sealed[:20], "empty": b""}.get(fault, sealed)
    with pytest.raises(SealedKeyError):
        open_tool_key(changed, "other" if fault == "kid" else key().kid, "x" * 32 if fault == "secret" else SECRET)


# -- S11: the assertion


def assertion(**changed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    token = sign_client_assertion(registration_of(PLATFORM, **changed), key(), now=NOW, jti="j-1")
    header, payload, signature = token.split(".")
    public = key().private.public_key
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(decoded(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return json.loads(decoded(header)), json.loads(decoded(payload))


def test_s11_an_assertion_says_who_for_whom_and_how_long() -> None:
    header, claims = assertion()
    assert header == {"typ": "JWT", "alg": "RS256", "kid": key().kid}
    assert claims == {
        "iss": "client-1",
        "sub": "client-1",
        "aud": "https://lms.example.test/token",
        "iat": SECONDS - 30,
        "exp": SECONDS + 270,
        "jti": "j-1",
    }


def test_s11_the_audience_is_the_platforms_where_it_has_one() -> None:
    assert assertion(auth_audience="https://lms.example.test/oauth")[1]["aud"] == "https://lms.example.test/oauth"


# -- Tokens


def test_a_token_request_is_a_form() -> None:
    assert parse_qs(token_request("a.b.c", SCOPES).decode()) == {
        "grant_type": ["client_credentials"],
        "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
        "client_assertion": ["a.b.c"],
        "scope": [" ".join(sorted(SCOPES))],
    }


def answer(status: int, body: Any) -> AccessToken:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_token_answer(status, text, asked=SCOPES, now=NOW)


def moodle_answers() -> list[dict[str, Any]]:
    return [
        entry["response"] for entry in moodle("token-and-lineitems") if "client_assertion_decoded" in entry["request"]
    ]


def test_moodles_tokens_are_read_whatever_their_content_type() -> None:
    given = [response for response in moodle_answers() if response["status"] == 200]
    assert {response["headers"]["Content-Type"] for response in given} == {"text/html; charset=utf-8"}
    for response in given:
        token = answer(200, response["json"])
        assert token.value == "FAKE-ACCESS-TOKEN"
        assert token.scopes == frozenset(response["json"]["scope"].split())
        assert token.expires_at == NOW + timedelta(hours=1)


def test_moodles_refusals_are_refusals_also_where_they_are_no_json() -> None:
    refused = [response for response in moodle_answers() if response["status"] == 400]
    assert any("json" not in response for response in refused)
    for response in refused:
        body = response["json"] if "json" in response else response["body"].encode()
        with pytest.raises(AccessTokenRefusedError):
            answer(400, body)


def test_moodle_that_cannot_reach_our_keys_may_later() -> None:
    (entry,) = moodle("token-jwks-unreachable")
    with pytest.raises(AccessTokenUnavailableError, match="404"):
        answer(entry["response"]["status"], b"<html>Exception</html>")


@pytest.mark.parametrize("status", [302, 404, 429, 500, 502, 503])
def test_other_answers_may_be_better_later(status: int) -> None:
    with pytest.raises(AccessTokenUnavailableError):
        answer(status, {})


def test_the_reason_of_a_refusal_is_bounded() -> None:
    with pytest.raises(AccessTokenRefusedError) as refusal:
        answer(400, {"error": "x" * 500})
    assert refusal.value.reason == "an unknown error"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        {},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "a\r\nX: y"},
        {"access_token": "x" * 20000},
        {"access_token": "a", "token_type": "mac"},
    ],
)
def test_a_success_without_bearer_token_is_malformed(body: Any) -> None:
    with pytest.raises(AnswerMalformedError):
        answer(200, body)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"expires_in": 600}, 600),
        ({"expires_in": "600"}, 600),
        ({}, 300),
        ({"expires_in": "soon"}, 300),
        ({"expires_in": [1]}, 300),
        ({"expires_in": -5}, 0),
        ({"expires_in": 10**9}, 24 * 3600),
    ],
)
def test_the_life_of_a_token_is_bounded(given: dict[str, Any], seconds: int) -> None:
    assert answer(200, {"access_token": "a", **given}).expires_at == NOW + timedelta(seconds=seconds)


def test_a_token_is_not_used_in_its_last_minute() -> None:
    token = AccessToken("a", frozenset(), NOW + timedelta(seconds=61))
    assert token.is_usable(NOW)
    assert not token.is_usable(NOW + timedelta(seconds=1))


def test_scopes_that_are_not_named_are_those_asked_for() -> None:
    assert answer(200, {"access_token": "a"}).scopes == frozenset(SCOPES)
    assert answer(200, {"access_token": "a", "scope": ""}).scopes == frozenset()


@pytest.mark.parametrize(
    "changed", [{"id": 2}, {"client_id": "client-2"}, {"token_url": "https://other.example.test/t"}]
)
def test_s29_tokens_of_two_registrations_never_mix(changed: dict[str, Any]) -> None:
    mine = token_key(registration_of(PLATFORM), SCOPES)
    assert mine != token_key(registration_of(PLATFORM, **changed), SCOPES)


def test_s29_tokens_of_two_sets_of_scopes_never_mix() -> None:
    mine = token_key(registration_of(PLATFORM), SCOPES)
    assert mine != token_key(registration_of(PLATFORM), SCOPES[:1])
    assert mine == token_key(registration_of(PLATFORM), [*reversed(SCOPES), SCOPES[0]])
