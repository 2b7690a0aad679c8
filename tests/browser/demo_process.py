"""The demo as a person starts it: one process with LMS, tool and worker, and a data folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 120
END_S = 30
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demo: the origins of its LMS and its tool, which are two sites to a browser."""

    lms: str
    tool: str


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Run `python -m demo`, with nothing begun in it, on an empty data folder until the block is left."""
    ready, log = folder / "ready.json", folder / "demo.log"
    command = [sys.executable, "-m", "demo", "--empty", "--data", str(folder / "data"), "--once-ready", str(ready)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            _wait_for(ready, process, log)
            said = json.loads(ready.read_text(encoding="utf-8"))
            yield Demo(lms=said["lms"], tool=said["tool"])
        finally:
            process.terminate()
            process.wait(END_S)


def _wait_for(ready: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the demo did not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(LOOK_EVERY_S)
