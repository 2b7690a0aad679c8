"""Events to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from qualoop.ledger import Event, EventType

MORNING = datetime(2026, 3, 2, 8, 0, 0, 5, tzinfo=UTC)
FIELDS: dict[str, Any] = {
    "uuid": UUID("0b6ea45c-8a0e-4c3c-9b5e-6a5a3f0f8f10"),
    "type": EventType.EVIDENCE_RECORDED,
    "organisation": "org-1",
    "learner": "learner-1",
    "actor": "learner-1",
    "occurred_at": MORNING,
    "recorded_at": MORNING,
    "source": "tool",
    "source_id": "attempt-1/intent",
    "attempt": "1",
    "body": {"score": "0.5"},
}


def an_event(**changes: Any) -> Event:
    return Event(**{**FIELDS, **changes})
