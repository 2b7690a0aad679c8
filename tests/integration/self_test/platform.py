"""A platform on loopback with keys, tokens, one column and a class list, each of which can be put wrong."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

from lti_tool.lti import ags, nrps
from tests.factories.tool import NOON

GRADES = (ags.SCOPE_LINE_ITEM, ags.SCOPE_SCORE, ags.SCOPE_RESULT_READ)
COLUMN, COLUMNS, MEMBERS = "/columns/7/lineitem", "/columns", "/members"
PAGE = b"<!DOCTYPE html><title>Error</title>"


@dataclass
class CheckedPlatform:
    """``answers`` replaces what a path answers: status and body. ``ahead_s`` is how far its clock is ahead of noon."""

    jwks: bytes
    grants: set[str] = field(default_factory=lambda: {*GRADES, nrps.SCOPE_MEMBERS_READ})
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    ahead_s: int = 0
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def behave(self, connected: socket.socket, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        path = target.partition("?")[0]
        self.asked.append(f"{method} {path}")
        status, answer = self.answers.get(path) or self._usual(path, head, body)
        date = format_datetime(NOON + timedelta(seconds=self.ahead_s), usegmt=True)
        connected.sendall(
            f"HTTP/1.1 {status} -\r\nDate: {date}\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer
        )

    def _usual(self, path: str, head: bytes, body: bytes) -> tuple[int, bytes]:
        if path == "/jwks":
            return 200, self.jwks
        if path == "/token":
            return self._token(body)
        if b"Bearer t" not in head:
            return 401, b""
        column = {"id": f"{self.url}{COLUMN}", "label": "A", "scoreMaximum": 100}
        usual: dict[str, Any] = {
            COLUMNS: [column],
            COLUMN: column,
            "/columns/7/lineitem/results": [],
            MEMBERS: {"members": [{"user_id": "s-1", "roles": ["Learner"], "name": "Ada Secret"}]},
        }
        return (200, json.dumps(usual[path]).encode()) if path in usual else (404, b"")

    def _token(self, body: bytes) -> tuple[int, bytes]:
        asked = set(parse_qs(body.decode())["scope"][0].split())
        given = asked & self.grants
        if not given:
            return 400, b'{"error": "invalid_scope"}'
        answer = {"access_token": "t-0123456789", "token_type": "Bearer", "scope": " ".join(sorted(given))}
        return 200, json.dumps(answer).encode()
