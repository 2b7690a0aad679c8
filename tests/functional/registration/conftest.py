"""A tool that a platform on loopback may register with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.factories.tool import Tool, app_of
from tests.fakes.registering_platform import (
    RegisteringPlatform,
    registering_platform,
)
from tests.functional.registration.steps import make_link


@pytest.fixture
def tool(fresh_tool: Tool) -> Tool:
    """A tool that may call loopback."""
    runtime = replace(fresh_tool.runtime, settings=replace(fresh_tool.runtime.settings, allow_loopback=True))
    return replace(fresh_tool, runtime=runtime, app=app_of(runtime))


@pytest.fixture
def platform() -> Iterator[RegisteringPlatform]:
    with registering_platform() as running:
        yield running


@pytest.fixture
def link(tool: Tool) -> str:
    return make_link(tool)
