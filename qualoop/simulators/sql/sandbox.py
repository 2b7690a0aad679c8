"""Queries of learners, run where they can do no harm: the server's side of the isolation ladder.

    sandbox = open_sandbox(data_file, engine="duckdb", sample="1" * units)
    answers = sandbox.run([Query(text=..., sample=...)])

DuckDB's makers say that it is no sandbox (duckdb.org/security), so the operating system is: a worker inside bubblewrap,
else under Landlock and seccomp, else nothing runs (SandboxUnavailableError). Measured in docs and `qualoop bench sim`.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from qualoop.simulators.sql import frames
from qualoop.simulators.sql.errors import SandboxBusyError, SandboxUnavailableError, SqlSandboxError
from qualoop.simulators.sql.rungs import RUNGS, Rung, find_rung

MOST_WAITING: Final = 240
START_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 150.0
TOGETHER: Final = 4
MOST_RETRIED: Final = 8
OVERLOADED: Final = "overloaded"
"""The worker's code for a query that was stopped at the wall clock's limit but had hardly been given the processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A text to run on a sample (a `1` or `0` for each sampling unit of the data)."""

    text: str
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query brought: rows of plain JSON values, or the code of a fault, with its line where known."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    fault: str | None = None
    line: int | None = None


@dataclass(slots=True)
class _Pending:
    """The answers to come of one call, by the numbers of its queries."""

    arrived: SimpleQueue[tuple[int, list[Answer]] | None] = field(default_factory=SimpleQueue)


class Sandbox:
    """A worker on one rung. Safe for threads; after a fork of the server, open another."""

    def __init__(self, rung: Rung, *, engine: str, sample: str) -> None:
        self.rung = rung.name
        self.owner = os.getpid()
        self._setup = {"rung": rung.name, "engine": engine, "data": rung.data, "sample": sample}
        self._lock = threading.Lock()
        self._next = 0
        self._pending: dict[int, _Pending] = {}
        self._started: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ends the worker when the thread that started it ends, so that thread must last as long as this.
        self._keeper = threading.Thread(target=self._keep, args=(rung.command,), name="sql-worker", daemon=True)
        self._keeper.start()
        try:
            report = self._started.get(timeout=START_SECONDS)
        except Empty:
            report = {"ready": False, "found": "no sign of life"}
        self.found = str(report["found"])
        if not report["ready"]:
            self.close()
            raise SandboxUnavailableError(f"{rung.name}: {self.found}")

    @property
    def alive(self) -> bool:
        """Whether the worker runs, in this process."""
        return self.owner == os.getpid() and self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int:
        """Return the worker's (or bubblewrap's) process id."""
        return self._process.pid if self._process is not None else 0

    def run(self, queries: Sequence[Query], *, trusted: Collection[str] = ()) -> list[Answer]:
        """Return the answers to queries, in order; raise SandboxBusyError or SqlSandboxError, and then none counts.

        Each runs in a process of its own; those whose texts are ``trusted``, the authors' own, share a few.
        """
        answers: list[Answer] = [_NONE] * len(queries)
        self._fill(answers, queries, _grouped(queries, trusted))
        # In company a query may have been stopped for what another did.
        alone = [place for place, answer in enumerate(answers) if answer.fault and queries[place].text in trusted]
        self._fill(answers, queries, [[place] for place in alone])
        overloaded = [place for place, answer in enumerate(answers) if answer.fault == OVERLOADED]
        for place in overloaded[:MOST_RETRIED]:
            # One at a time: each gets four times the share that it had.
            self._fill(answers, queries, [[place]])
        if any(answer.fault == OVERLOADED for answer in answers):
            raise SandboxBusyError
        return answers

    def _fill(self, answers: list[Answer], queries: Sequence[Query], groups: Sequence[Sequence[int]]) -> None:
        """Run groups of queries, named by their places, and put the answers in theirs."""
        pending = _Pending()
        numbers = self._send([[queries[place] for place in group] for group in groups], pending)
        left = dict(zip(numbers, groups, strict=True))
        try:
            while left:
                arrived = pending.arrived.get(timeout=ANSWER_SECONDS)
                if arrived is None:
                    raise SqlSandboxError
                for place, answer in zip(left.pop(arrived[0]), arrived[1], strict=True):
                    answers[place] = answer
        except Empty as error:
            raise SqlSandboxError from error
        finally:
            with self._lock:
                for number in numbers:
                    self._pending.pop(number, None)

    def close(self) -> None:
        """End the worker, and with it every query."""
        process = self._process
        if process is None or self.owner != os.getpid():
            return
        process.kill()
        self._keeper.join(timeout=START_SECONDS)

    def _send(self, groups: Sequence[Sequence[Query]], pending: _Pending) -> list[int]:
        with self._lock:
            if len(self._pending) + len(groups) > MOST_WAITING:
                raise SandboxBusyError
            if not self.alive or self._process is None or self._process.stdin is None:
                raise SqlSandboxError
            numbers = list(range(self._next, self._next + len(groups)))
            self._next += len(groups)
            self._pending.update(dict.fromkeys(numbers, pending))
            try:
                for number, group in zip(numbers, groups, strict=True):
                    texts = [query.text for query in group]
                    request = {"id": number, "queries": texts, "sample": group[0].sample}
                    frames.send(self._process.stdin.fileno(), request)
            except OSError as error:
                for number in numbers:
                    self._pending.pop(number, None)
                raise SqlSandboxError from error
        return numbers

    def _keep(self, command: Sequence[str]) -> None:
        """Start the worker, pass its answers on, and bury it."""
        try:
            # The command is made of our own words and this installation's paths; nothing of it comes from a request.
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/"
            )
        except OSError as error:
            self._started.put({"ready": False, "found": str(error.strerror)})
            return
        with self._process as process:
            try:
                self._pass_on(process)
            except (OSError, ValueError, frames.FrameError):
                process.kill()
            finally:
                self._started.put({"ready": False, "found": "it ended at once"})
                self._give_up()

    def _pass_on(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            return
        frames.send(process.stdin.fileno(), self._setup)
        report = frames.receive(process.stdout.fileno())
        if report is None:
            return
        self._started.put(report)
        while (message := frames.receive(process.stdout.fileno())) is not None:
            with self._lock:
                pending = self._pending.pop(message["id"], None)
            if pending is not None:
                pending.arrived.put((message["id"], [_answer(answer) for answer in message["answers"]]))

    def _give_up(self) -> None:
        with self._lock:
            for pending in self._pending.values():
                pending.arrived.put(None)


_NONE: Final = Answer(fault="failed")


def _grouped(queries: Sequence[Query], trusted: Collection[str]) -> list[list[int]]:
    """Return places in groups: trusted texts on one sample together, a few at a time, all others alone."""
    groups: list[list[int]] = []
    open_: dict[str, list[int]] = {}
    for place, query in enumerate(queries):
        if query.text not in trusted:
            groups.append([place])
            continue
        group = open_.setdefault(query.sample, [])
        if not group:
            groups.append(group)
        group.append(place)
        if len(group) == TOGETHER:
            del open_[query.sample]
    return groups


def _answer(message: dict[str, Any]) -> Answer:
    if "fault" in message:
        return Answer(fault=str(message["fault"]), line=message["line"])
    return Answer(columns=tuple(message["columns"]), rows=tuple(tuple(row) for row in message["rows"]))


def open_sandbox(data: Path, *, engine: str, sample: str, rungs: Sequence[str] = RUNGS) -> Sandbox:
    """Return a sandbox on the first rung that holds; raise SandboxUnavailableError where none does."""
    faults: list[str] = []
    for name in rungs:
        rung = find_rung(name, data, engine)
        if rung is None:
            faults.append(f"{name}: not installed")
            continue
        try:
            return Sandbox(rung, engine=engine, sample=sample)
        except SandboxUnavailableError as error:
            faults.append(error.found)
    raise SandboxUnavailableError("; ".join(faults) or "nothing was allowed to be tried")
