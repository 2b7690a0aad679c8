"""A small, quick HTTP/1.1 server on loopback for stubs: it can also be slow, say nothing, hang up or reset.

It speaks as much HTTP as our own client does: one request at a time on a kept connection, bodies with a length.
"""

from __future__ import annotations

import asyncio
import queue
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

#: Status, body, more header lines (each with its CRLF).
Answer = tuple[int, bytes, bytes]

SILENCE: Final[Answer] = (0, b"", b"")
CLOSE: Final[Answer] = (-1, b"", b"")
RESET: Final[Answer] = (-2, b"", b"")

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
#: To close at once and tell the peer with a reset (SO_LINGER on, 0 seconds).
_ABRUPTLY: Final = struct.pack("ii", 1, 0)


class Host(Protocol):
    """What a server serves. Everything is called in the server's one thread."""

    base_url: str
    delay_s: float

    def answer(self, method: str, path: str, head: bytes, body: bytes) -> Answer:
        """Return the answer to a request; SILENCE, CLOSE or RESET for none."""

    def began(self) -> None:
        """Note that an answer is being delayed."""

    def ended(self) -> None:
        """Note that it is out, or that nobody waits for it any more."""


class _Connection(asyncio.Protocol):
    """One kept connection."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
            self._host.ended()

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
        method, path, _ = head[: head.index(b"\r\n")].decode("latin-1").split(" ")
        self._reply(self._transport, self._host.answer(method, path, head, rest[:size]))

    def _reply(self, transport: asyncio.WriteTransport, answer: Answer) -> None:
        """Do what the host answered."""
        if answer == RESET:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
            transport.abort()
        elif answer == CLOSE:
            transport.close()
        elif answer != SILENCE:
            status, body, more = answer
            text = b"HTTP/1.1 %d -\r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)
            if self._host.delay_s:
                self._host.began()
                self._late = asyncio.get_running_loop().call_later(self._host.delay_s, self._write_late, text)
            else:
                transport.write(text)

    def _write_late(self, text: bytes) -> None:
        self._late = None
        self._host.ended()
        if self._transport is not None:
            self._transport.write(text)


async def serve(hosts: Sequence[Host], ready: Callable[[Callable[[], object]], None]) -> None:
    """Serve each host at a port of its own until the function that ``ready`` gets is called, from any thread."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    connections: list[_Connection] = []

    def connecting(host: Host) -> Callable[[], _Connection]:
        def connect() -> _Connection:
            connections.append(_Connection(host))
            return connections[-1]

        return connect

    servers = [await loop.create_server(connecting(host), "127.0.0.1", 0) for host in hosts]
    for host, server in zip(hosts, servers, strict=True):
        host.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    ready(lambda: loop.call_soon_threadsafe(stop.set))
    await stop.wait()
    for server in servers:
        server.close()
    for connection in connections:
        connection.abort()


@contextmanager
def serving(hosts: Sequence[Host]) -> Iterator[None]:
    """Serve in a thread of this process; each host's `base_url` says where."""
    stops: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(serve(hosts, stops.put)), daemon=True)
    thread.start()
    stop = stops.get()
    try:
        yield
    finally:
        stop()
        thread.join()
