"""A proxy of one's own that keeps every answer's body, also of pages that the browser has left before they were read."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

PATIENCE_S: Final = 20
# Headers of one connection, which a proxy does not pass on (RFC 9110, 7.6.1), and what would compress the body.
OWN_HEADERS: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "accept-encoding"}
)


@dataclass
class Recording:
    """The answers since the last look: host and body."""

    port: int = 0
    answers: list[tuple[str, str]] = field(default_factory=list)

    def take(self) -> list[tuple[str, str]]:
        """Return the answers and forget them."""
        taken, self.answers = self.answers, []
        return taken


class Proxy(ThreadingHTTPServer):
    """A proxy with the recording that it writes."""

    daemon_threads = True

    def __init__(self, recording: Recording) -> None:
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.recording = recording
        recording.port = self.server_port


class ProxyHandler(BaseHTTPRequestHandler):
    """Passes requests on one by one."""

    server: Proxy

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(target.netloc, timeout=PATIENCE_S)
        try:
            path = target._replace(scheme="", netloc="", fragment="").geturl()
            connection.request(self.command, path or "/", body or None, _passed(self.headers.items()))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.server.recording.answers.append((target.netloc, content.decode(errors="replace")))
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN_HEADERS | {"content-length", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing: what matters is in the recording."""


def _passed(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in OWN_HEADERS}


@contextmanager
def recording_proxy() -> Iterator[Recording]:
    """Run a proxy on a free port of the loopback address."""
    recording = Recording()
    with Proxy(recording) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield recording
        finally:
            server.shutdown()
            thread.join()
