"""Queries of learners on an installation: prepared data, a sandbox that is started when first needed, answers kept.

The server says once where it may keep data (`use`); a command line without a server keeps it in a folder of its own.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from qualoop.framework import shipped_content
from qualoop.simulators.sql.dataset import DATASETS, PreparedData, installed_engine, prepare
from qualoop.simulators.sql.errors import DatasetError
from qualoop.simulators.sql.rungs import RUNGS
from qualoop.simulators.sql.sandbox import Answer, Query, Sandbox, open_sandbox
from qualoop.simulators.streams import WorldKey

# Of all answers that are kept, as they lie in memory.
KEPT_BYTES: Final = 48 * 1024 * 1024
# How a busy moment, and not the query, may end it: another time it may well bring rows.
PASSING: Final = frozenset({"timeout", "memory", "failed"})
# So long such an end is kept all the same: what a sheet is worth is worked out several times in one step, and must be the
# same each time. Whoever hands it in again has it run again.
PASSING_SECONDS: Final = 60.0
_SHARE: Final = 0.8


class Runner(Protocol):
    """What the ladder needs of an installation."""

    def engine(self) -> str:
        """Return `duckdb` or `sqlite`."""

    def answers(
        self,
        dataset: str,
        key: WorldKey,
        texts: Sequence[str],
        /,
        *,
        trusted: Collection[str] = (),
        anew: bool = False,
    ) -> list[Answer]:
        """Return what queries bring on the sample of a key; raise SqlSandboxError or DatasetError, and none counts.

        Texts that are ``trusted``, because the authors wrote them, may share a process. With ``anew``, what was ended by a
        want of time or memory is run again.
        """


@lru_cache(maxsize=256)
def draw_sample(units: tuple[str, ...], key: WorldKey) -> str:
    """Return a learner's sample: `1` for each unit that is kept, in their order, four of five by the key's uniforms."""
    return "".join("1" if kept else "0" for kept in key.uniforms("sample", shape=len(units)) < _SHARE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """An answer, how many bytes it takes, and until when (by the monotonic clock) it holds; None: for good."""

    answer: Answer
    size: int
    until: float | None

    def holds(self, now: float, *, anew: bool) -> bool:
        return self.until is None or (not anew and now < self.until)


class Installation:
    """Runs queries on this machine. ``content`` is the content's root, ``cache`` a folder of ours for data files."""

    def __init__(self, *, content: Path, cache: Path, engine: str | None = None, rungs: Sequence[str] = RUNGS) -> None:
        self._content = content
        self._cache = cache
        self._engine = engine
        self._rungs = rungs
        self._lock = threading.Lock()
        self._data: dict[str, PreparedData] = {}
        self._sandboxes: dict[str, Sandbox] = {}
        self._answers: OrderedDict[bytes, _Kept] = OrderedDict()
        self._bytes = 0

    def engine(self) -> str:
        """Return `duckdb` or `sqlite`."""
        return self._engine or installed_engine()

    def answers(
        self,
        dataset: str,
        key: WorldKey,
        texts: Sequence[str],
        *,
        trusted: Collection[str] = (),
        anew: bool = False,
    ) -> list[Answer]:
        """Return what queries bring on the sample of a key; what brought rows before is not run again."""
        data = self._prepared(dataset)
        sample = draw_sample(data.units, key)
        names = [_named(dataset, sample, text) for text in texts]
        known = self._known(names, anew=anew)
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
        if missing:
            sandbox = self._sandbox(data)
            found = sandbox.run([Query(text=text, sample=sample) for text in missing.values()], trusted=trusted)
            known |= dict(zip(missing, found, strict=True))
            self._keep({name: known[name] for name in missing})
        return [known[name] for name in names]

    def check(self, dataset: str = "online-retail") -> str:
        """Return the rung that holds here, starting the sandbox; raise SandboxUnavailableError: no SQL tasks then."""
        return self._sandbox(self._prepared(dataset)).rung

    def close(self) -> None:
        """End all sandboxes."""
        with self._lock:
            for sandbox in self._sandboxes.values():
                sandbox.close()
            self._sandboxes.clear()

    def _prepared(self, dataset: str) -> PreparedData:
        with self._lock:
            if dataset not in self._data:
                if dataset not in DATASETS:
                    raise DatasetError(f"no data set {dataset!r}; there are: {', '.join(sorted(DATASETS))}")
                self._data[dataset] = prepare(
                    DATASETS[dataset], content=self._content, cache=self._cache, engine=self.engine()
                )
            return self._data[dataset]

    def _sandbox(self, data: PreparedData) -> Sandbox:
        with self._lock:
            sandbox = self._sandboxes.get(data.dataset.key)
            if sandbox is None or not sandbox.alive:
                everything = "1" * len(data.units)
                sandbox = open_sandbox(data.path, engine=data.engine, sample=everything, rungs=self._rungs)
                self._sandboxes[data.dataset.key] = sandbox
            return sandbox

    def _known(self, names: Sequence[bytes], *, anew: bool) -> dict[bytes, Answer]:
        now, known = time.monotonic(), {}
        with self._lock:
            for name in names:
                kept = self._answers.get(name)
                if kept is not None and kept.holds(now, anew=anew):
                    known[name] = kept.answer
                    self._answers.move_to_end(name)
        return known

    def _keep(self, found: dict[bytes, Answer]) -> None:
        until = time.monotonic() + PASSING_SECONDS
        kept = {
            name: _Kept(answer=answer, size=size_of(answer), until=until if answer.fault in PASSING else None)
            for name, answer in found.items()
        }
        with self._lock:
            for name, each in kept.items():
                before = self._answers.pop(name, None)
                if before is not None and before.until is None:
                    # What ran to its end holds, whoever ran it again meanwhile and was starved.
                    self._answers[name] = before
                    continue
                self._bytes += each.size - (before.size if before else 0)
                self._answers[name] = each
            while self._bytes > KEPT_BYTES:
                _, oldest = self._answers.popitem(last=False)
                self._bytes -= oldest.size


def size_of(answer: Answer) -> int:
    """Return how many bytes an answer takes in memory, about: cells that are the same object count each time."""
    cells = sum(sys.getsizeof(row) + sum(map(sys.getsizeof, row)) for row in answer.rows)
    return _OVERHEAD + sys.getsizeof(answer.rows) + sum(map(sys.getsizeof, answer.columns)) + cells


# Of the answer itself, its name, and its place among the others.
_OVERHEAD: Final = 600


def _named(dataset: str, sample: str, text: str) -> bytes:
    return hashlib.sha256(f"{dataset}\0{sample}\0{text}".encode("utf-8", "surrogatepass")).digest()


_shared_lock: Final = threading.Lock()
_shared: list[Installation] = []


def use(installation: Installation) -> None:
    """Make an installation the one that engines without their own run on: the server's, at its start."""
    with _shared_lock:
        _shared[:] = [installation]


def shared() -> Installation:
    """Return the installation in use; where none was named, one in a private folder that goes with the process."""
    with _shared_lock:
        if not _shared:
            folder = Path(tempfile.mkdtemp(prefix="qualoop-sql-"))
            made = Installation(content=shipped_content(), cache=folder)
            atexit.register(_clear, made, folder, os.getpid())
            _shared.append(made)
        return _shared[0]


def _clear(installation: Installation, folder: Path, owner: int) -> None:
    if os.getpid() != owner:
        # A fork of the server inherits the duty, but not the folder.
        return
    installation.close()
    shutil.rmtree(folder, ignore_errors=True)
