"""A market room over HTTP, on the embedded database: one tool for a module, a course of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.factories.rooms import Course, market_content, open_course
from tests.factories.tool import Tool, make_tool

COURSES = count(1)


@pytest.fixture(scope="module")
def market_tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    made = make_tool(
        f"sqlite:///{tmp_path_factory.mktemp('tool') / 'tool.db'}", content=market_content(), activity="sem-campaign"
    )
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def course(market_tool: Tool) -> Course:
    return open_course(market_tool, f"f-{next(COURSES)}")


@pytest.fixture
def another(market_tool: Tool) -> Course:
    """Another course of the same organisation."""
    return open_course(market_tool, f"f-{next(COURSES)}")
