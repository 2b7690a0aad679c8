"""A recorded run comes out the same on the oldest libraries that setup.cfg allows, NumPy above all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from qualoop.commands.sim import load_project
from qualoop.framework import shipped_content
from qualoop.simulators import PROJECT_FILE, WorldKey
from qualoop.simulators.run_files import Source, make_record

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv/oldest/bin"
# In a live project nothing runs.
FOLDERS = [
    path.parent
    for path in sorted(shipped_content().rglob(PROJECT_FILE))
    if "\nmode: live\n" not in path.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def oldest() -> Path:
    if not (BIN / "qualoop").exists():
        missing = "`make oldest` first: it wants Python 3.11 or 3.12"
        (pytest.fail if os.environ.get("QUALOOP_TEST_REQUIRE") == "all" else pytest.skip)(missing)
    return BIN


def test_it_has_the_oldest_numpy(oldest: Path) -> None:
    asked = [str(oldest / "python"), "-c", "import numpy; print(numpy.__version__)"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    floors = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert f"numpy>={'.'.join(version.split('.')[:2])}\n" in floors


def test_what_ships_is_good_there(oldest: Path) -> None:
    commands: list[list[str]] = [["framework", "check"], ["content", "check", "content/ecommerce/lessons"]]
    for command in commands:
        done = subprocess.run(
            [str(oldest / "qualoop"), *command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_a_run_is_verified_there(folder: Path, oldest: Path, tmp_path: Path) -> None:
    project, content = load_project(folder)
    if project.engine.name == "sql-ladder":
        pytest.skip("queries want DuckDB, which the core alone does not have")
    key = WorldKey.of_seed(3, "oldest")
    plan = project.engine.reference(project.engine.world(project.spec, key))
    record = make_record(project.engine, Source(project=project.key, content=content, spec=project.spec), key, plan)
    file = tmp_path / "run.json"
    file.write_text(record.model_dump_json(), encoding="utf-8")
    done = subprocess.run(
        [str(oldest / "qualoop"), "sim", "verify", str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
