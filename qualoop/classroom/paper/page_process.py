"""The process that opens pages of files that people upload. PDFium ends a process that runs out of memory; this one may.

It is started by `opening`, with no environment and no secret, limits itself, says that it is ready, and answers until its
input ends. In: a file, then requests of it. Out: a number of pages, the pixels of a page, or why it is refused.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import struct
from enum import IntEnum
from pathlib import Path
from typing import Final

from qualoop.classroom.paper.pictures import PictureRefusedError, count_pages, open_page

HEAD: Final = struct.Struct("!BIIQ")
"""Of each message: its kind, two numbers, and how many bytes follow."""
_IN, _OUT = 0, 1
_MOST_READ: Final = 1 << 20
_FIRST: Final = 1000
"""The largest value of Linux (proc(5), `oom_score_adj`)."""


class Kind(IntEnum):
    """What a message is. The numbers of a page that was opened are its height and its width, in pixels."""

    FILE = 1
    COUNT = 2
    OPEN = 3
    READY = 4
    COUNTED = 5
    OPENED = 6
    REFUSED = 7


def main(memory: int, cpu_s: int) -> None:
    """Answer until the input ends, with ``memory`` bytes more than at the start, and ``cpu_s`` seconds for each request."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # They are for the server, which ends this process itself: a page that was being opened must not count as broken.
        signal.signal(number, signal.SIG_IGN)
    _offer_itself()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_AS, _address_space() + memory)
    _send(Kind.READY)
    data = b""
    while head := _receive(HEAD.size):
        kind, number, _, length = HEAD.unpack(head)
        body = _receive(length)
        if kind == Kind.FILE:
            data = body
            continue
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + cpu_s + 1)
        _answer(kind, number, data)


def _answer(kind: int, number: int, data: bytes) -> None:
    try:
        if kind == Kind.COUNT:
            _send(Kind.COUNTED, count_pages(data))
            return
        picture = open_page(data, number)
    except PictureRefusedError as error:
        _send(Kind.REFUSED, body=error.reason.encode())
        return
    _send(Kind.OPENED, *picture.shape, body=picture.tobytes())


def _limit(which: int, soft: int) -> None:
    """Limit what this process may use, where the system can; what it may at most stays as it is."""
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    # macOS has no limit of address space.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (soft, hard))


def _offer_itself() -> None:
    """Let the kernel end this process before any other where the memory of the machine, or of a container, ends."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_FIRST), encoding="ascii")


def _address_space() -> int:
    """Return the bytes of address space in use: most of it libraries. 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _send(kind: Kind, one: int = 0, two: int = 0, *, body: bytes = b"") -> None:
    left = memoryview(HEAD.pack(kind, one, two, len(body)) + body)
    while left:
        left = left[os.write(_OUT, left) :]


def _receive(length: int) -> bytes:
    """Return ``length`` bytes, fewer where the input ends."""
    got = bytearray()
    while len(got) < length:
        more = os.read(_IN, min(length - len(got), _MOST_READ))
        if not more:
            break
        got += more
    return bytes(got)
