"""A course with printed sheets, on both kinds of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.paper_halls import Hall, open_hall
from tests.factories.tool import make_tool


@pytest.fixture
def hall(database_url: str) -> Iterator[Hall]:
    tool = make_tool(database_url)
    yield open_hall(tool)
    tool.runtime.database.close()
    tool.runtime.http.close()
