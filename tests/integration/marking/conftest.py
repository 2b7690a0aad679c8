"""Marking rooms on each kind of database: one tool for the tests of a module, a course of its own for each test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import create_engine, make_url, text

from lti_tool.services.content.rubrics import StoredRubric
from lti_tool.services.mastery.content_install import ContentImport
from tests.factories.databases import sqlite_template
from tests.factories.marking import Room, make_room, one_lesson, open_course
from tests.factories.tool import Tool, make_tool
from tests.integration.conftest import SERVER

COURSES = count(1)


@pytest.fixture(scope="module")
def content() -> ContentImport:
    """What the tool of a module has: the lesson, whose work is marked."""
    return one_lesson()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def tool(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, content: ContentImport
) -> Iterator[Tool]:
    """A tool with the content of the module."""
    if request.param == "sqlite":
        path = shutil.copy(sqlite_template(), tmp_path_factory.mktemp("marking") / "qualoop.db")
        yield from _opened(f"sqlite:///{path}", content)
    else:
        yield from _on_postgresql(request.getfixturevalue("postgresql_template"), content)


@pytest.fixture(scope="module")
def rubric(tool: Tool) -> StoredRubric:
    return open_course(tool)


@pytest.fixture
def room(tool: Tool, rubric: StoredRubric) -> Room:
    return make_room(tool, rubric, course=f"c-{next(COURSES)}")


@pytest.fixture
def another(tool: Tool, rubric: StoredRubric) -> Room:
    """A room in another course of the same organisation."""
    return make_room(tool, rubric, course=f"c-{next(COURSES)}")


def _opened(url: str, content: ContentImport) -> Iterator[Tool]:
    made = make_tool(url, content=content)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


def _on_postgresql(template: str, content: ContentImport) -> Iterator[Tool]:
    server, name = make_url(os.environ[SERVER]), f"qualoop_test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        yield from _opened(server.set(database=name).render_as_string(hide_password=False), content)
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()
