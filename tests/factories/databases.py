"""Migrated databases for tests: made once in a run, then copied or emptied, because to migrate takes most of a second."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Base
from lti_tool.services.schema import configuration, migrate

#: What stands in tables, by table.
Rows = dict[str, list[dict[str, Any]]]

#: What a test may have changed besides rows: tables, columns, constraints, triggers and whether they fire, functions.
_SHAPE = """
select md5(string_agg(line, ',' order by line)) from (
  select format('%s.%s %s %s', attrelid::regclass, attname, atttypid, attnotnull) as line
  from pg_attribute join pg_class on pg_class.oid = attrelid
  where relnamespace = 'public'::regnamespace and not attisdropped
  union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
  where connamespace = 'public'::regnamespace
  union all select format('%s %s %s', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
  union all select format('%s %s', oid::regprocedure, prosrc) from pg_proc where pronamespace = 'public'::regnamespace
  union all select version_num from alembic_version
) as lines
"""
#: Rows go past the triggers that keep the ledger append-only, and numbers begin again.
_EMPTY = """
do $$
declare each record;
begin
  set local session_replication_role = replica;
  set local synchronous_commit = off;
  for each in select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' loop
    execute format('delete from %I', each.name);
  end loop;
  for each in select sequencename as name from pg_sequences where schemaname = 'public' and last_value is not null loop
    perform setval(format('%I', each.name)::regclass, 1, false);
  end loop;
end $$
"""
_NUMBERING = text("select setval(pg_get_serial_sequence(:name, 'id'), :highest)")
_LEAVE = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@cache
def sqlite_template() -> Path:
    """Return a migrated database file, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="qualoop-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(f"sqlite:///{folder / 'template.db'}")
    migrate(database)
    database.close()
    return folder / "template.db"


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(configuration()).get_current_head()


def open_migrated(address: str) -> Database:
    """Return the database of an address with the tables of this version, made where they are missing."""
    url = make_url(address)
    file = Path(url.database or "")
    if url.drivername == "sqlite" and url.database and not file.exists():
        shutil.copy(sqlite_template(), file)
    database = Database(address)
    with database.reading() as session:
        current = MigrationContext.configure(session.connection()).get_current_revision() == _newest()
    if not current:
        migrate(database)
    return database


def rows_of(session: Session) -> Rows:
    """Return what stands in the tables, by table."""
    session.flush()
    found = {table.name: session.execute(select(table)).mappings().all() for table in Base.metadata.sorted_tables}
    return {name: [dict(row) for row in rows] for name, rows in found.items() if rows}


def put_rows(session: Session, rows: Rows) -> None:
    """Store rows in empty tables, and let numbers go on after theirs."""
    for table in Base.metadata.sorted_tables:
        if table.name not in rows:
            continue
        session.execute(insert(table), rows[table.name])
        if session.get_bind().dialect.name == "postgresql" and "id" in table.c:
            session.execute(_NUMBERING, {"name": table.name, "highest": max(row["id"] for row in rows[table.name])})


@cache
def shape_of(url: URL) -> str:
    """Return a digest of a PostgreSQL template's tables, constraints, triggers and functions."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return str(connection.scalar(text(_SHAPE)))
    finally:
        engine.dispose()


def emptied(url: URL, shape: str) -> bool:
    """Empty a PostgreSQL database for the next test; say False where that cannot be done, or more than rows changed.

    To drop it and copy another makes the server write everything to disk each time.
    """
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(_LEAVE))
            if str(connection.scalar(text(_SHAPE))) != shape:
                return False
            connection.execute(text(_EMPTY))
    except DBAPIError:
        # A role that may not, a table that is gone: the next test gets a copy of the template.
        return False
    finally:
        engine.dispose()
    return True
