"""A teacher who chooses activities in the platform's dialog: the request, the pages, and the answer as it is sent."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from html import unescape
from typing import Any

from werkzeug.test import TestResponse

from tests.factories.launches import LTI, TOOL_ORIGIN, Case
from tests.factories.tool import Browser, Tool

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = DL + "deep_linking_settings"
FIRST, SECOND = "sem-1-1-keywords-and-intent", "sem-1-3-paid-search"


def request_of(tool: Tool, *, claims: dict[str, Any] | None = None, **settings: Any) -> Case:
    """Return a request for content; a setting of None leaves it out, ``claims`` change the other claims."""
    asked = {
        "deep_link_return_url": tool.platform.issuer + "/return?course=2&sesskey=S",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        **settings,
    }
    changed = {
        LTI + "message_type": "LtiDeepLinkingRequest",
        LTI + "resource_link": None,
        LTI + "target_link_uri": TOOL_ORIGIN + "/lti/launch",
        SETTINGS: {name: value for name, value in asked.items() if value is not None},
        **(claims or {}),
    }
    return Case(name="deep-linking", header={}, claims=changed, payload=None, code=None, roles=())


@dataclass(frozen=True)
class Sent:
    """What the last page posts to the platform."""

    url: str
    token: str

    @property
    def header(self) -> dict[str, Any]:
        return _part(self.token, 0)

    @property
    def claims(self) -> dict[str, Any]:
        return _part(self.token, 1)

    @property
    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.claims[DL + "content_items"]
        return items


def sent_by(page: TestResponse) -> Sent:
    """Return what a page sends to the platform."""
    found = re.search(
        r'<form method="post" action="([^"]*)" data-q-send>\s*<input type="hidden" name="JWT" value="([^"]*)">',
        page.text,
    )
    assert found, page.text
    return Sent(unescape(found[1]), unescape(found[2]))


class Chooser:
    """A browser in which a request is open."""

    def __init__(self, browser: Browser, opened: TestResponse) -> None:
        assert opened.status_code == 303, opened.text
        self.browser = browser
        self.base = opened.headers["Location"]

    def get(self, path: str = "") -> TestResponse:
        return self.browser.get(self.base + path)

    def post(self, path: str, *, token: bool = True, **form: Any) -> TestResponse:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get().text)
        assert found
        hidden = {"csrf": found[1]} if token else {}
        return self.browser.client.post(self.base + path, data={**hidden, **form}, base_url=TOOL_ORIGIN)

    def answer(self, *keys: str, **fields: str) -> TestResponse:
        """Choose activities, graded out of 100 unless ``fields`` say otherwise (`graded-KEY`, `points-KEY`)."""
        usual = {f"graded-{key}": "1" for key in keys} | {f"points-{key}": "100" for key in keys}
        wanted = {name: value for name, value in (usual | fields).items() if value}
        return self.post("answer", pick=list(keys), **wanted)


def open_chooser(tool: Tool, case: Case | None = None, *, role: str = "teacher") -> Chooser:
    """Let the platform ask a teacher for content."""
    browser = tool.browser()
    return Chooser(browser, browser.launch(case or request_of(tool), role=role))


def _part(token: str, number: int) -> dict[str, Any]:
    text = token.split(".")[number]
    read: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read
