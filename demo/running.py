"""Starts LMS, tool and worker, waits until they answer, watches them, and ends them."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import urllib3

from demo.addresses import LOOPBACK, Addresses
from demo.lms.settings import LmsSettings
from demo.processes import Child, DemoFailedError
from demo.tool_setup import qualoop_command

START_S: Final = 60.0
PAUSE_S: Final = 0.2
PROBE_S: Final = 5.0
HTTP_OK: Final = 200
LOCK_FILE: Final = "running.lock"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder; raise DemoFailedError where another demo runs on it."""
    with (folder / LOCK_FILE).open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoFailedError(
                f"A demo is already running on {folder}. Stop it first, or take --data OTHER"
            ) from error
        yield


def start_lms(settings: LmsSettings, settings_file: Path, port: int, log: Path) -> Child:
    """Start the LMS; it reads its settings from the file."""
    settings_file.parent.mkdir(parents=True, exist_ok=True)
    settings_file.write_text(settings.as_json(), encoding="utf-8")
    command = _gunicorn(port, f"demo.lms.app:serve({str(settings_file)!r})", workers=1)
    return Child.start("LMS", command, environment=os.environ | {"PYTHONUNBUFFERED": "1"}, log=log / "lms.log")


def start_tool(environment: dict[str, str], port: int, log: Path) -> Child:
    """Start the tool's web server."""
    command = _gunicorn(port, "lti_tool.wsgi:application", workers=1)
    return Child.start("tool", command, environment=environment, log=log / "tool.log")


def start_worker(environment: dict[str, str], log: Path) -> Child:
    """Start the process that sends grades to the LMS."""
    return Child.start("worker", [*qualoop_command(), "worker"], environment=environment, log=log / "worker.log")


def wait_until_ready(children: list[Child], addresses: Addresses, stop: threading.Event) -> None:
    """Wait until LMS and tool answer; raise DemoFailedError where a child ends or nothing comes of it."""
    deadline = time.monotonic() + START_S
    waiting = [f"{addresses.lms}/health", f"{addresses.tool}/health"]
    while waiting and not stop.is_set():
        for child in children:
            child.check()
        if answers(waiting[0]):
            waiting.pop(0)
        elif time.monotonic() > deadline:
            raise DemoFailedError(f"{waiting[0]} does not answer within {START_S:.0f} seconds", children[0].log.parent)
        else:
            stop.wait(PAUSE_S)


def watch(children: list[Child], stop: threading.Event) -> None:
    """Return when the demo is told to stop; raise DemoFailedError where a child ends by itself."""
    while not stop.wait(PAUSE_S):
        for child in children:
            child.check()


def check_addresses(children: list[Child], addresses: Addresses, *, say: Callable[[str], None]) -> None:
    """Ask every address once; raise DemoFailedError with those that do not answer well."""
    asked = [
        *(f"{addresses.lms}{path}" for path in ("/", "/health", "/lti/jwks")),
        *(f"{addresses.tool}{path}" for path in ("/health", "/lti/jwks")),
    ]
    failed = []
    for address in asked:
        good = answers(address)
        say(f"{'ok    ' if good else 'FAILED'} {address}")
        failed += [] if good else [address]
    for child in children:
        child.check()
        say(f"ok     {child.name} is running")
    if failed:
        raise DemoFailedError(f"No good answer from {', '.join(failed)}", children[0].log.parent)


def answers(address: str) -> bool:
    """Say whether an address answers 200."""
    try:
        with urllib3.PoolManager(num_pools=1, timeout=PROBE_S, retries=False) as pool:
            return pool.request("GET", address, redirect=False).status == HTTP_OK
    except urllib3.exceptions.HTTPError:
        return False


def _gunicorn(port: int, application: str, *, workers: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "--bind", f"{LOOPBACK}:{port}"),
        *("--worker-class", "gthread", "--workers", str(workers), "--threads", "8", "--graceful-timeout", "3"),
        "--no-control-socket",
        application,
    ]
