"""Courses on each kind of database, as the tests of classes have them; each test begins at the same moment."""

from __future__ import annotations

from itertools import count

import pytest

from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.tool import NOON, Tool
from tests.integration.classroom.conftest import tool

__all__ = ["tool"]

COURSES = count(1)


@pytest.fixture
def room(tool: Tool) -> Classroom:
    tool.clock.now = NOON
    return open_classroom(tool, f"p-{next(COURSES)}")


@pytest.fixture
def another(tool: Tool, room: Classroom) -> Classroom:
    """Another course of the same organisation."""
    return open_classroom(tool, f"p-{next(COURSES)}")
