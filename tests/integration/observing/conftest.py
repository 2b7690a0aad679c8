"""Courses whose practice is observed, on each kind of database: one tool for a module, a course of its own for each test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.factories.class_sessions import open_classroom
from tests.factories.databases import sqlite_template
from tests.factories.phones import PracticeCourse, install
from tests.factories.tool import Tool, make_tool
from tests.integration.conftest import SERVER

COURSES = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def tool(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    if request.param == "sqlite":
        path = shutil.copy(sqlite_template(), tmp_path_factory.mktemp("observing") / "qualoop.db")
        yield from _opened(f"sqlite:///{path}")
    else:
        yield from _on_postgresql(request.getfixturevalue("postgresql_template"))


@pytest.fixture
def course(tool: Tool) -> PracticeCourse:
    return open_course(tool)


@pytest.fixture
def another(tool: Tool) -> PracticeCourse:
    """Another course of the same organisation."""
    return open_course(tool)


def open_course(tool: Tool) -> PracticeCourse:
    room = open_classroom(tool, f"o-{next(COURSES)}")
    learners = [room.learner(1, "Learner One"), room.learner(2, "Learner Two")]
    return PracticeCourse(tool, room.teacher, learners)


def _opened(url: str) -> Iterator[Tool]:
    made = make_tool(url)
    install(made)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


def _on_postgresql(template: str) -> Iterator[Tool]:
    server, name = make_url(os.environ[SERVER]), f"qualoop_test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        yield from _opened(server.set(database=name).render_as_string(hide_password=False))
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()
