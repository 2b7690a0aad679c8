"""What a platform may do wrong when it registers: foreign hosts, huge bodies, redirects, odd answers (S14)."""

from __future__ import annotations

import pytest

from tests.factories.tool import Tool
from tests.fakes.registering_platform import (
    RegisteringPlatform,
    accepted,
    http,
)
from tests.functional.registration.steps import (
    ancestors,
    code_of,
    form_of,
    get,
    make_link,
    post,
    register,
    stored,
)

BAD_CONFIGURATIONS = {
    "foreign issuer": ({"issuer": "https://evil.example.test"}, "lti-configuration-host"),
    "foreign registration": ({"registration_endpoint": "https://evil.example.test/r"}, "lti-configuration-host"),
    "foreign keys": ({"jwks_uri": "https://evil.example.test/k"}, "lti-configuration-host"),
    "private address": ({"token_endpoint": "http://169.254.169.254/"}, "lti-configuration-invalid"),
    "no RS256": ({"id_token_signing_alg_values_supported": ["none"]}, "lti-configuration-unsupported"),
}


@pytest.mark.parametrize("case", BAD_CONFIGURATIONS)
def test_s14_a_bad_configuration_is_refused_before_anything_is_sent(
    tool: Tool, platform: RegisteringPlatform, link: str, case: str
) -> None:
    changes, code = BAD_CONFIGURATIONS[case]
    form = form_of(get(tool, link, platform.opening()))
    platform.configure(**changes)
    for refused in (get(tool, link, platform.opening()), post(tool, link, form)):
        assert (refused.status_code, code_of(refused.text)) == (400, code)
        assert "evil.example.test" not in refused.text
    assert platform.registrations() == []
    platform.configure()
    assert post(tool, link, form).status_code == 303


BAD_REPLIES = {
    "huge": (http(b"{" + b" " * 300_000), 502, "outgoing-too-large"),
    "large": (http(b"{" + b" " * 70_000), 400, "lti-configuration-invalid"),
    "redirect": (
        http(b"", "302 Found", "Location: https://evil.example.test/\r\n"),
        400,
        "lti-configuration-unavailable",
    ),
    "gone": (http(b"<html>", "404 Not Found"), 400, "lti-configuration-unavailable"),
    "page": (http(b"<html>sign in</html>", headers="Content-Type: text/html\r\n"), 400, "lti-configuration-invalid"),
    "no HTTP": (b"SSH-2.0-x\r\n\r\n", 502, "outgoing-connection-broken"),
}


@pytest.mark.parametrize("case", BAD_REPLIES)
def test_s14_a_configuration_that_cannot_be_read(
    tool: Tool, platform: RegisteringPlatform, link: str, case: str
) -> None:
    platform.configuration, status, code = BAD_REPLIES[case]
    refused = get(tool, link, platform.opening())
    assert (refused.status_code, code_of(refused.text)) == (status, code)
    assert ancestors(refused) == platform.origin


BAD_ANSWERS = {
    "token used": (http(b"token_already_used", "401 Unauthorized"), 400, "lti-registration-token"),
    "Moodle's word": (http(b"domain_targetlinkuri_mismatch", "400 Bad"), 400, "lti-registration-refused"),
    "Moodle's page": (http(b"<!DOCTYPE html><b>Wrong number of segments", "404 No"), 400, "lti-registration-refused"),
    "redirect": (http(b"", "307 R", "Location: https://evil.example.test/\r\n"), 400, "lti-registration-refused"),
    "no JSON": (http(b"<html>thanks</html>"), 400, "lti-registration-answer"),
    "no client": (http(b"{}"), 400, "lti-registration-answer"),
    "large": (http(b"{" + b" " * 70_000 + b"}"), 400, "lti-registration-answer"),
    "huge": (http(b"{" + b" " * 300_000), 502, "outgoing-too-large"),
    "hostile client": (accepted(client_id="<script>alert(1)</script> x"), 400, "lti-registration-answer"),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_s14_a_refused_registration_leaves_the_link_good(
    tool: Tool, platform: RegisteringPlatform, link: str, case: str
) -> None:
    platform.answer, status, code = BAD_ANSWERS[case]
    refused = register(tool, platform, link)
    assert (refused.status_code, code_of(refused.text)) == (status, code)
    assert "segments" not in refused.text
    assert stored(tool) is None
    platform.answer = accepted()
    assert register(tool, platform, link).status_code == 303


def test_s14_a_private_address_is_not_called(tool: Tool, link: str) -> None:
    for url in ("https://10.0.0.1/c", "https://169.254.169.254/c", "https://[::ffff:10.0.0.1]/c"):
        refused = get(tool, link, {"openid_configuration": url})
        assert (refused.status_code, code_of(refused.text)) == (502, "outgoing-network-blocked")


def test_s14_loopback_is_for_development(fresh_tool: Tool, platform: RegisteringPlatform) -> None:
    refused = get(fresh_tool, make_link(fresh_tool), platform.opening())
    assert (refused.status_code, code_of(refused.text)) == (400, "lti-registration-parameter")
    assert platform.server.requests == []


def test_s14_a_link_that_is_opened_by_hand_says_what_to_do_with_it(tool: Tool, link: str) -> None:
    page = get(tool, link)
    assert (page.status_code, code_of(page.text)) == (400, "lti-registration-parameter")
    assert "registration address" in page.text
    assert ancestors(page) == "'none'"
