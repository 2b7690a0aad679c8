"""Opens pages of uploaded files in a process of its own: what a file costs ends that process, and nothing else.

    with PageOpener(READING) as opener:
        picture = opener.open_page(data, 0)

A small PDF can draw without end, and PDFium aborts where memory ends (pdfium.googlesource.com, `OutOfMemoryTerminate`).
"""

from __future__ import annotations

import math
import os
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from qualoop.classroom.paper.page_process import HEAD, Kind
from qualoop.classroom.paper.pictures import MAX_LONG_SIDE, MAX_PAGES, Grey, PictureRefusedError
from qualoop.errors import QualoopError

START_S: Final = 60.0
MOST_LOST_OF_FILE: Final = 3
"""Pages of one file that may end the process. After that no other page of the file is tried."""
_MIB: Final = 1 << 20
_REASONS: Final = ("unreadable", "too-large", "too-many-pages")
_MOST_READ: Final = 1 << 20
_CODE: Final = """
import sys
memory, cpu, *sys.path = sys.argv[1:]
from qualoop.classroom.paper.page_process import main
main(int(memory), int(cpu))
"""
# A thread of OpenBLAS or OpenMP takes address space for each processor, and nothing here computes in several.
_ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be used: ``memory`` in bytes above what the libraries take, processor time and time on the wall for each
    request in seconds, how many requests may end the process before nothing more is tried, and (``all_s``) how long all
    requests together may take, in seconds on the wall.
    """

    memory: int
    cpu_s: int
    wall_s: float
    most_lost: int
    all_s: float = math.inf


READING: Final = Limits(memory=768 * _MIB, cpu_s=8, wall_s=20.0, most_lost=10)
"""For a page of MAX_PIXELS pixels in colour, on a slow machine. 600 of these take half an hour, so there is no limit for all:
who reads them takes turns.
"""
COUNTING: Final = Limits(memory=512 * _MIB, cpu_s=3, wall_s=6.0, most_lost=2, all_s=10.0)
"""For a request: somebody waits. 60 honest files take less than a second."""


class OpenerUnavailableError(QualoopError):
    """No process can be started that would open files: that says nothing of the files."""

    code = "opener-unavailable"


class _LostError(Exception):
    """The process ended, or says what is no answer."""


class _SlowError(_LostError):
    """The process was ended: it took too long."""


class PageOpener:
    """Opens pages for one upload, in one thread. The process starts with the first file and ends with `close`.

    ``lost`` says how many requests ended the process; who goes on with an upload sets it to what it was.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._is_fresh = True
        self._data: bytes | None = None
        self._is_sent = False
        self.lost = self._lost_of_file = 0
        self._spent_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; another is started where more is asked for."""
        process, self._process, self._is_sent = self._process, None, False
        if process is not None:
            process.kill()
            # Closes the pipes, and waits.
            with process:
                pass

    @property
    def process_id(self) -> int | None:
        """Return the id of the process, None where there is none."""
        return None if self._process is None else self._process.pid

    def count_pages(self, data: bytes) -> int:
        """Return how many pages a file has, as `pictures.count_pages`; raise PictureRefusedError, OpenerUnavailableError.

        What ends the process, by its memory or its time, is `unreadable`; what comes after ``all_s`` is `too-slow`.
        """
        count, _, _ = self._asked(data, Kind.COUNT, 0)
        return count

    def open_page(self, data: bytes, number: int) -> Grey:
        """Return one page, as `pictures.open_page`; raise PictureRefusedError, OpenerUnavailableError."""
        height, width, body = self._asked(data, Kind.OPEN, number)
        return np.frombuffer(body, np.uint8).reshape(height, width)

    def _asked(self, data: bytes, kind: Kind, number: int) -> tuple[int, int, bytearray]:
        if data is not self._data:
            self._data, self._is_sent, self._lost_of_file = data, False, 0
        if self.lost >= self._limits.most_lost or self._lost_of_file >= MOST_LOST_OF_FILE:
            raise PictureRefusedError("unreadable")
        if self._spent_s >= self._limits.all_s:
            raise PictureRefusedError("too-slow")
        while True:
            if self._process is None:
                self._start()
            was_fresh, self._is_fresh = self._is_fresh, False
            began = time.monotonic()
            try:
                return self._exchanged(data, kind, number)
            except (_LostError, OSError) as error:
                self.close()
                # What pages before this one left behind may have filled the memory: this one is tried without them.
                if was_fresh or isinstance(error, _SlowError):
                    self.lost, self._lost_of_file = self.lost + 1, self._lost_of_file + 1
                    raise PictureRefusedError("unreadable") from error
            finally:
                self._spent_s += time.monotonic() - began

    def _start(self) -> None:
        """Start the process and wait until it is ready; raise OpenerUnavailableError."""
        limits = [str(self._limits.memory), str(self._limits.cpu_s)]
        path = [str(Path(entry).absolute()) for entry in sys.path]
        try:
            # Of our own words and paths. -I: nothing of an environment; -B: nothing is written.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-X", "utf8", "-c", _CODE, *limits, *path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd=tempfile.gettempdir(),
                # Ctrl-C is for the server alone.
                start_new_session=True,
            )
            for descriptor in self._pipes():
                os.set_blocking(descriptor, False)
            kind, _, _, _ = HEAD.unpack(self._receive(HEAD.size, time.monotonic() + START_S))
        except (_LostError, OSError) as error:
            self.close()
            raise OpenerUnavailableError from error
        if kind != Kind.READY:
            self.close()
            raise OpenerUnavailableError
        self._is_fresh = True

    def _exchanged(self, data: bytes, kind: Kind, number: int) -> tuple[int, int, bytearray]:
        """Return what the process answers; raise PictureRefusedError, _LostError, OSError.

        A file may have broken into it, so its answer is checked.
        """
        end = time.monotonic() + self._limits.wall_s
        if not self._is_sent:
            self._send(HEAD.pack(Kind.FILE, 0, 0, len(data)), end)
            self._send(data, end)
            self._is_sent = True
        self._send(HEAD.pack(kind, number, 0, 0), end)
        answer, one, two, length = HEAD.unpack(self._receive(HEAD.size, end))
        # A side may be rounded up.
        if length > (MAX_LONG_SIDE + 1) ** 2:
            raise _LostError
        body = self._receive(length, end)
        if answer == Kind.REFUSED and (reason := body.decode("ascii", "replace")) in _REASONS:
            raise PictureRefusedError(reason)
        is_count = (kind, answer) == (Kind.COUNT, Kind.COUNTED) and one <= MAX_PAGES
        is_page = (kind, answer) == (Kind.OPEN, Kind.OPENED) and 0 < one * two == length
        if not (is_count or is_page):
            raise _LostError
        return one, two, body

    def _pipes(self) -> tuple[int, int]:
        """Return where to write and where to read."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise _LostError
        return process.stdin.fileno(), process.stdout.fileno()

    def _send(self, message: bytes, end: float) -> None:
        descriptor, _ = self._pipes()
        left = memoryview(message)
        while left:
            _wait(descriptor, select.POLLOUT, end)
            left = left[os.write(descriptor, left) :]

    def _receive(self, length: int, end: float) -> bytearray:
        _, descriptor = self._pipes()
        got = bytearray()
        while len(got) < length:
            _wait(descriptor, select.POLLIN, end)
            more = os.read(descriptor, min(length - len(got), _MOST_READ))
            if not more:
                raise _LostError
            got += more
        return got


def _wait(descriptor: int, event: int, end: float) -> None:
    """Wait until a pipe can be read or written; raise _SlowError at the time ``end``."""
    ready = select.poll()
    ready.register(descriptor, event)
    if not ready.poll(max(end - time.monotonic(), 0.0) * 1000):
        raise _SlowError
