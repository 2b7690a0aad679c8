"""A course whose platform lists its members, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.rosters import Course, running_course


@pytest.fixture
def course(database_url: str) -> Iterator[Course]:
    with running_course(database_url) as made:
        yield made
