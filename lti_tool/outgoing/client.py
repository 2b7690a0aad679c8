"""The HTTP client for everything that leaves the tool."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import urllib3
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from lti_tool.lti.registration import find_origin
from lti_tool.outgoing.addresses import AddressPolicy
from lti_tool.outgoing.connection import GuardedHTTPConnection, GuardedHTTPSConnection
from lti_tool.outgoing.errors import (
    AddressRefusedError,
    ConnectFailedError,
    ConnectionBrokenError,
    ConnectTimedOutError,
    OriginRefusedError,
    OutgoingError,
    ReadTimedOutError,
    TlsFailedError,
    TooLargeError,
    UnexpectedStatusError,
    UnknownHostError,
)

DEFAULT_TIMEOUT_S: Final = 5.0
DEFAULT_MAX_BYTES: Final = 256 * 1024
MAX_URL: Final = 4096
#: Hosts whose connections are kept, and connections kept for each.
HOSTS: Final = 64
CONNECTIONS: Final = 16

_OK: Final = 200

#: The first that fits counts: subclasses before their bases.
_LEAVES: Final[tuple[tuple[type[Exception], type[OutgoingError]], ...]] = (
    (NameResolutionError, UnknownHostError),
    (NewConnectionError, ConnectFailedError),
    (ConnectTimeoutError, ConnectTimedOutError),
    (ReadTimeoutError, ReadTimedOutError),
    (SSLError, TlsFailedError),
    (LocationValueError, AddressRefusedError),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever its status; names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Sends requests under one policy. Share one for all threads: it keeps connections open."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        user_agent: str = "Qualoop",
        timeout_s: float = DEFAULT_TIMEOUT_S,
        max_bytes: int = DEFAULT_MAX_BYTES,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._max_bytes = max_bytes
        self._pools = urllib3.PoolManager(
            num_pools=HOSTS,
            maxsize=CONNECTIONS,
            timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
            retries=False,
            ssl_context=tls or ssl.create_default_context(),
        )
        self._pools.pool_classes_by_scheme = _pool_classes(policy)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        only_to: Collection[str] | None = None,
    ) -> Reply:
        """Send one request and return the answer, a redirect included; raise an OutgoingError leaf.

        ``only_to`` names the origins that may get it. Give it whenever the request carries a token (S13).
        """
        _check_url(url, only_to)
        sent = {"User-Agent": self._user_agent, **(headers or {})}
        try:
            response = self._pools.connection_from_url(url).urlopen(
                method,
                _path(url),
                body,
                sent,
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            )
            return self._read(response)
        except (HTTPError, ValueError) as error:
            raise _leaf(error) from error

    def get_document(self, url: str) -> bytes:
        """Return what lies at ``url``, such as a key set; raise an OutgoingError leaf, also for a status but 200."""
        reply = self.send("GET", url, headers={"Accept": "application/json"})
        if reply.status != _OK:
            raise UnexpectedStatusError(reply.status)
        return reply.body

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pools.clear()

    def _read(self, response: urllib3.BaseHTTPResponse) -> Reply:
        """Read the answer to its end, or no further than the limit; give the connection back only when whole."""
        complete = False
        try:
            body = b""
            # Only the read after the last byte tells a whole answer from one that broke off.
            while piece := response.read(self._max_bytes + 1 - len(body)):
                body += piece
                if len(body) > self._max_bytes:
                    raise TooLargeError(f"the answer is larger than {self._max_bytes} bytes")
            complete = True
        finally:
            if not complete:
                response.close()
            response.release_conn()
        return Reply(response.status, {name.lower(): value for name, value in response.headers.items()}, body)


def _pool_classes(policy: AddressPolicy) -> dict[str, type[HTTPConnectionPool]]:
    """Return pool classes whose connections hold ``policy``."""

    class PlainConnection(GuardedHTTPConnection):
        pass

    class SecureConnection(GuardedHTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    PlainConnection.policy = SecureConnection.policy = policy
    return {"http": PlainPool, "https": SecurePool}


def _check_url(url: str, only_to: Collection[str] | None) -> None:
    origin = find_origin(url)
    if origin is None or len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressRefusedError("the URL is not an http(s) address of printable ASCII characters")
    if only_to is not None and origin not in only_to:
        raise OriginRefusedError("the URL lies outside of the allowed origins")


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _leaf(error: Exception) -> OutgoingError:
    for theirs, ours in _LEAVES:
        if isinstance(error, theirs):
            return ours()
    return ConnectionBrokenError()
