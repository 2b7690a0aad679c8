"""A tool for the plug-in: an HTTP server on loopback that verifies signatures and answers as it was told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qualoop.exchange import Secret, SignedRequestError, read_signing, verify_request


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered; ``body`` is sent as it is where it is bytes, else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that came."""

    method: str
    target: str
    body: Any


@dataclass(kw_only=True)
class EvidenceTool:
    """The tool. ``replies`` are given first, in order; then events are accepted and versions registered."""

    secret: Secret
    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    outcome: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda _: {"outcome": "accepted"}

    @property
    def events(self) -> list[Any]:
        """Return the events that came, in order."""
        return [event for one in self.asked if one.method == "POST" for event in one.body["events"]]

    def answer(self, asked: Asked) -> Reply:
        if self.replies and asked.method != "PUT":
            return self.replies.pop(0)
        if asked.method == "POST":
            results = [{"id": event["id"], **self.outcome(event)} for event in asked.body["events"]]
            return Reply(body={"results": results, "gaps": []})
        return Reply(body={})


@contextmanager
def running_tool(secret: str) -> Iterator[EvidenceTool]:
    """Run a tool until the block is left."""
    tool = EvidenceTool(secret=Secret(secret))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tool))
    tool.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield tool
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(tool: EvidenceTool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                verify_request(
                    self.command,
                    self.path,
                    body,
                    signing=read_signing(dict(self.headers.items())),
                    secrets=[tool.secret],
                    now=datetime.now(UTC),
                )
            except SignedRequestError as error:
                self._send(Reply(status=401, body={"code": error.code}))
                return
            asked = Asked(method=self.command, target=self.path, body=json.loads(body) if body else None)
            tool.asked.append(asked)
            self._send(tool.answer(asked))

        def _send(self, reply: Reply) -> None:
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(data)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    for verb in ("GET", "POST", "PUT"):
        setattr(Handler, f"do_{verb}", Handler._do)
    return Handler
