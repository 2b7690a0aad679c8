"""Processes of the demo: a dead one is named with its last words, a deaf one is killed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from demo.processes import Child, DemoFailedError, run

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def start(code: str, log: Path) -> Child:
    return Child.start("tool", [sys.executable, "-c", code], environment=os.environ, log=log)


def test_dead_child_is_named_with_its_last_lines(tmp_path: Path) -> None:
    child = start("print('the disk is full'); raise SystemExit(3)", tmp_path / "tool.log")
    child.process.wait(10)
    with pytest.raises(DemoFailedError, match=r"tool has stopped \(exit status 3\)[^$]*the disk is full"):
        child.check()


def test_child_ends_when_asked(tmp_path: Path) -> None:
    child = start("import time; time.sleep(60)", tmp_path / "tool.log")
    child.check()
    child.end()
    assert child.process.returncode is not None


def test_deaf_child_is_killed(tmp_path: Path) -> None:
    child = start(DEAF, tmp_path / "tool.log")
    while "deaf" not in child.log.read_text():
        time.sleep(0.02)
    child.end(patience_s=0.2)
    assert child.process.returncode == -9


def test_failed_command_is_named_with_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such table')"]
    with pytest.raises(DemoFailedError, match="no such table"):
        run(command, environment=os.environ, log=tmp_path / "setup.log")
