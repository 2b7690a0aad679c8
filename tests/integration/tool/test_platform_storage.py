"""A launch by platform storage and a window of its own, on each kind of database."""

from __future__ import annotations

from sqlalchemy import select
from werkzeug.test import Client

from lti_tool.models import LtiSession
from lti_tool.services.launches import platform_storage
from lti_tool.services.people.logins import consume_state
from tests.factories.frames import Frame, hidden
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import Tool

NOT_COPIED = {"id", "uuid", "secret_hash", "created_at"}


def test_a_window_copies_the_session_of_the_frame(tool: Tool) -> None:
    frame = Frame(tool)
    page = frame.launch()
    form = {"csrf": hidden(frame.open(page).text)["csrf"], "bearer": frame.bearer, "page": ""}
    tool.clock.advance(minutes=5)
    opened = Client(tool.app).post(f"{page}window", data=form, base_url=TOOL_ORIGIN)
    assert opened.status_code == 303
    with tool.runtime.database.reading() as session:
        first, copy = session.execute(select(LtiSession.__table__).order_by(LtiSession.id)).mappings().all()
    assert {name for name in first if first[name] != copy[name]} == NOT_COPIED
    assert (copy["uuid"], copy["created_at"]) == (opened.headers["Location"].split("/")[2], tool.clock.now)


def test_a_keeper_is_found_until_the_state_is_used(tool: Tool) -> None:
    kept = Frame(tool).log_in()
    found = platform_storage.find_keeper(tool.runtime, kept["state"])
    assert found
    assert (found[0].target, found[0].origin) == ("_parent", tool.platform.issuer)
    with tool.runtime.database.connection() as connection:
        consume_state(connection, kept["state"], tool.clock.now)
    assert platform_storage.find_keeper(tool.runtime, kept["state"]) is None
    assert platform_storage.find_keeper(tool.runtime, "invented") is None


def test_a_state_of_a_cookie_has_no_keeper(tool: Tool) -> None:
    state, _ = tool.browser().authenticate()
    assert platform_storage.find_keeper(tool.runtime, state) is None
