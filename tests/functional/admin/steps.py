"""The steps of somebody who administers: the link, the button, pages and forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from werkzeug.test import Client, TestResponse

from lti_tool.services.administration import administration
from lti_tool.services.administration.administration import Actor, Desk
from lti_tool.services.people.roles import Role
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool


def make_link(tool: Tool, role: Role = Role.ADMINISTRATOR, organisation_id: int | None = None) -> str:
    """Return the path of a fresh link, as `qualoop admin link` prints it."""
    chosen = organisation_id or (tool.organisation_id if role is Role.ADMINISTRATOR else None)
    with tool.runtime.database.transaction() as session:
        desk = Desk(session=session, organisation_id=chosen, actor=Actor("ops"), now=tool.clock.now)
        return f"/admin/link/{administration.make_link(desk, role, 'Helen')}"


def code_of(response: TestResponse) -> str:
    found = re.search(r"<code>([a-z0-9-]+)</code> ·", response.text)
    return found[1] if found else ""


@dataclass
class Desktop:
    """A browser of somebody who administers."""

    tool: Tool
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(self.tool.app)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=TOOL_ORIGIN, headers=headers)

    def post(self, path: str, page: str = "/admin/people", **form: str | list[str]) -> TestResponse:
        """Send a form with the token that a page carries."""
        return self.send(path, csrf=self.token(page), **form)

    def send(self, path: str, **form: str | list[str]) -> TestResponse:
        return self.client.post(path, base_url=TOOL_ORIGIN, data=form)

    def token(self, page: str = "/admin/people") -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(page).text)
        return unescape(found[1]) if found else ""

    def sign_in(self, link: str) -> TestResponse:
        return self.post(link, page=link)


def signed_in(tool: Tool, role: Role = Role.ADMINISTRATOR, organisation_id: int | None = None) -> Desktop:
    """Return the browser of somebody who has just signed in."""
    desktop = Desktop(tool)
    answer = desktop.sign_in(make_link(tool, role, organisation_id))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/"), answer.text
    return desktop
