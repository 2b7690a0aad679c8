"""A site that sends evidence by signed requests, as an Open edX with our blocks does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from lti_tool.models import Organisation, Registration
from lti_tool.services.ledger import ledger
from lti_tool.services.platforms import tool_keys
from lti_tool.services.sources import sources
from lti_tool.services.sources.sources import NewKey
from qualoop.exchange import sign_request
from tests.factories.launches import TOOL_ORIGIN
from tests.factories.tool import SECRET, Tool, shipped

EVIDENCE: Final = "/api/v1/evidence"
CHANGES: Final = "/api/v1/changes"
COURSE: Final = "c-1"
"""The course of launches."""
LESSON: Final = "sem-1-1-keywords-and-intent"
INLINE: Final = "own-lesson"
INLINE_HASH: Final = "ab" * 32


def shipped_hash(key: str = LESSON) -> str:
    """Return the content hash of a lesson that comes with Qualoop."""
    return next(package.content_hash for package in shipped().packages if package.key == key)


def shipped_parts(key: str = LESSON) -> list[str]:
    """Return the parts of a lesson that comes with Qualoop."""
    package = next(package for package in shipped().packages if package.key == key)
    return [part["key"] for part in package.manifest["parts"]]


@dataclass
class Site:
    """The sending side: it signs with the key that it was given."""

    tool: Tool
    key: NewKey
    sent: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**9)))

    def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a signed request; ``body`` is bytes as they are, or what becomes JSON."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = self.signed(method, target, data, request_id=request_id)
        more = {"Content-Type": "application/json"} if data else {}
        client = Client(self.tool.app)
        return client.open(
            target, method=method, data=data, headers={**more, **signed, **(headers or {})}, base_url=TOOL_ORIGIN
        )

    def signed(self, method: str, target: str, body: bytes, *, request_id: str | None = None) -> dict[str, str]:
        request_id = request_id or str(uuid.UUID(int=next(self.sent)))
        now = self.tool.clock()
        return sign_request(
            method, target, body, key=self.key.kid, secret=self.key.secret, request_id=request_id, now=now
        )

    def send(self, *events: Mapping[str, Any], request_id: str | None = None) -> list[Any]:
        """Send events and return what became of each, as (outcome, code of the problem)."""
        answer = self.ask("POST", EVIDENCE, {"events": list(events)}, request_id=request_id)
        assert answer.status_code == 200, answer.text
        return [
            each["outcome"] if each["problem"] is None else each["problem"]["code"] for each in answer.json["results"]
        ]

    def changes(self, after: str | None = None, **query: Any) -> dict[str, Any]:
        """Return a page of changes."""
        asked = {**({"after": after} if after else {}), **query}
        target = CHANGES + ("?" + "&".join(f"{name}={value}" for name, value in asked.items()) if asked else "")
        answer = self.ask("GET", target)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json
        return page

    def register(self, **changed: Any) -> TestResponse:
        """Register content of the site's own."""
        content = changed.pop("content", INLINE_HASH)
        return self.ask("PUT", f"/api/v1/activities/{INLINE}/versions/{content}", registration(**changed))


def registration(**changed: Any) -> dict[str, Any]:
    """Return the message that registers content of a site's own, with two parts."""
    return {
        "kind": "micro-lesson",
        "label": "1.0.0",
        "title": {"en": "A lesson of the site", "zh-Hans": "本站的课程"},
        "parts": [{"key": "q1", "options": 4}, {"key": "q2"}],
        "framework": {"code": "ECQ", "version": "1.0.0"},
        "tags": {"q1": {"SEM-1.1": "1"}, "q2": {"SEM-1.1": "0.5", "SEM-1.2": "0.5"}},
        **changed,
    }


def event(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Return an event of the learner s-1: the answer to the first question of a lesson that comes with Qualoop."""
    return {
        "id": str(uuid.UUID(int=number + 7000)),
        "learner": "s-1",
        "course": COURSE,
        "activity": LESSON,
        "content": shipped_hash(),
        "part": shipped_parts()[0],
        "score": "1",
        "form": "quiz",
        "attempt": "attempt-1",
        "sequence": number,
        "occurred_at": "2026-03-02T11:59:30Z",
        "staff": False,
        "enrolled": True,
        **changed,
    }


def make_site(tool: Tool, key: str = "open-edx", *, of_platform: bool = True, organisation_id: int = 0) -> Site:
    """Return a site that may send; by default it is the platform that launches the tool."""
    with tool.runtime.database.transaction() as session:
        owner = organisation_id or tool.organisation_id
        platform = session.scalar(
            select(Registration).where(
                Registration.issuer == tool.platform.issuer, Registration.organisation_id == owner
            )
        )
        made = sources.add(
            session,
            owner,
            key,
            name=key,
            registration=platform if of_platform else None,
            secret=SECRET,
            now=tool.clock(),
        )
    return Site(tool, made)


def seal(tool: Tool) -> None:
    """Seal what is new in the ledger, as the worker does every few seconds."""
    with tool.runtime.database.transaction() as session:
        organisation = session.get_one(Organisation, tool.organisation_id)
        key = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=SECRET, now=tool.clock())
        ledger.seal(session, organisation, key, tool.clock())
