"""Captured launches of Moodle, signed anew and brought to the tool over HTTP by a browser of the platform's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from tests.factories.launches import LTI, TOOL_ORIGIN, LaunchingPlatform, moodle
from tests.factories.tool import Browser, Tool, register_platform
from tests.functional.platforms.moodle_replay import MOODLE

CAPTURED_TOOL = "http://localhost:9100"
LESSON = "sem-1-1-keywords-and-intent"
#: client_id -> deployment_id of the two tools that the captured Moodle knew.
CLIENTS = {"FAKECLIENT00001": "1", "FAKECLIENT00003": "10"}


def captured_moodle(client_id: str = "FAKECLIENT00001") -> LaunchingPlatform:
    """Return the captured Moodle as it launches one of its tools; the key is ours."""
    return LaunchingPlatform(
        issuer=MOODLE,
        client_id=client_id,
        deployment_id=CLIENTS[client_id],
        target_link_uri=TOOL_ORIGIN + "/lti/launch",
        kid="e58f43cca796ad53737d",
    )


def know_moodle(tool: Tool) -> None:
    """Register the captured Moodle with both of its clients."""
    with tool.runtime.database.transaction() as session:
        for client_id in CLIENTS:
            register_platform(tool.runtime, captured_moodle(client_id), tool.organisation_id, session=session)
    tool.runtime.registrations.forget()
    platform = captured_moodle()
    tool.keys.documents[platform.jwks_url] = platform.jwks()


def ours(value: Any) -> Any:
    """Return a captured value with this tool in place of the captured one, which had one address for each message."""
    text = json.dumps(value).replace(CAPTURED_TOOL + "/lti/deeplink", CAPTURED_TOOL + "/lti/launch")
    return json.loads(text.replace(CAPTURED_TOOL, TOOL_ORIGIN))


def launch(tool: Tool, name: str, custom: dict[str, str] | None = None) -> tuple[Browser, TestResponse]:
    """Bring a captured launch, with ``custom`` parameters of ours added, as a copy of our own link has them."""
    captured = moodle(name)
    claims = ours(captured["claims"])
    browser = replace(tool, platform=captured_moodle(claims["aud"])).browser()
    state, nonce = browser.authenticate(login_hint=claims["sub"])
    now = int(tool.clock.now.timestamp())
    life = claims["exp"] - claims["iat"]
    claims |= {"nonce": nonce, "iat": now, "exp": now + life}
    claims[LTI + "custom"] = claims.get(LTI + "custom", {}) | (custom or {})
    token = captured_moodle(claims["aud"]).sign(claims, captured["jwt_header"])
    return browser, browser.answer(token, state)


def sent_to_moodle(response: TestResponse) -> dict[str, str]:
    """Return the parameters of a redirect to Moodle's authorization endpoint."""
    assert response.status_code == 302, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}
