"""Our taxonomy files, tags and statuses at openedx-core itself, in a process of its own Python."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from qualoop.exchange.openedx_taxonomy import as_csv
from tests.factories.open_edx import MISSING, PROJECT, PYTHON
from xblocks.common.contents import SHIPPED


@pytest.fixture(scope="module")
def found() -> Mapping[str, Any]:
    """What Open edX's own code made of ours."""
    if not PYTHON.exists():
        (pytest.fail if os.environ.get("QUALOOP_TEST_REQUIRE") == "all" else pytest.skip)(MISSING)
    command = [str(PYTHON), "-W", "ignore", "-m", "tests.fakes.competency_site"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    result: Mapping[str, Any] = json.loads(done.stdout)
    return result


def test_open_edx_imports_both_files_and_gives_the_same_tags_back(found: Mapping[str, Any]) -> None:
    assert found["files"]["imported"] == [True, True]
    ours = {row["id"]: row for row in csv.DictReader(io.StringIO(as_csv(SHIPPED.framework, "zh-Hans")))}
    assert {row["id"]: row for row in found["files"]["exported"]} == ours


def test_a_course_is_set_up_once(found: Mapping[str, Any]) -> None:
    assert found["competencies"]["new"] == [len(SHIPPED.framework.knowledge_points), 0]


def test_statuses_are_only_raised_and_what_fell_is_listed(found: Mapping[str, Any]) -> None:
    low, high = "AttemptedNotDemonstrated", "Demonstrated"
    # Nothing is said of an appeal, nor of somebody whom the platform does not know.
    assert found["competencies"]["first"] == [1, 2, {"ann SEM-1.1": high, "ann SEM-1.2": low}]
    assert found["competencies"]["second"] == [1, 1, {"ann SEM-1.1": high, "ann SEM-1.2": high}]
    assert found["competencies"]["falls"] == [["ann", "SEM-1.1", "withdrawn"]]


def test_a_block_is_tagged_with_its_points(found: Mapping[str, Any]) -> None:
    assert found["tags"] == {"done": True, "tags": ["SEM-1.1", "SEM-1.2"]}
