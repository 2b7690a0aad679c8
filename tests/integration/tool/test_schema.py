"""The migrations and the models are the same, on each kind of database."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from lti_tool.db import Database
from lti_tool.models import Activity, Base
from lti_tool.services import imports
from lti_tool.services.content_install import ContentImport
from lti_tool.services.schema import is_current
from tests.factories.tool import Tool, shipped


def test_migrations_make_what_the_models_say(database: Database) -> None:
    assert is_current(database)
    with database.connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_installing_again_changes_nothing(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        assert shipped().diff(session, tool.organisation_id) == []
        assert imports.apply(session, shipped(), tool.organisation_id, tool.clock.now) is None


def test_an_install_can_be_undone(tool: Tool) -> None:
    with tool.runtime.database.transaction() as session:
        imports.undo(session, ContentImport(source=""), tool.organisation_id, tool.clock.now)
        assert set(session.scalars(select(Activity.version_id))) == {None}
        assert len(shipped().diff(session, tool.organisation_id)) == len(shipped().packages)
