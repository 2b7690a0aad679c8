"""The same launches for PyLTI1p3 and for us: what it wrongly accepts or refuses, we get right, with a code of ours.

Each line of the table says what release 2.0 of the peer does. Should a later release do better, its line fails and
says so: change the line then, never ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.factories.launches import LTI, Case, LaunchingPlatform, b64, rsa_key
from tests.factories.tool import Tool
from tests.fakes.pylti1p3_tool import PeerTool

YEAR: Final = 365 * 24 * 3600
INSTRUCTOR: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"

#: How a platform makes a token out of claims.
Maker = Callable[[LaunchingPlatform, dict[str, Any]], str]


@dataclass(frozen=True)
class Fault:
    """A launch with one thing about it, and what is right: a code of refusal, or None where it is to be taken."""

    name: str
    right: str | None
    claims: dict[str, Any] | None = None
    header: dict[str, Any] | None = None
    maker: Maker | None = None

    def token(self, platform: LaunchingPlatform, nonce: str, now: int) -> str:
        case = Case(self.name, self.header or {}, self.claims or {}, None, self.right, ())
        if self.maker:
            return self.maker(platform, platform.claims("learner", nonce=nonce, now=now))
        return platform.id_token(case, nonce=nonce, now=now)


def _unsigned(platform: LaunchingPlatform, claims: dict[str, Any]) -> str:
    return f"{b64({'alg': 'none', 'kid': platform.kid})}.{b64(claims)}."


def _symmetric(platform: LaunchingPlatform, claims: dict[str, Any]) -> str:
    signed = f"{b64({'alg': 'HS256', 'kid': platform.kid})}.{b64(claims)}"
    secret = platform.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _rs512(platform: LaunchingPlatform, claims: dict[str, Any]) -> str:
    signed = f"{b64({'alg': 'RS512', 'kid': platform.kid})}.{b64(claims)}"
    return f"{signed}.{b64(platform.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA512()))}"


def _other_key(platform: LaunchingPlatform, claims: dict[str, Any]) -> str:
    return replace(platform, key=rsa_key("of nobody")).sign(claims)


# The left column: what the peer accepts.
TAKEN_BY_PEER = (
    Fault("no exp", "lti-token-times", {"exp": None}),
    Fault("exp in ten years", "lti-token-times", {"exp": f"$now{10 * YEAR}"}),
    Fault("no iat", "lti-token-times", {"iat": None}),
    Fault("iat a year ago", "lti-token-times", {"iat": f"$now-{YEAR}"}),
    Fault("azp of another client", "lti-audience-mismatch", {"azp": "client-2"}),
    Fault("two audiences without azp", "lti-audience-mismatch", {"aud": ["client-1", "client-2"]}),
    Fault("roles are empty", None, {LTI + "roles": []}),
    Fault("roles are a string", "lti-claim-invalid", {LTI + "roles": INSTRUCTOR}),
    Fault("no target_link_uri", None, {LTI + "target_link_uri": None}),
    Fault("target of another host", "lti-target-refused", {LTI + "target_link_uri": "https://evil.test/x"}),
    Fault("sub of 256 characters", "lti-claim-invalid", {"sub": "s" * 256}),
    Fault("context is a string", "lti-claim-invalid", {LTI + "context": "c-1"}),
)
# The right column: what it rejects. The first three are wrong.
REFUSED_BY_PEER = (
    Fault("iat 5 s ahead", None, {"iat": "$now5"}),
    Fault("exp 2 s ago", None, {"iat": "$now-60", "exp": "$now-2"}),
    Fault("our client second of two", None, {"aud": ["client-2", "client-1"], "azp": "client-1"}),
    Fault("another iss", "lti-issuer-mismatch", {"iss": "https://other.example.test"}),
    Fault("another deployment", "lti-deployment-unknown", {LTI + "deployment_id": "2"}),
    Fault("no deployment", "lti-claim-missing", {LTI + "deployment_id": None}),
    Fault("no version", "lti-version", {LTI + "version": None}),
    Fault("version 1.1", "lti-version", {LTI + "version": "1.1.0"}),
    Fault("no message type", "lti-claim-missing", {LTI + "message_type": None}),
    Fault("unknown message type", "lti-message-type", {LTI + "message_type": "LtiNothing"}),
    Fault("no roles", "lti-claim-missing", {LTI + "roles": None}),
    Fault("no sub", "lti-claim-missing", {"sub": None}),
    Fault("sub is empty", "lti-claim-missing", {"sub": ""}),
    Fault("sub is a number", "lti-claim-invalid", {"sub": 7}),
    Fault("no resource_link", "lti-claim-missing", {LTI + "resource_link": None}),
    Fault("no id in resource_link", "lti-claim-missing", {LTI + "resource_link": {"id": None}}),
    Fault("another nonce", "lti-nonce-mismatch", {"nonce": "another"}),
    Fault("no nonce", "lti-nonce-mismatch", {"nonce": None}),
    Fault("signed by another key", "lti-token-signature", maker=_other_key),
    Fault("unknown kid", "lti-key-unknown", header={"kid": "nobody's"}),
    Fault("algorithm none", "lti-token-algorithm", maker=_unsigned),
    Fault("signed by HS256 with the public key", "lti-token-algorithm", maker=_symmetric),
    Fault("signed by RS512 under a key for RS256", "lti-token-algorithm", maker=_rs512),
)


def peer_of(platform: LaunchingPlatform) -> PeerTool:
    return PeerTool(
        issuer=platform.issuer,
        client_id=platform.client_id,
        deployment_id=platform.deployment_id,
        auth_login_url=platform.auth_login_url,
        jwks=json.loads(platform.jwks()),
    )


def taken_by(peer: PeerTool, token: str, state: str) -> bool:
    taken = False
    # The peer refuses by exceptions of any class, its own or not: the reason is not what is compared.
    with suppress(Exception):
        peer.answer(token, state)
        taken = True
    return taken


def verdict(tool: Tool, fault: Fault) -> tuple[int, str | None]:
    """Return status and code of our whole launch."""
    browser = tool.browser()
    state, nonce = browser.authenticate()
    response = browser.answer(fault.token(tool.platform, nonce, int(tool.clock.now.timestamp())), state)
    return response.status_code, response.text.partition("<code>")[2].partition("</code>")[0] or None


def test_an_ordinary_launch_is_taken_by_both(tool: Tool) -> None:
    peer = peer_of(tool.platform)
    state, nonce = peer.authenticate()
    assert taken_by(peer, tool.platform.id_token(nonce=nonce, now=int(time.time())), state)
    assert tool.browser().launch().status_code == 200


@pytest.mark.parametrize("fault", TAKEN_BY_PEER + REFUSED_BY_PEER, ids=lambda fault: fault.name)
def test_what_the_peer_does_and_what_is_right(tool: Tool, fault: Fault) -> None:
    peer = peer_of(tool.platform)
    state, nonce = peer.authenticate()
    token = fault.token(tool.platform, nonce, int(time.time()))
    assert taken_by(peer, token, state) == (fault in TAKEN_BY_PEER), "another release of the peer? then mend its line"
    assert verdict(tool, fault) == (400 if fault.right else 200, fault.right)


def test_a_replayed_launch(tool: Tool) -> None:
    """The same form again, in the same browser: the peer takes it any number of times (S2)."""
    peer, browser = peer_of(tool.platform), tool.browser()
    state, nonce = peer.authenticate()
    token = tool.platform.id_token(nonce=nonce, now=int(time.time()))
    assert [taken_by(peer, token, state) for _ in range(3)] == [True] * 3

    state, nonce = browser.authenticate()
    token = tool.platform.id_token(nonce=nonce, now=int(tool.clock.now.timestamp()))
    assert browser.answer(token, state).status_code == 200
    for _ in range(2):
        again = browser.answer(token, state)
        assert again.status_code == 400
        assert "<code>lti-browser-mismatch</code>" in again.text or "<code>lti-state-used</code>" in again.text


def test_a_launch_without_the_cookie(tool: Tool) -> None:
    """Both refuse what comes back in another browser (S1)."""
    peer = peer_of(tool.platform)
    state, nonce = peer.authenticate()
    peer.cookies.clear()
    assert not taken_by(peer, tool.platform.id_token(nonce=nonce, now=int(time.time())), state)

    state, nonce = tool.browser().authenticate()
    token = tool.platform.id_token(nonce=nonce, now=int(tool.clock.now.timestamp()))
    assert "<code>lti-browser-mismatch</code>" in tool.browser().answer(token, state).text


def test_a_key_of_1024_bits(fresh_tool: Tool) -> None:
    """The peer trusts a key that can be broken (S8); for us it is no key."""
    weak = replace(fresh_tool.platform, key=rsa_key("weak", 1024))
    peer = peer_of(weak)
    state, nonce = peer.authenticate()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert taken_by(peer, weak.id_token(nonce=nonce, now=int(time.time())), state)

    fresh_tool.keys.documents[weak.jwks_url] = weak.jwks()
    fresh_tool.platform = weak
    refused = fresh_tool.browser().launch()
    assert (refused.status_code, "<code>lti-key-unknown</code>" in refused.text) == (400, True)


def test_an_address_to_log_in_that_has_a_query(tool: Tool) -> None:
    """The peer hangs a second question mark on it, and the platform never sees the parameters."""
    assert tool.platform.auth_login_url.endswith("?site=main")
    assert peer_of(tool.platform).login_redirect().count("?") == 2
    ours = urlsplit(tool.browser().login().headers["Location"])
    assert parse_qs(ours.query)["site"] == ["main"]
    assert {"scope", "state", "nonce", "login_hint"} <= parse_qs(ours.query).keys()


def test_the_peer_is_the_release_that_the_table_describes() -> None:
    assert metadata.version("PyLTI1p3").startswith("2.0."), "look through the table again"
