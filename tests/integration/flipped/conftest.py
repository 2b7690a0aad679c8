"""A course with a flipped unit that a teacher built and placed, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.flipped import BuiltUnit, build_unit
from tests.factories.tool import make_tool


@pytest.fixture
def built(database_url: str) -> Iterator[BuiltUnit]:
    tool = make_tool(database_url)
    yield build_unit(tool)
    tool.runtime.database.close()
    tool.runtime.http.close()
