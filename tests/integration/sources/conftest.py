"""A tool on each kind of database, and the platform that launches it as a site that sends evidence.

It is furnished once for each kind, and copied for each test.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lti_tool.db import Database
from lti_tool.services.content.contents import Contents
from lti_tool.services.platforms.registrations import Registrations
from tests.factories.sources import LESSON, Site, make_site
from tests.factories.tool import Clock, Tool, app_of, make_tool, shipped
from tests.integration.conftest import _administer, _url_of

NEXT_LESSON = "sem-1-2-organic-search"


@pytest.fixture(scope="package")
def furnished_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tool, Path]:
    """A furnished tool on a database file, to be copied."""
    path = tmp_path_factory.mktemp("furnished") / "tool.db"
    return furnished(f"sqlite:///{path}"), path


@pytest.fixture(scope="package")
def furnished_server(postgresql_template: str) -> Iterator[tuple[Tool, str]]:
    """A furnished tool on a database of the test server, to be copied."""
    name = f"qualoop_furnished_{uuid.uuid4().hex}"
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{postgresql_template}"')
    yield furnished(_url_of(name)), name
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def furnished(url: str) -> Tool:
    """Return a tool with two lessons and the framework, its database closed."""
    lessons = [package for package in shipped().packages if package.key in {LESSON, NEXT_LESSON}]
    made = make_tool(url, content=replace(shipped(), packages=lessons))
    made.runtime.database.close()
    made.runtime.http.close()
    return made


def copy_of(made: Tool, url: str) -> Tool:
    """Return a tool like another, on a copy of its database, with a clock of its own."""
    database, clock = Database(url), Clock()
    settings = replace(made.runtime.settings, database_url=url)
    runtime = replace(
        made.runtime,
        settings=settings,
        database=database,
        registrations=Registrations(database),
        contents=Contents(),
        clock=clock,
    )
    return replace(made, app=app_of(runtime), runtime=runtime, clock=clock)


@pytest.fixture
def file_tool(furnished_file: tuple[Tool, Path], tmp_path: Path) -> Iterator[Tool]:
    """A tool on SQLite."""
    made, path = furnished_file
    copied = copy_of(made, f"sqlite:///{shutil.copy(path, tmp_path / 'tool.db')}")
    yield copied
    copied.runtime.database.close()


@pytest.fixture
def server_tool(furnished_server: tuple[Tool, str]) -> Iterator[Tool]:
    """A tool on PostgreSQL."""
    made, template = furnished_server
    name = f"qualoop_test_{uuid.uuid4().hex}"
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    copied = copy_of(made, _url_of(name))
    yield copied
    copied.runtime.database.close()
    _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["file_tool", "server_tool"], ids=["sqlite", "postgresql"])
def tool(request: pytest.FixtureRequest) -> Tool:
    """A tool on each kind of database."""
    made: Tool = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def site(tool: Tool) -> Site:
    """The platform as a site that sends, on each kind of database."""
    return make_site(tool)


@pytest.fixture
def one_site(file_tool: Tool) -> Site:
    """A site for what is refused before the database has a say: on one kind."""
    return make_site(file_tool)
