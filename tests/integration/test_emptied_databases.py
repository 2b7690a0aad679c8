"""A PostgreSQL database that one test leaves to the next is as good as new, or it is not left."""

from __future__ import annotations

from sqlalchemy import make_url, text

from lti_tool.db import Database
from tests.factories.databases import emptied, shape_of
from tests.factories.tool import make_tool

COUNTED = "select (select count(*) from tool_key), (select count(*) from organisation)"


def test_rows_are_gone_and_numbers_begin_again(postgresql_url: str) -> None:
    url = make_url(postgresql_url)
    shape = shape_of(url)
    tool = make_tool(postgresql_url)
    # A connection that a test left open does not keep the next one from its database.
    with tool.runtime.database.transaction() as session:
        assert tuple(session.execute(text(COUNTED)).one()) == (2, 1)
        number = tool.organisation_id
    assert emptied(url, shape)
    tool.runtime.database.close()
    fresh = Database(postgresql_url)
    with fresh.reading() as session:
        assert tuple(session.execute(text(COUNTED)).one()) == (0, 0)
    fresh.close()
    again = make_tool(postgresql_url)
    assert again.organisation_id == number
    again.runtime.database.close()


def test_a_database_whose_triggers_were_changed_is_not_left_to_the_next(postgresql_url: str) -> None:
    url = make_url(postgresql_url)
    shape = shape_of(url)
    database = Database(postgresql_url)
    with database.connection() as connection:
        connection.execute(text("alter table ledger_event disable trigger user"))
    database.close()
    assert not emptied(url, shape)
