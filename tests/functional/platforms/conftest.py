"""Platforms as processes of their own, each run once for the module that tests it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.factories.open_edx import MISSING, PYTHON, OpenEdx, logs_of, running_open_edx


@pytest.fixture(scope="module")
def open_edx(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[OpenEdx]:
    """Open edX and a tool that is registered there; where tests fail, what they logged is shown."""
    if not PYTHON.exists():
        (pytest.fail if os.environ.get("QUALOOP_TEST_REQUIRE") == "all" else pytest.skip)(MISSING)
    folder, failed = tmp_path_factory.mktemp("open-edx"), request.session.testsfailed
    try:
        with running_open_edx(folder) as running:
            yield running
    finally:
        if request.session.testsfailed > failed or sys.exc_info()[0]:
            sys.stderr.write(logs_of(folder))
