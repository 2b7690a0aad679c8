"""What blocks hand to the plug-in, made by hand, and a tool that answers without a network."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from qualoop.values import Score
from xblocks.common.contents import SHIPPED, OpenContent
from xblocks.common.evidence import EvidenceBatch, PartEvidence
from xblocks.edx.tool import Answer

COURSE = "course-v1:School+EC101+2026"
ANN, BEN = "0b9d3a52-5a0e-4d3a-9d0e-1c1f0e6d2a01", "0b9d3a52-5a0e-4d3a-9d0e-1c1f0e6d2a02"
LESSON = "sem-1-1-keywords-and-intent"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@cache
def lesson() -> OpenContent:
    return SHIPPED.get(LESSON)


def batch(learner: str = ANN, *, number: int = 1, count: int = 1, **changed: Any) -> EvidenceBatch:
    """Return ``count`` answers to the lesson's first question; ``number`` tells them from others."""
    opened = lesson()
    part = opened.package.manifest["parts"][0]["key"]
    fields: dict[str, Any] = {
        "learner": learner,
        "is_staff": False,
        "enrolled": True,
        "course": COURSE,
        "usage": "block-v1:School+EC101+2026+type@kp_lesson+block@one",
        "activity": opened.package.key,
        "content": opened.hash,
        "attempt": f"attempt-{number}",
        "occurred_at": NOON,
        "parts": tuple(
            PartEvidence(
                event_id=uuid.uuid5(uuid.NAMESPACE_URL, f"{learner}:{number}:{tried}"),
                part=part,
                score=Score("0.5"),
                form="quiz",
                tries=tried,
            )
            for tried in range(1, count + 1)
        ),
        "opened": opened,
    }
    return EvidenceBatch(**(fields | changed))


@dataclass(kw_only=True)
class Clock:
    """A clock that stands still until it is moved: a minute ahead, so that what was just recorded is due by it."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=1))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(kw_only=True)
class ScriptedTool:
    """The tool in memory: the answers to requests for evidence or changes in order, then everything is accepted."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    result: Callable[[Any], dict[str, Any]] = lambda _: {"outcome": "accepted"}
    registered: Answer = field(default_factory=lambda: Answer(status=200, body={}))

    @property
    def events(self) -> list[Any]:
        return [event for method, _, body in self.asked if method == "POST" for event in body["events"]]

    def ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        sent = json.loads(body) if body else None
        self.asked.append((method, target, sent))
        if method == "PUT":
            return self.registered
        if self.answers:
            return self.answers.pop(0)
        results = [{"id": event["id"], **self.result(event)} for event in sent["events"]]
        return Answer(status=200, body={"results": results, "gaps": []})
