"""A whole tool on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.tool import Tool, make_tool


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()
