"""An event is of its form or is not made at all; the list of types is closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from qualoop.ledger import EventRefusedError, EventType
from tests.unit.ledger.events import MORNING, an_event


def test_the_types_never_change() -> None:
    """Ledgers hold them: one may be added, none renamed or taken out."""
    assert {
        "evidence.recorded", "assertion.made", "assertion.revised", "assertion.voided", "decision.made",
        "credit.posted", "credential.issued", "credential.revoked", "credential.suspended", "credential.reissued",
        "appeal.opened", "appeal.decided", "statement.added", "identity.linked", "identity.unlinked", "consent.given",
        "consent.withdrawn", "disclosure.made", "erased", "policy.adopted", "framework.adopted", "tags.adopted",
        "weights.adopted", "constants.adopted", "ledger.sealed",
    } == set(EventType)  # fmt: skip


def test_an_event_of_the_organisation_has_no_learner() -> None:
    assert an_event(type=EventType.TAGS_ADOPTED, learner=None).learner is None


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        an_event().actor = "somebody else"  # type: ignore[misc]


@pytest.mark.parametrize(
    "changes",
    [
        {"organisation": ""},
        {"actor": ""},
        {"source": ""},
        {"source_id": ""},
        {"learner": None},
        {"learner": ""},
        {"type": EventType.POLICY_ADOPTED},
        {"occurred_at": MORNING + timedelta(microseconds=1)},
        {"occurred_at": MORNING.replace(tzinfo=None)},
        {"recorded_at": datetime(2026, 3, 2, 18, tzinfo=timezone(timedelta(hours=8)))},
    ],
    ids=str,
)
def test_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EventRefusedError):
        an_event(**changes)


def test_what_happened_and_was_recorded_at_the_same_moment_is_fine() -> None:
    assert an_event(occurred_at=MORNING, recorded_at=MORNING.astimezone(UTC)).occurred_at == MORNING
