"""The steps of a registration: the link, the page, the button, the approval."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from lti_tool.models import Registration
from lti_tool.services.platforms import approval, invites
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool
from tests.fakes.registering_platform import (
    CLIENT_ID,
    RegisteringPlatform,
)


def make_link(tool: Tool, **terms: Any) -> str:
    with tool.runtime.database.transaction() as session:
        token = invites.make(session, tool.organisation_id, invites.Terms(made_by="ops", **terms), now=tool.clock.now)
    return f"/lti/register/{token}"


def code_of(text: str) -> str:
    return text.partition("<code>")[2].partition("</code>")[0]


def get(tool: Tool, link: str, parameters: dict[str, str] | None = None) -> TestResponse:
    return Client(tool.app).get(link, query_string=parameters, base_url=TOOL_ORIGIN)


def form_of(page: TestResponse) -> dict[str, str]:
    assert page.status_code == 200, page.text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in fields}


def post(tool: Tool, link: str, form: dict[str, str]) -> TestResponse:
    return Client(tool.app).post(link, data=form, base_url=TOOL_ORIGIN)


def register(tool: Tool, platform: RegisteringPlatform, link: str) -> TestResponse:
    """Open the link as the platform does, and press the button."""
    return post(tool, link, form_of(get(tool, link, platform.opening())))


def stored(tool: Tool) -> Registration | None:
    with tool.runtime.database.reading() as session:
        return session.scalar(select(Registration).where(Registration.client_id == CLIENT_ID))


def approve(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        row = session.scalars(select(Registration).where(Registration.client_id == CLIENT_ID)).one()
        approval.approve(session, row, now=tool.clock.now)
    tool.runtime.registrations.forget()


def launching(tool: Tool, platform: RegisteringPlatform) -> Tool:
    """Return the tool as the registered platform launches it."""
    launches = platform.launching(tool.platform.target_link_uri)
    tool.keys.documents[launches.jwks_url] = launches.jwks()
    return replace(tool, platform=launches)


def ancestors(response: TestResponse) -> str:
    return response.headers["Content-Security-Policy"].partition("frame-ancestors ")[2]
