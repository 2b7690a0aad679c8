"""An installation that has one more engine, the small one of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

import pytest

from qualoop.simulators import ENTRY_POINT_GROUP, Engine, get_engine, registry
from qualoop.simulators.project import FormBand
from qualoop.simulators.psychometrics import Task
from tests.fakes.engines import StallEngine

STALL = EntryPoint(name="stall", value="tests.fakes.engines:StallEngine", group=ENTRY_POINT_GROUP)


@pytest.fixture
def stall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Install the engine `stall` for one test."""

    def with_stall(*, group: str) -> list[EntryPoint]:
        return [*entry_points(group=group), *([STALL] if group == ENTRY_POINT_GROUP else [])]

    monkeypatch.setattr(registry, "entry_points", with_stall)
    registry.loaded.cache_clear()
    yield get_engine("stall")
    registry.loaded.cache_clear()


@pytest.fixture
def task() -> Task:
    """Return the stall as something to measure."""
    return Task(engine=StallEngine(), spec=StallEngine.spec_model(), band=FormBand(), attempts=2)
