"""An installation with one practice project, and a learner who has opened it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.classrooms import Seat, enter
from tests.factories.tool import Tool, make_tool, shipped

PROJECT = "da-ab-referee"


@pytest.fixture
def tool(database_url: str) -> Iterator[Tool]:
    made = make_tool(database_url, content=shipped(PROJECT))
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def seat(tool: Tool) -> Seat:
    return enter(tool, "s-1", name="Sam Student", lesson=PROJECT, title="The A/B referee")
