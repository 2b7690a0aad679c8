"""Whether the confinement holds: what a query must not be able to do is tried, before any query is run.

The worker loads this module alone. Whatever succeeds is a reason to refuse all SQL tasks.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from qualoop.simulators.sql import confinement
from qualoop.simulators.sql.query_process import MEMORY, SECONDS, Place, answer_in_fork

_HONEST: Final = "select count(*), sum(quantity), max(invoice_date) from sales where quantity > 0"
_HELD: Final = 0
_BROKE: Final = 1
_OTHERWISE: Final = 2


class ProbeError(Exception):
    """The confinement does not hold, or an honest query does not run inside it."""


def prove(place: Place, sample: str) -> None:
    """Raise ProbeError where anything forbidden succeeds, or an honest query fails."""
    server = os.getppid()
    for name, attempt in {**_ATTEMPTS, "reading the server's environment": lambda: _read_environment(server)}.items():
        if _outcome(attempt, inner=False) != _HELD:
            raise ProbeError(f"{name} is possible in the worker")
    if place.filtered:
        if _outcome(_make_socket, inner=False) != _HELD:
            raise ProbeError("making a socket is possible in the worker")
        for name, attempt in _QUERY_ATTEMPTS.items():
            if _outcome(attempt, inner=True) != _HELD:
                raise ProbeError(f"{name} is possible in a query")
    _run_honest_query(place, sample)


def _outcome(attempt: Callable[[], object], *, inner: bool) -> int:
    """Return, from a fork, whether an attempt was held back (_HELD)."""
    process = os.fork()
    if not process:
        code = _OTHERWISE
        try:
            confinement.limit_resources(memory=MEMORY, seconds=SECONDS)
            if inner:
                confinement.allow_query_calls()
            attempt()
            code = _BROKE
        except OSError:
            code = _HELD
        finally:
            os._exit(code)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def _run_honest_query(place: Place, sample: str) -> None:
    output, its_end = os.pipe()
    process = os.fork()
    if not process:
        os.close(output)
        answer_in_fork(place, {"queries": [_HONEST], "sample": sample}, its_end)
    os.close(its_end)
    message = b""
    while more := os.read(output, 1 << 16):
        message += more
    os.close(output)
    os.waitpid(process, 0)
    answers = json.loads(message or b"[]")
    if not answers or "rows" not in answers[0]:
        raise ProbeError(f"an honest query fails: {message.decode(errors='replace')[:200]}")


def _read_accounts() -> None:
    os.close(os.open("/etc/passwd", os.O_RDONLY))


def _read_environment(process: int) -> None:
    os.close(os.open(f"/proc/{process}/environ", os.O_RDONLY))


def _read_processes() -> None:
    list(Path("/proc").iterdir())


def _write_file() -> None:
    os.close(os.open("/qualoop-probe", os.O_WRONLY | os.O_CREAT, 0o600))


def _use_network() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as own:
        own.settimeout(0.2)
        own.connect(("192.0.2.1", 9))


def _make_socket() -> None:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).close()


def _start_program() -> None:
    os.posix_spawn("/bin/sh", ["sh", "-c", "exit 0"], {})


def _fork() -> None:
    if not os.fork():
        os._exit(0)


def _signal_parent() -> None:
    os.kill(os.getppid(), 0)


def _sleep() -> None:
    time.sleep(0.001)


_ATTEMPTS: Final[Mapping[str, Callable[[], object]]] = {
    "reading the account file": _read_accounts,
    "looking at processes": _read_processes,
    "writing a file": _write_file,
    "using the network": _use_network,
    "starting a program": _start_program,
}
_QUERY_ATTEMPTS: Final[Mapping[str, Callable[[], object]]] = {
    **_ATTEMPTS,
    "starting a process": _fork,
    "signalling the worker": _signal_parent,
    "sleeping": _sleep,
}
