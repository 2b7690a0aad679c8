"""A school with failed deliveries, on each kind of database, and the commands that work on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.tool import Tool, make_tool
from tests.functional.admin.conftest import Furnished, furnish


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url)
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def ours(tool: Tool) -> Furnished:
    return furnish(tool, tool.organisation_id, "Ours")
