"""Server-sent events for the few pages that show everything at once: console, roll call, projector. Learners ask instead.

Each stream holds a thread of the server, so there are few of them, and they end by themselves: a page that finds none
free asks every second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from flask import Response, request

MAX_STREAMS: Final = 2
"""In one process: half of the threads that `qualoop serve` starts."""
LOOK_S: Final = 0.5
LASTS_S: Final = 120.0
_QUIET_S: Final = 10.0

_free: Final = threading.BoundedSemaphore(MAX_STREAMS)


def events(stamp: Callable[[], str], *, lasts_s: float = LASTS_S) -> Response:
    """Return a stream with an event whenever ``stamp`` gives another text, or 503 where no stream is free."""
    if not _free.acquire(blocking=False):
        return Response(status=503, headers={"Retry-After": "1"})
    response = Response(_lines(stamp, lasts_s), mimetype="text/event-stream")
    # Also where nobody ever reads it, and at every other end.
    response.call_on_close(_free.release)
    response.headers["X-Accel-Buffering"] = "no"
    return response


def unchanged(stamp: str) -> bool:
    """Say whether the page that asks has what a stamp stands for."""
    return request.headers.get("If-None-Match") == f'"{stamp}"'


def _lines(stamp: Callable[[], str], lasts_s: float) -> Iterator[str]:
    ends, shown, spoke = time.monotonic() + lasts_s, "", time.monotonic()
    yield "retry: 500\n\n"
    while time.monotonic() < ends:
        now = stamp()
        if now != shown:
            shown, spoke = now, time.monotonic()
            yield f"data: {now}\n\n"
        elif time.monotonic() - spoke > _QUIET_S:
            spoke = time.monotonic()
            yield ": still here\n\n"
        time.sleep(LOOK_S)
