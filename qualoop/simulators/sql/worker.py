"""The warm parent of all queries: a process without secrets, network or files, that forks once for each query.

It has the database's file open, read-only and locked, and runs no query of a learner itself: each runs in a fork that
inherits the open database and dies after it, so none sees what another did. Forks are sound because it stays
single-threaded, which is checked after the file was opened. It is started by `sandbox` and loads a few modules of this
package and the database's library, nothing else of Qualoop. In: a set-up, then requests (`id`, `queries`, `sample`);
out: the result of the probe, then answers. At the end of its input it ends, and with it every query.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, NoReturn

from qualoop.simulators.sql import confinement, frames, probe
from qualoop.simulators.sql.answers import MOST_BYTES
from qualoop.simulators.sql.query_process import Place, QueryEngine, answer_in_fork

AT_ONCE: Final = 4
WALL_SECONDS: Final = 2.0
# Who was given less of the two seconds than this did not use them up.
_OWN_SHARE: Final = 0.25
_IN: Final = 0
_OUT: Final = 1
_NOWHERE: Final = 2
_SETUP_FAULTS: Final = (confinement.ConfinementError, probe.ProbeError, ImportError, OSError, ValueError, KeyError)
# DuckDB looks up the memory limit of its control group when it opens a file, and gives up where it may not.
_OWN_LIMITS: Final = ("/proc", "/sys/fs/cgroup")
# Of the list that answers are packed in.
_SEPARATORS: Final = 2
_CHUNK: Final = 1 << 16


@dataclass(slots=True, kw_only=True)
class _Job:
    number: int
    queries: int
    process: int
    end: float
    answer: bytearray = field(default_factory=bytearray)
    stopped: str | None = None


def main() -> None:
    """Confine the process, prove it, say how it went, and answer requests until the input ends."""
    setup = frames.receive(_IN)
    try:
        place, found = _settle(setup)
    except _SETUP_FAULTS as error:
        # To the operator, not to learners: what kept the ladder from holding.
        frames.send(_OUT, {"ready": False, "found": f"{type(error).__name__}: {error}"})
        return
    frames.send(_OUT, {"ready": True, "found": found})
    _Loop(place).run()


def _settle(setup: dict[str, Any]) -> tuple[Place, str]:
    """Return the place of the queries, confined as the rung demands and probed; raise whatever stands in the way."""
    strict = setup["rung"] == "landlock"
    data = str(setup["data"])
    engine: Any = import_module(f"qualoop.simulators.sql.{setup['engine']}_query")
    confinement.give_up_privileges()
    landlocked = strict or bool(confinement.landlock_version())
    if landlocked:
        confinement.allow_files([data, *_OWN_LIMITS])
    warmed = _warm(engine, data)
    if landlocked:
        confinement.allow_files(engine.files_of_queries(data))
    filtered = _filters(strict=strict)
    place = Place(engine=engine, warmed=warmed, filtered=filtered)
    probe.prove(place, str(setup["sample"]))
    gc.freeze()
    return place, f"landlock {'yes' if landlocked else 'no'}, seccomp {'yes' if filtered else 'no'}"


def _warm(engine: QueryEngine, data: str) -> Any:
    """Return what forks inherit. The file is of our own making, and no query was seen yet: nothing hostile runs here."""
    try:
        warmed = engine.warm(data)
    except Exception as error:
        # Whatever the library calls it: to the operator it is one fault.
        raise probe.ProbeError(f"the data file does not open: {type(error).__name__}: {error}") from error
    if not confinement.has_one_thread():
        raise probe.ProbeError("the database's library started a thread, so that no fork would be sound")
    return warmed


def _filters(*, strict: bool) -> bool:
    try:
        confinement.refuse_needless_calls()
    except confinement.ConfinementError:
        if strict:
            raise
        return False
    return True


class _Loop:
    """Requests in, forks, answers out; one thread, one selector."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._selector = selectors.DefaultSelector()
        self._selector.register(_IN, selectors.EVENT_READ)
        self._input = bytearray()
        self._waiting: list[dict[str, Any]] = []
        self._jobs: dict[int, _Job] = {}

    def run(self) -> None:
        """Work until the input ends."""
        open_ = True
        while open_:
            now = time.monotonic()
            pause = min((job.end - now for job in self._jobs.values() if job.stopped is None), default=None)
            for key, _ in self._selector.select(None if pause is None else max(pause, 0.0)):
                if key.fd == _IN:
                    open_ = self._take()
                else:
                    self._read(key.fd)
            self._stop_overdue()
            while self._waiting and len(self._jobs) < AT_ONCE:
                self._start(self._waiting.pop(0))
        for job in self._jobs.values():
            os.kill(job.process, signal.SIGKILL)

    def _take(self) -> bool:
        more = os.read(_IN, _CHUNK)
        self._input += more
        while (request := frames.take(self._input)) is not None:
            self._waiting.append(request)
        return bool(more)

    def _start(self, request: dict[str, Any]) -> None:
        output, its_end = os.pipe()
        process = os.fork()
        if not process:
            self._become_query(request, its_end)
        os.close(its_end)
        self._jobs[output] = _Job(
            number=request["id"],
            queries=len(request["queries"]),
            process=process,
            end=time.monotonic() + WALL_SECONDS,
        )
        self._selector.register(output, selectors.EVENT_READ)

    def _become_query(self, request: dict[str, Any], output: int) -> NoReturn:
        """Let go of everything that is the worker's: its input, its output, the other queries' answers."""
        self._selector.close()
        # SQLite opens no file under the first three numbers, so they stay taken; the third leads nowhere.
        for descriptor in (_IN, _OUT):
            os.dup2(_NOWHERE, descriptor)
        for descriptor in self._jobs:
            os.close(descriptor)
        answer_in_fork(self._place, request, output)

    def _read(self, output: int) -> None:
        job = self._jobs[output]
        more = os.read(output, _CHUNK)
        job.answer += more
        if len(job.answer) > (MOST_BYTES + _SEPARATORS) * job.queries:
            self._stop(job, "too-large")
        if not more:
            self._finish(output)

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for job in self._jobs.values():
            if job.end <= now and job.stopped is None:
                self._stop(job, "timeout")

    @staticmethod
    def _stop(job: _Job, why: str) -> None:
        job.stopped = job.stopped or why
        os.kill(job.process, signal.SIGKILL)

    def _finish(self, output: int) -> None:
        job = self._jobs.pop(output)
        self._selector.unregister(output)
        os.close(output)
        _, status, used = os.wait4(job.process, 0)
        answers = _answers(job, status, used.ru_utime + used.ru_stime)
        try:
            message = frames.packed({"id": job.number, "answers": answers})
        except RecursionError:
            message = frames.packed({"id": job.number, "answers": _faults("failed", job)})
        frames.send_packed(_OUT, message)


def _answers(job: _Job, status: int, seconds: float) -> list[dict[str, Any]]:
    """Return what is reported of a process that ended with a status after so many seconds of processor time."""
    fault = _fault(job, status, seconds)
    return _read(job) if fault is None else _faults(fault, job)


def _read(job: _Job) -> list[dict[str, Any]]:
    """Return what a process answered. It may have come under a query's control: whatever it says must not end the worker."""
    try:
        answers = json.loads(bytes(job.answer))
    except (ValueError, RecursionError):
        return _faults("failed", job)
    if not isinstance(answers, list) or len(answers) != job.queries or not all(map(_is_answer, answers)):
        return _faults("failed", job)
    return answers


def _is_answer(answer: Any) -> bool:
    if not isinstance(answer, dict):
        return False
    if "fault" in answer:
        return isinstance(answer["fault"], str) and "line" in answer
    rows, columns = answer.get("rows"), answer.get("columns")
    return isinstance(columns, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows)


def _faults(code: str, job: _Job) -> list[dict[str, Any]]:
    return [{"fault": code, "line": None}] * job.queries


def _fault(job: _Job, status: int, seconds: float) -> str | None:
    if job.stopped == "timeout" and seconds < _OWN_SHARE * WALL_SECONDS:
        # It hardly ran: the machine is overloaded, and that must not cost a learner marks.
        return "overloaded"
    if job.stopped:
        return job.stopped
    if os.WIFSIGNALED(status):
        # A processor limit ends a query with SIGXCPU; what else ends one from inside is want of memory.
        return "timeout" if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else "memory"
    return None
