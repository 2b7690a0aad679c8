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
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from qualoop.simulators.sql import frames
from qualoop.simulators.sql.answers import LONGEST_QUERY
from qualoop.simulators.sql.errors import SandboxBusyError, SandboxUnavailableError, SqlSandboxError
from qualoop.simulators.sql.rungs import RUNGS, Rung, find_rung
from qualoop.simulators.sql.texts import CODES

MOST_WAITING: Final = 240
START_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 150.0
SEND_SECONDS: Final = 20.0
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
        # Of what is waited for. Whoever passes answers on needs it, so nobody holds it while writing to the worker: that
        # waits until the worker reads, which may wait until its answers are taken.
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._ended = False
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
        running = self._process is not None and self._process.poll() is None
        return running and not self._ended and self.owner == os.getpid()

    @property
    def process_id(self) -> int:
        """Return the worker's (or bubblewrap's) process id."""
        return self._process.pid if self._process is not None else 0

    def run(self, queries: Sequence[Query], *, trusted: Collection[str] = ()) -> list[Answer]:
        """Return the answers to queries, in order; raise SandboxBusyError or SqlSandboxError, and then none counts.

        Each runs in a process of its own; those whose texts are ``trusted``, the authors' own, share a few.
        """
        answers = [_TOO_LONG if len(query.text) > LONGEST_QUERY else _NONE for query in queries]
        # A message of any length would be too much for the worker, and it would end.
        sent = [place for place, answer in enumerate(answers) if answer is _NONE]
        self._fill(answers, queries, _grouped(queries, sent, trusted))
        # In company a query may have been stopped for what another did.
        alone = [place for place, answer in enumerate(answers) if answer.fault and queries[place].text in trusted]
        self._fill(answers, queries, [[place] for place in alone])
        overloaded = [place for place, answer in enumerate(answers) if answer.fault == OVERLOADED]
        if len(overloaded) > MOST_RETRIED:
            raise SandboxBusyError
        for place in overloaded:
            # One at a time: each gets four times the share that it had.
            self._fill(answers, queries, [[place]])
            if answers[place].fault == OVERLOADED:
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
            # Long after the last of all that may wait must have been answered: it hangs, and another is to take its place.
            self.close()
            raise SqlSandboxError from error
        finally:
            self._forget(numbers)

    def close(self) -> None:
        """End the worker, and with it every query."""
        process = self._process
        if process is None or self.owner != os.getpid():
            return
        process.kill()
        self._keeper.join(timeout=START_SECONDS)

    def _send(self, groups: Sequence[Sequence[Query]], pending: _Pending) -> list[int]:
        with self._lock:
            if self._ended:
                # Nobody would pass the answers on.
                raise SqlSandboxError
            if len(self._pending) + len(groups) > MOST_WAITING:
                raise SandboxBusyError
            numbers = list(range(self._next, self._next + len(groups)))
            self._next += len(groups)
            self._pending.update(dict.fromkeys(numbers, pending))
        try:
            for number, group in zip(numbers, groups, strict=True):
                texts = [query.text for query in group]
                self._write({"id": number, "queries": texts, "sample": group[0].sample})
        except OSError as error:
            self._forget(numbers)
            # A message may have broken off: nothing that follows it could be read.
            self.close()
            raise SqlSandboxError from error
        return numbers

    def _write(self, request: dict[str, Any]) -> None:
        with self._sending:
            if not self.alive or self._process is None or self._process.stdin is None:
                raise BrokenPipeError
            frames.send_within(self._process.stdin.fileno(), request, SEND_SECONDS)

    def _forget(self, numbers: Sequence[int]) -> None:
        with self._lock:
            for number in numbers:
                self._pending.pop(number, None)

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
            except (OSError, ValueError, LookupError, TypeError, RecursionError, frames.FrameError):
                # What it says is no answer of ours: something else speaks there.
                process.kill()
            finally:
                self._started.put({"ready": False, "found": "it ended at once"})
                self._give_up()

    def _pass_on(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            return
        os.set_blocking(process.stdin.fileno(), False)
        frames.send_within(process.stdin.fileno(), self._setup, SEND_SECONDS)
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
            self._ended = True
            for pending in self._pending.values():
                pending.arrived.put(None)


_NONE: Final = Answer(fault="failed")
_TOO_LONG: Final = Answer(fault="too-long")


def _grouped(queries: Sequence[Query], places: Iterable[int], trusted: Collection[str]) -> list[list[int]]:
    """Return places in groups: trusted texts on one sample together, a few at a time, all others alone."""
    groups: list[list[int]] = []
    open_: dict[str, list[int]] = {}
    for place in places:
        query = queries[place]
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
        fault, line = message["fault"], message["line"]
        known = fault in CODES or fault == OVERLOADED
        return Answer(fault=fault if known else "failed", line=line if isinstance(line, int) else None)
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
