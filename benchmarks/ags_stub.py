"""A platform's token and score services on loopback: quick, strict about timestamps, and faulty on demand.

It keeps the latest score of each line item and user. A timestamp that is not later than the one before gets 409, a
wrong media type 400, an unknown token 401. `python -m benchmarks.ags_stub` runs it as a process of its own; tests run
it in a thread (`running`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import queue
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

SCORE_TYPE: Final = b"application/vnd.ims.lis.v1.score+json"
LINE_ITEM_TYPE: Final = b"application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_PATH: Final = "/courses/1/lineitems"
MOST_FAULTS: Final = 4

_SCORES_PATH: Final = re.compile(rf"{LINE_ITEMS_PATH}/(\d+)/lineitem/scores(?:\?.*)?")
_RESULTS_PATH: Final = re.compile(rf"{LINE_ITEMS_PATH}/(\d+)/lineitem/results(?:/(\w+))?(?:\?.*)?")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TYPE: Final = re.compile(rb"\r\ncontent-type: *([^\r]+)", re.IGNORECASE)
_BEARER: Final = re.compile(rb"\r\nauthorization: Bearer ([^\r]+)", re.IGNORECASE)


class Fault(StrEnum):
    """What may go wrong with a score."""

    ERROR_500 = "500"
    SAVED_500 = "saved-500"
    BUSY_503 = "503"
    THROTTLED_429 = "429"
    TOKEN_401 = "401"  # a token that ended early
    SILENT = "silent"
    SAVED_SILENT = "saved-silent"
    SAVED_CLOSED = "saved-closed"
    CLOSED = "closed"
    FORBIDDEN_403 = "403"
    NOT_A_STUDENT_400 = "not-a-student"
    LOCKED = "locked"
    GONE_404 = "404"


_SAVED: Final = frozenset({Fault.SAVED_500, Fault.SAVED_SILENT, Fault.SAVED_CLOSED})
_ANSWERS: Final = {
    Fault.ERROR_500: (500, b'{"error":"a fault"}', b""),
    Fault.SAVED_500: (500, b'{"error":"a fault after it was saved"}', b""),
    Fault.BUSY_503: (503, b"<html>maintenance</html>", b""),
    Fault.THROTTLED_429: (429, b"slow down", b"Retry-After: 1\r\n"),
    Fault.FORBIDDEN_403: (403, b"", b""),
    Fault.NOT_A_STUDENT_400: (400, b'{"error":"no such user in the course"}', b""),
    Fault.LOCKED: (500, b"[]", b""),
    Fault.GONE_404: (404, b"gone", b""),
}

#: Given the user and the how-manieth score for that user it is, from 0: what goes wrong, if anything.
Plan = Callable[[str, int], Fault | None]


def no_faults(user: str, request: int) -> Fault | None:
    """Let nothing go wrong."""


def random_faults(seed: int, share: float) -> Plan:
    """Return a plan in which a share of the requests fails, each retryable way about as often as the others.

    Silence costs a time-out each and is rarer. After MOST_FAULTS requests for a user nothing goes wrong any more.
    """
    usual = [Fault.ERROR_500, Fault.SAVED_500, Fault.BUSY_503, Fault.THROTTLED_429, Fault.TOKEN_401]
    choices = [*[*usual, Fault.SAVED_CLOSED, Fault.CLOSED] * 4, Fault.SILENT, Fault.SAVED_SILENT]

    def plan(user: str, request: int) -> Fault | None:
        dice = int.from_bytes(sha256(f"{seed} {user} {request}".encode()).digest()[:8])
        fails = request < MOST_FAULTS and dice % 1000 < share * 1000
        return choices[dice // 1000 % len(choices)] if fails else None

    return plan


@dataclass
class Stub:
    """The state of the platform."""

    plan: Plan = no_faults
    token: int = 1
    scores: dict[tuple[str, str], list[tuple[str, float]]] = field(default_factory=dict)
    """By line item and user: timestamp and score of everything that was taken, in order."""
    requests: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    line_items: list[dict[str, Any]] = field(default_factory=list)
    newest_body: dict[str, Any] = field(default_factory=dict)
    """The body of the score that was taken last."""
    ahead_s: float = float("-inf")
    """How far a timestamp was ahead of the clock at most."""
    delay_s: float = 0.0
    """How long each answer takes."""
    under_way: int = 0
    most_at_once: int = 0
    base_url: str = ""

    def report(self) -> dict[str, Any]:
        """Return what was seen, as plain JSON."""
        scores = {f"{item} {user}": [len(taken), *taken[-1]] for (item, user), taken in self.scores.items() if taken}
        return {
            "scores": scores,
            "answers": dict(self.answers),
            "ahead_s": self.ahead_s,
            "token_requests": self.token - 1,
        }

    def answer(self, method: str, path: str, head: bytes, body: bytes) -> tuple[int, bytes, bytes] | None:
        """Return status, body and more headers; None to close without an answer, (0, …) for silence."""
        if method == "GET" and path == "/report":
            return 200, json.dumps(self.report()).encode(), b""
        if path == "/token":
            self.token += 1
            token = {"access_token": f"t{self.token}", "token_type": "bearer", "expires_in": 3600}
            return 200, json.dumps(token).encode(), b""
        bearer = _BEARER.search(head)
        if not bearer or bearer[1] != b"t%d" % self.token:
            return 401, b"", b""
        if scores := _SCORES_PATH.fullmatch(path):
            return self._score(scores[1], head, json.loads(body))
        if results := _RESULTS_PATH.fullmatch(path):
            return 200, json.dumps(self._results(results[1])).encode(), b""
        return self._line_item(method, path, head, body)

    def _score(self, item: str, head: bytes, score: dict[str, Any]) -> tuple[int, bytes, bytes] | None:
        """Take a score, or fail as planned."""
        kind = _TYPE.search(head)
        if not kind or kind[1] != SCORE_TYPE or score["gradingProgress"] != "FullyGraded":
            return 400, b"not a score", b""
        key = (item, score["userId"])
        fault = self.plan(key[1], self.requests[key[1]])
        self.requests[key[1]] += 1
        if fault is None or fault in _SAVED:
            taken = self.scores.setdefault(key, [])
            if taken and score["timestamp"] <= taken[-1][0]:
                return 409, b"a score with this or a later timestamp exists", b""
            taken.append((score["timestamp"], score["scoreGiven"]))
            self.newest_body = score
            self.ahead_s = max(self.ahead_s, datetime.fromisoformat(score["timestamp"]).timestamp() - time.time())
        return self._failed(fault) if fault else (200, b"", b"")

    def _results(self, item: str) -> list[dict[str, Any]]:
        """Return the newest grade of everybody in a column, whatever the filter: some platforms ignore it."""
        self.requests["results"] += 1
        newest = {user: taken[-1][1] for (column, user), taken in self.scores.items() if taken and column == item}
        return [{"userId": user, "resultScore": score, "resultMaximum": 100} for user, score in newest.items()]

    def _failed(self, fault: Fault) -> tuple[int, bytes, bytes] | None:
        if fault in {Fault.SILENT, Fault.SAVED_SILENT}:
            return 0, b"", b""
        if fault is Fault.TOKEN_401:
            self.token += 1
            return 401, b"", b""
        return _ANSWERS.get(fault)

    def _line_item(self, method: str, path: str, head: bytes, body: bytes) -> tuple[int, bytes, bytes]:
        """List the line items, or make one."""
        if path.partition("?")[0] != LINE_ITEMS_PATH:
            return 404, b"", b""
        if method == "GET":
            return 200, json.dumps(self.line_items).encode(), b""
        kind = _TYPE.search(head)
        if not kind or kind[1] != LINE_ITEM_TYPE:
            return 400, b"not a line item", b""
        url = f"{self.base_url}{LINE_ITEMS_PATH}/{len(self.line_items) + 101}/lineitem?type_id=1"
        made = {**json.loads(body), "id": url}
        self.line_items.append(made)
        return 201, json.dumps(made).encode(), b""


class _Connection(asyncio.Protocol):
    """One kept connection: HTTP/1.1 as our client speaks it."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if not found or len(rest) < size or self._transport is None:
            return
        self._buffer = rest[size:]
        method, path, _ = head[: head.index(b"\r\n")].decode().split(" ")
        answer = self._stub.answer(method, path, head, rest[:size])
        self._stub.answers["closed" if answer is None else str(answer[0])] += 1
        if answer is None:
            self._transport.close()
        elif answer[0]:
            status, body, more = answer
            text = b"HTTP/1.1 %d -\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)
            if self._stub.delay_s:
                self._stub.under_way += 1
                self._stub.most_at_once = max(self._stub.most_at_once, self._stub.under_way)
                asyncio.get_running_loop().call_later(self._stub.delay_s, self._write_late, text)
            else:
                self._transport.write(text)

    def _write_late(self, text: bytes) -> None:
        self._stub.under_way -= 1
        if self._transport is not None:
            self._transport.write(text)


async def _serve(stub: Stub, ready: Callable[[Callable[[], object]], None]) -> None:
    """Serve until the function that ``ready`` gets is called, from any thread."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    connections: list[_Connection] = []

    def connect() -> _Connection:
        connections.append(_Connection(stub))
        return connections[-1]

    server = await loop.create_server(connect, "127.0.0.1", 0)
    stub.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    ready(lambda: loop.call_soon_threadsafe(stop.set))
    await stop.wait()
    server.close()
    for connection in connections:
        connection.abort()


@contextmanager
def running(stub: Stub) -> Iterator[Stub]:
    """Run a stub in a thread of this process; its `base_url` says where."""
    stops: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(stub, stops.put)), daemon=True)
    thread.start()
    stop = stops.get()
    try:
        yield stub
    finally:
        stop()
        thread.join()


def main() -> None:
    """Run a stub as a process: prints its address, then serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=float, default=0.0, help="share of the requests that fail")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    stub = Stub(plan=random_faults(arguments.seed, arguments.faults) if arguments.faults else no_faults)
    asyncio.run(_serve(stub, lambda _: print(stub.base_url, flush=True)))


if __name__ == "__main__":
    main()
