"""The migrations and the models are the same, on each kind of database."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text

from lti_tool.db import Database
from lti_tool.models import Activity, Base
from lti_tool.services.mastery.content_install import ContentImport
from lti_tool.services.mechanisms import imports
from lti_tool.services.schema import configuration, is_current, migrate
from tests.factories.tool import Tool, shipped


def test_migrations_make_what_the_models_say(database: Database) -> None:
    assert is_current(database)
    with database.connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_keys_have_the_columns_of_the_models_in_their_order(database: Database) -> None:
    """Alembic does not compare primary keys; the states of mastery are kept in the order of theirs."""
    with database.connection() as connection:
        made = inspect(connection)
        for name, table in Base.metadata.tables.items():
            assert made.get_pk_constraint(name)["constrained_columns"] == [each.name for each in table.primary_key]


@pytest.mark.parametrize("revision", ["0001", "base"])
def test_the_migrations_can_be_taken_back_and_made_again(database: Database, revision: str) -> None:
    with database.connection() as connection:
        assert bool(refusals(connection)) is not database.is_sqlite
    with database.connection() as connection:
        command.downgrade(configuration(connection), revision)
    with database.connection() as connection:
        assert refusals(connection) == []
    migrate(database)
    assert is_current(database)


def refusals(connection: Connection) -> list[str]:
    """Return the functions of PostgreSQL that refuse what the ledger does not allow."""
    if connection.dialect.name == "sqlite":
        return []
    return list(connection.scalars(text("SELECT proname FROM pg_proc WHERE proname LIKE '%\\_refuse'")))


def test_installing_again_changes_nothing(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        assert shipped().diff(session, tool.organisation_id) == []
        assert imports.apply(session, shipped(), tool.organisation_id, tool.clock.now) is None


def test_an_install_can_be_undone(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        imports.undo(session, ContentImport(source=""), tool.organisation_id, tool.clock.now)
        assert set(session.scalars(select(Activity.version_id))) == {None}
        assert len(shipped().diff(session, tool.organisation_id)) == len(shipped().packages)
