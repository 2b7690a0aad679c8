"""Brings the tables to this version (Alembic). The numbered migrations lie in lti_tool/migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from lti_tool.db import Database

FOLDER = Path(__file__).parents[1] / "migrations"


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> None:
    """Bring the database to the newest version; nothing happens where it is there already."""
    with database.connection() as connection:
        command.upgrade(configuration(connection), "head")


def is_current(database: Database) -> bool:
    """Say whether the database is at the newest version."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision() == newest
