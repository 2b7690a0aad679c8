"""A tool whose platform answers on loopback and has launched it, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from lti_tool.lti.registration import Registration
from lti_tool.models import Context, Deployment, LineItem
from lti_tool.models import Registration as RegistrationRow
from tests.factories.tool import NOON, Tool, make_tool
from tests.functional.admin.conftest import add, make_link, make_row
from tests.integration.self_test.platform import COLUMN, COLUMNS, GRADES, MEMBERS, CheckedPlatform
from tests.unit.outgoing.servers import serving


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def platform(tool: Tool) -> Iterator[CheckedPlatform]:
    """The tool's platform, which nobody has launched from yet."""
    made = CheckedPlatform(tool.platform.jwks())
    with serving(made.behave) as server:
        made.url = f"http://127.0.0.1:{server.port}"
        with tool.runtime.database.transaction() as session:
            row = session.scalars(select(RegistrationRow)).one()
            row.jwks_url, row.token_url, row.product = f"{made.url}/jwks", f"{made.url}/token", "moodle"
        tool.runtime.registrations.forget()
        yield made


@pytest.fixture
def used(tool: Tool, platform: CheckedPlatform) -> CheckedPlatform:
    """The platform with a course, a column, a class list and a score that arrived."""
    with tool.runtime.database.transaction() as session:
        registration = session.scalars(select(RegistrationRow)).one()
        link = make_link(session, session.scalars(select(Deployment)).one(), "Ours")
        session.get_one(Context, link.context_id).memberships_url = f"{platform.url}{MEMBERS}"
        column = LineItem(
            organisation_id=link.organisation_id,
            resource_link_id=link.id,
            registration_id=registration.id,
            url=f"{platform.url}{COLUMN}",
            lineitems_url=f"{platform.url}{COLUMNS}",
            scopes=" ".join(GRADES),
            updated_at=NOON,
        )
        add(session, column)
        make_row(session, registration, link, state="done", reason=None, person="Ada Secret")
    return platform


@pytest.fixture
def registration(tool: Tool, platform: CheckedPlatform) -> Registration:
    return tool.runtime.registrations.all()[0].registration
