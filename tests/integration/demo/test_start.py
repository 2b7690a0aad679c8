"""`python -m demo` as `make demo` runs it: everything starts, answers and ends; the second time with the data kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

START_S = 120


def check(folder: Path) -> str:
    command = [sys.executable, "-m", "demo", "--data", str(folder), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_demo_starts_twice_on_the_same_addresses(tmp_path: Path) -> None:
    first = check(tmp_path)
    assert "worker is running" in first
    key = (tmp_path / "tool" / "secret.key").read_text()
    examples = "  Preparing the examples: a live project and two rooms\n"
    assert examples in first
    made = json.loads((tmp_path / "examples.json").read_text())["made"]
    assert made == ["sem-partner-shop", "sem-campaign", "scm-beer-game"]
    assert check(tmp_path) == first.replace(examples, ""), "what is begun is begun once"
    assert (tmp_path / "tool" / "secret.key").read_text() == key


def test_failed_step_is_named(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "qualoop.db").write_text("no database at all, but long enough to be read as the head of one")
    command = [sys.executable, "-m", "demo", "--data", str(tmp_path), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_S, check=False)
    assert done.returncode == 1
    assert "database migrate` failed" in done.stderr
