"""A platform that lists the members of one course over HTTP: strict about token and media type, odd on demand."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.unit.outgoing.servers import serving

MEMBERS_PATH = "/courses/1/members"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)


@dataclass(frozen=True)
class Answer:
    """What the platform answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


#: Given a request for members, what is answered instead of the usual; None: the usual.
Oddity = Callable[[Request], Answer | None]


@dataclass
class ListingPlatform:
    """The state of the platform: its members in their order, how many a page holds, and what is odd about it."""

    members: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 100
    odd: Oddity = lambda _: None
    refuses_token: str = ""
    tokens: int = 0
    asked: list[Request] = field(default_factory=list)
    token_requests: list[Request] = field(default_factory=list)
    url: str = ""

    @property
    def memberships_url(self) -> str:
        return f"{self.url}{MEMBERS_PATH}?type_id=1"

    def behave(self, connected: socket.socket, raw: bytes) -> None:
        answer = self._answer(_read(raw))
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        connected.sendall(
            f"HTTP/1.1 {answer.status} -\r\n{head}Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body
        )

    def page(self, request: Request) -> Answer:
        """Return the page that a request asks for; more than its own size the platform never gives."""
        start = int(request.query.get("from", ["0"])[0])
        size = min(self.page_size, int(request.query.get("limit", [str(self.page_size)])[0]))
        found = self.members[start : start + size]
        headers = {"Content-Type": MEMBERS_TYPE}
        if start + size < len(self.members):
            headers["Link"] = f'<{self.memberships_url}&limit={size}&from={start + size}>; rel="next"'
        return Answer(200, json.dumps({"id": self.memberships_url, "members": found}).encode(), headers)

    def _answer(self, request: Request) -> Answer:
        if request.path == "/token":
            return self._token(request)
        self.asked.append(request)
        odd = self.odd(request)
        if odd is not None:
            return odd
        if request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return Answer(401)
        if request.headers.get("accept") != MEMBERS_TYPE:
            return Answer(400)
        return self.page(request)

    def _token(self, request: Request) -> Answer:
        self.token_requests.append(request)
        if self.refuses_token:
            return Answer(400, json.dumps({"error": self.refuses_token}).encode())
        self.tokens += 1
        token = {"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 3600, "scope": SCOPE}
        return Answer(200, json.dumps(token).encode())


@contextmanager
def listing(platform: ListingPlatform) -> Iterator[ListingPlatform]:
    """Run a platform on loopback."""
    with serving(platform.behave) as server:
        platform.url = f"http://127.0.0.1:{server.port}"
        yield platform


def member(user_id: str, role: str = "Learner", **more: Any) -> dict[str, Any]:
    """Return a member as a platform lists one."""
    return {"user_id": user_id, "status": "Active", "roles": [role], **more}


def _read(raw: bytes) -> Request:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(method, path, headers, body)
