"""A browser frame that keeps no cookies: what its scripts do in a launch by platform storage, and with a bearer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from werkzeug.test import Client, TestResponse

from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool

FRAME = {"Sec-Fetch-Dest": "iframe"}


@dataclass
class Frame:
    """A frame in which the browser keeps no cookies, with what its scripts keep in memory."""

    tool: Tool
    bearer: str = ""

    def open(self, path: str, *, method: str = "GET", **options: Any) -> TestResponse:
        """Ask with a client of its own each time, so that no cookie comes back."""
        headers = {**options.pop("headers", {})}
        if self.bearer:
            headers.setdefault("Authorization", f"Bearer {self.bearer}")
        answer = Client(self.tool.app).open(path, method=method, base_url=TOOL_ORIGIN, headers=headers, **options)
        self.bearer = answer.headers.get("Qualoop-Bearer", self.bearer)
        return answer

    def initiation(self, **changes: str) -> dict[str, str]:
        platform = self.tool.platform
        given = {
            "iss": platform.issuer,
            "client_id": platform.client_id,
            "login_hint": "s-1",
            "target_link_uri": platform.target_link_uri,
            "lti_message_hint": "hint-1",
            "lti_storage_target": "_parent",
        } | changes
        return {name: value for name, value in given.items() if value}

    def refused_cookie(self, **changes: str) -> TestResponse:
        """Log in up to where the cookie does not come back."""
        page = self.open("/lti/login", method="POST", data=self.initiation(**changes), headers=FRAME)
        assert (page.status_code, len(page.data) < 1024) == (200, True)
        assert "<script" not in page.text
        go_on = unescape(page.text.partition('content="0;url=')[2].partition('"')[0])
        return self.open(go_on, headers=FRAME)

    def log_in(self) -> dict[str, str]:
        """Return what the page has the platform keep, and where it goes on."""
        return said(self.refused_cookie())

    def token(self, kept: dict[str, str], *, role: str = "learner") -> dict[str, str]:
        """Return what the platform posts."""
        now = int(self.tool.clock.now.timestamp())
        token = self.tool.platform.id_token(role=role, nonce=kept["nonce"], now=now)
        return {"id_token": token, "state": kept["state"]}

    def launch(self, *, role: str = "learner") -> str:
        """Do a whole launch; return the page's address and keep the bearer."""
        kept = self.log_in()
        posted = self.token(kept, role=role)
        assert said(self.open("/lti/launch", method="POST", data=posted))["next"] == "/lti/launch/stored"
        answer = self.bring(posted, kept["secret"])
        assert answer.status_code == 200, answer.text
        self.bearer = answer.json["bearer"]
        return str(answer.json["url"])

    def bring(self, posted: dict[str, str], secret: str) -> TestResponse:
        return self.open("/lti/launch/stored", method="POST", data={**posted, "secret": secret})


def said(page: TestResponse) -> dict[str, str]:
    """Return what a page says to its script."""
    assert page.status_code == 200, page.text
    element = re.search(r"<div [^>]*data-q-storage[^>]*>", page.text)
    assert element, page.text
    return {name: unescape(value) for name, value in re.findall(r'data-([a-z-]+)="([^"]*)"', element[0])}


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf|attempt)" value="([0-9a-f-]+)"', html))
