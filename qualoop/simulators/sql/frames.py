"""Messages between the server and the query worker: JSON behind its length in four bytes.

Nothing of this package's front is imported here: the worker loads this module alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import struct
import time
from typing import Any, Final

LONGEST: Final = 1 << 20
_HEAD: Final = struct.Struct("!I")


class FrameError(Exception):
    """The other side sent what is no message."""


def packed(message: Any) -> bytes:
    """Return a message as bytes."""
    body = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode()
    return _HEAD.pack(len(body)) + body


def send(descriptor: int, message: Any) -> None:
    """Write a message; raise OSError where the other side is gone."""
    send_packed(descriptor, packed(message))


def send_packed(descriptor: int, message: bytes) -> None:
    """Write a whole message, such as `packed` returns; raise OSError where the other side is gone."""
    left = memoryview(message)
    while left:
        left = left[os.write(descriptor, left) :]


def send_within(descriptor: int, message: Any, seconds: float) -> None:
    """Write a message to a non-blocking descriptor; raise TimeoutError, an OSError, where the other side does not read it.

    Then it may have a part of the message, and no further one can be sent.
    """
    end = time.monotonic() + seconds
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    left = memoryview(packed(message))
    while left:
        if not ready.poll(max(end - time.monotonic(), 0.0) * 1000):
            raise TimeoutError
        with contextlib.suppress(BlockingIOError):
            left = left[os.write(descriptor, left) :]


def receive(descriptor: int) -> Any:
    """Return the next message, or None at the end of the stream; raise FrameError for what is none."""
    head = _exactly(descriptor, _HEAD.size)
    if not head:
        return None
    (length,) = _HEAD.unpack(head)
    if length > LONGEST:
        raise FrameError("a message is too long")
    return json.loads(_exactly(descriptor, length))


def _exactly(descriptor: int, count: int) -> bytes:
    """Read ``count`` bytes; fewer (none) only where the stream ends before the first."""
    got = b""
    while len(got) < count:
        more = os.read(descriptor, count - len(got))
        if not more:
            if got:
                raise FrameError("a message broke off")
            return b""
        got += more
    return got


def take(buffer: bytearray) -> Any:
    """Take the first whole message out of a buffer; None where there is none yet."""
    if len(buffer) < _HEAD.size:
        return None
    (length,) = _HEAD.unpack_from(buffer)
    if length > LONGEST:
        raise FrameError("a message is too long")
    end = _HEAD.size + length
    if len(buffer) < end:
        return None
    message = json.loads(bytes(buffer[_HEAD.size : end]))
    del buffer[:end]
    return message
