"""Queries of learners on an installation: prepared data, a sandbox that is started when first needed, answers kept.

The server says once where it may keep data (`use`); a command line without a server keeps it in a folder of its own.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from qualoop.framework import shipped_content
from qualoop.simulators.sql.dataset import DATASETS, PreparedData, installed_engine, prepare
from qualoop.simulators.sql.errors import DatasetError
from qualoop.simulators.sql.rungs import RUNGS
from qualoop.simulators.sql.sandbox import Answer, Query, Sandbox, open_sandbox
from qualoop.simulators.streams import WorldKey

# Cells of all answers that are kept: some 60 MB at most.
KEPT_CELLS: Final = 500_000
_KEPT: Final = 0.8


class Runner(Protocol):
    """What the ladder needs of an installation."""

    def engine(self) -> str:
        """Return `duckdb` or `sqlite`."""

    def answers(
        self, dataset: str, key: WorldKey, texts: Sequence[str], /, *, trusted: Collection[str] = ()
    ) -> list[Answer]:
        """Return what queries bring on the sample of a key; raise SqlSandboxError or DatasetError, and none counts.

        Texts that are ``trusted``, because the authors wrote them, may share a process.
        """


@lru_cache(maxsize=256)
def draw_sample(units: tuple[str, ...], key: WorldKey) -> str:
    """Return a learner's sample: `1` for each unit that is kept, in their order, four of five by the key's uniforms."""
    return "".join("1" if kept else "0" for kept in key.uniforms("sample", shape=len(units)) < _KEPT)


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
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._cells = 0

    def engine(self) -> str:
        """Return `duckdb` or `sqlite`."""
        return self._engine or installed_engine()

    def answers(
        self, dataset: str, key: WorldKey, texts: Sequence[str], *, trusted: Collection[str] = ()
    ) -> list[Answer]:
        """Return what queries bring on the sample of a key; what was run before is not run again."""
        data = self._prepared(dataset)
        sample = draw_sample(data.units, key)
        names = [_named(dataset, sample, text) for text in texts]
        with self._lock:
            known = {name: self._answers[name] for name in names if name in self._answers}
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

    def _keep(self, found: dict[bytes, Answer]) -> None:
        with self._lock:
            for name, answer in found.items():
                if name not in self._answers:
                    self._answers[name] = answer
                    self._cells += _cells(answer)
            while self._cells > KEPT_CELLS:
                _, oldest = self._answers.popitem(last=False)
                self._cells -= _cells(oldest)


def _cells(answer: Answer) -> int:
    return 1 + len(answer.rows) * len(answer.columns)


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
