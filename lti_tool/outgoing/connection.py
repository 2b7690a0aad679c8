"""Connections of urllib3 that look at the address before they connect, and that bound the whole answer in time."""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from lti_tool.outgoing.addresses import AddressPolicy

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: How many addresses of one host are tried.
MAX_ADDRESSES = 4


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a deadline.

    A socket's own timeout starts anew with each byte, so a platform could hold a thread for hours, byte by byte.
    """

    def __init__(self, raw: io.RawIOBase, connected: socket.socket) -> None:
        self._raw = raw
        self._socket = connected
        self._deadline = time.monotonic() + (connected.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """An answer, headers included, that takes no longer than the read timeout of its socket."""

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class GuardedHTTPConnection(HTTPConnection):
    """A plain connection, made only where the policy lets plain http through."""

    policy = AddressPolicy()
    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.policy, secure=False)


class GuardedHTTPSConnection(HTTPSConnection):
    """A TLS connection to addresses that the policy allows."""

    policy = AddressPolicy()
    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.policy, secure=True)


def _connect(connection: HTTPConnection, policy: AddressPolicy, *, secure: bool) -> socket.socket:
    """Connect to the first address of the host that answers. One that is not allowed spoils them all."""
    host, port = connection.host.strip("[]"), connection.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        unresolved = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
        raise NameResolutionError(host, connection, unresolved) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))[:MAX_ADDRESSES]
    for address in addresses:
        policy.check(address, secure=secure)
    failure: OSError | None = None
    for address in addresses:
        try:
            return create_connection((address, port), connection.timeout, socket_options=connection.socket_options)
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "no connection in time") from failure
    raise NewConnectionError(connection, "no connection") from failure
