"""The ladder's data files, made once for a run of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qualoop.simulators.sql.running import Installation
from tests.factories.sql_ladder import data_folder, installation


@pytest.fixture(scope="session")
def sql_cache() -> Path:
    return data_folder()


@pytest.fixture(scope="session")
def here(sql_cache: Path) -> Iterator[Installation]:
    made = installation(sql_cache)
    yield made
    made.close()
