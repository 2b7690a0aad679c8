"""A course of its own for each test of the pages of warnings, evidence, records and the programme."""

from __future__ import annotations

from itertools import count

import pytest

from tests.factories.class_sessions import Classroom, open_classroom
from tests.factories.tool import NOON, Tool

COURSES = count(1)


@pytest.fixture
def room(tool: Tool) -> Classroom:
    tool.clock.now = NOON
    return open_classroom(tool, f"pp-{next(COURSES)}")


@pytest.fixture
def another(tool: Tool, room: Classroom) -> Classroom:
    """Another course of the same organisation."""
    return open_classroom(tool, f"pp-{next(COURSES)}")
