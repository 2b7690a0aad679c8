"""The server processes of the demo: started with a log file each, watched, and ended in order."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final, Self

from qualoop.errors import QualoopError

END_S: Final = 5.0
KILL_S: Final = 5.0
LAST_LINES: Final = 15


class DemoFailedError(QualoopError):
    """The demo cannot go on; the message says what happened, `log` where to read more."""

    code = "demo-failed"

    def __init__(self, message: str, log: Path | None = None) -> None:
        self.log = log
        lines = last_lines(log) if log else []
        super().__init__("\n".join([message, *(f"    {line}" for line in lines), *([f"Log: {log}"] if log else [])]))


@dataclass(slots=True)
class Child:
    """A running process of the demo."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Self:
        """Start ``command`` with its output in ``log``, in a session of its own: Ctrl-C reaches only the parent."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(name, log, process)

    def check(self) -> None:
        """Raise DemoFailedError where the process has ended."""
        status = self.process.poll()
        if status is not None:
            raise DemoFailedError(f"The {self.name} has stopped (exit status {status}). Its last lines:", self.log)

    def end(self, patience_s: float = END_S) -> None:
        """Ask the process to end; when the patience is over, kill it."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(KILL_S)


def run(command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
    """Run a command with its output added to ``log``; raise DemoFailedError where it fails. Ctrl-C does not reach it."""
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command[1:])}\n".encode())
        output.flush()
        done = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
        )
    if done.returncode != 0:
        words = " ".join(takewhile(lambda word: not word.startswith(("-", "/")), command[1:]))
        raise DemoFailedError(f"`{Path(command[0]).name} {words}` failed (exit status {done.returncode}):", log)


def last_lines(log: Path) -> list[str]:
    """Return the last lines of a log file."""
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    except OSError:
        return []
