"""The databases that integration tests run on: each test has one of its own, with the schema as the migrations make it.

SQLite is always there. PostgreSQL is the server that QUALOOP_TEST_POSTGRESQL_URL names, by a role that may create
databases; without it these tests are skipped, unless QUALOOP_TEST_REQUIRE=all.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL

from lti_tool.db import Database
from lti_tool.services.schema import migrate
from tests.factories.databases import emptied, shape_of, sqlite_template

SERVER = "QUALOOP_TEST_POSTGRESQL_URL"
MISSING = (
    f"PostgreSQL is not tested: start a server and set {SERVER}, "
    "for example postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[str]:
    """The name of a migrated database on the test server, to be copied."""
    server = os.environ.get(SERVER)
    if not server:
        (pytest.fail if os.environ.get("QUALOOP_TEST_REQUIRE") == "all" else pytest.skip)(MISSING)
    name = f"qualoop_template_{uuid.uuid4().hex}"
    _administer(f'CREATE DATABASE "{name}"')
    database = Database(_address_of(name))
    migrate(database)
    database.close()
    yield name
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def idle_databases() -> Iterator[list[str]]:
    """The names of databases on the test server that are as good as new."""
    names: list[str] = []
    yield names
    for name in names:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a new, migrated SQLite database."""
    path = shutil.copy(sqlite_template(), tmp_path / "qualoop.db")
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_template: str, idle_databases: list[str]) -> Iterator[str]:
    """The address of a migrated PostgreSQL database without rows."""
    name = idle_databases.pop() if idle_databases else _copy_of(postgresql_template)
    yield _address_of(name)
    if emptied(_url_of(name), shape_of(_url_of(postgresql_template))):
        idle_databases.append(name)
    else:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new, migrated database: each test runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A new, migrated database: each test runs on both kinds."""
    opened = Database(database_url)
    yield opened
    opened.close()


def _url_of(name: str) -> URL:
    return make_url(os.environ[SERVER]).set(database=name)


def _address_of(name: str) -> str:
    """Return the address of a database on the test server."""
    return _url_of(name).render_as_string(hide_password=False)


def _copy_of(template: str) -> str:
    """Make a copy of a database on the test server and return its name."""
    name = f"qualoop_test_{uuid.uuid4().hex}"
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    # These databases outlive no test; that the disk has what was committed is the server's own promise.
    _administer(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    return name


def _administer(statement: str) -> None:
    """Run a statement on the test server outside of any transaction."""
    engine = create_engine(os.environ[SERVER], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
