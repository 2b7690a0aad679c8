"""Starts the XBlock SDK's workbench for a test, headless and on loopback: see tests/fakes/workbench_site.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

PROJECT = Path(__file__).parents[2]
PATIENCE_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """A running workbench; ``scenarios`` gives the id of each by its title."""

    origin: str
    folder: Path
    scenarios: Mapping[str, str]

    def url(self, title: str, *, student: str, view: str = "student_view") -> str:
        """Return where a scenario is shown to a student."""
        return f"{self.origin}/scenario/{self.scenarios[title]}/{view}/?student={quote(student)}"

    def published(self, kind: str) -> list[Any]:
        """Return the data of what blocks published, of one kind, in order."""
        record = self.folder / "var" / "published.jsonl"
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return [row["data"] for row in map(json.loads, lines) if row["type"] == kind]


@contextmanager
def running_workbench(folder: Path, lessons: Path) -> Iterator[Workbench]:
    """Run a workbench in an empty folder, with the lessons of another one."""
    log = folder.with_suffix(".log")
    with log.open("wb") as stderr, _started([str(lessons)], folder, stderr) as process:
        try:
            said = json.loads(process.stdout.readline() if process.stdout else b"")
        except ValueError as error:
            raise RuntimeError(f"the workbench did not start:\n{log.read_text(encoding='utf-8')}") from error
        yield Workbench(origin=f"http://127.0.0.1:{said['port']}", folder=folder, scenarios=said["scenarios"])


@contextmanager
def _started(arguments: Sequence[str], folder: Path, stderr: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.workbench_site", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "EXCLUDE_SAMPLE_XBLOCKS": "yes"},
        stdout=subprocess.PIPE,
        stderr=stderr,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
