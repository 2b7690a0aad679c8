"""A marking room over HTTP, on the embedded database: one tool for a module, a course of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from lti_tool.services.content.rubrics import StoredRubric
from tests.factories.marking import Room, make_room, one_lesson, open_course
from tests.factories.tool import Tool, make_tool

COURSES = count(1)


@pytest.fixture(scope="module")
def marked_tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('tool') / 'tool.db'}", content=one_lesson())
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture(scope="module")
def rubric(marked_tool: Tool) -> StoredRubric:
    return open_course(marked_tool)


@pytest.fixture
def room(marked_tool: Tool, rubric: StoredRubric) -> Room:
    return make_room(marked_tool, rubric, course=f"f-{next(COURSES)}")


@pytest.fixture
def another(marked_tool: Tool, rubric: StoredRubric) -> Room:
    """A room in another course of the same organisation."""
    return make_room(marked_tool, rubric, course=f"f-{next(COURSES)}")
