"""A tool with a class in it, one for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.tool import Tool, make_tool


@pytest.fixture
def tool(sqlite_url: str) -> Iterator[Tool]:
    """A tool on a database of its own, with the lessons that come with Qualoop."""
    made = make_tool(sqlite_url)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()
