"""Launches over HTTP against a whole tool on the embedded database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.tool import Tool, make_tool


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    """A tool for the tests of one module; each test uses browsers and launches of its own."""
    made = make_tool(f"sqlite:///{tmp_path_factory.mktemp('tool') / 'tool.db'}")
    yield made
    made.runtime.database.close()
    made.runtime.http.close()


@pytest.fixture
def fresh_tool(tmp_path: Path) -> Iterator[Tool]:
    """A tool for one test that changes what others would see."""
    made = make_tool(f"sqlite:///{tmp_path / 'tool.db'}")
    yield made
    made.runtime.database.close()
    made.runtime.http.close()
