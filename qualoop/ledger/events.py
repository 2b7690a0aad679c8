"""What may happen: the closed list of event types, and the event as a value.

An event is never changed and never deleted. What it says of the past is corrected by a later event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from qualoop.ledger.errors import EventRefusedError


class EventType(StrEnum):
    """Every type of event. A value never changes and is never used again: old ledgers hold it."""

    EVIDENCE_RECORDED = "evidence.recorded"
    ASSERTION_MADE = "assertion.made"
    ASSERTION_REVISED = "assertion.revised"
    ASSERTION_VOIDED = "assertion.voided"
    DECISION_MADE = "decision.made"
    CREDIT_POSTED = "credit.posted"
    CREDENTIAL_ISSUED = "credential.issued"
    CREDENTIAL_REVOKED = "credential.revoked"
    CREDENTIAL_SUSPENDED = "credential.suspended"
    CREDENTIAL_REISSUED = "credential.reissued"
    APPEAL_OPENED = "appeal.opened"
    APPEAL_DECIDED = "appeal.decided"
    STATEMENT_ADDED = "statement.added"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    DISCLOSURE_MADE = "disclosure.made"
    ERASED = "erased"
    POLICY_ADOPTED = "policy.adopted"
    FRAMEWORK_ADOPTED = "framework.adopted"
    TAGS_ADOPTED = "tags.adopted"
    WEIGHTS_ADOPTED = "weights.adopted"
    CONSTANTS_ADOPTED = "constants.adopted"
    LEDGER_SEALED = "ledger.sealed"

    @property
    def is_of_a_learner(self) -> bool:
        """Whether such an event is about one learner; else it is about the organisation as a whole."""
        return self not in _OF_THE_ORGANISATION


_OF_THE_ORGANISATION = frozenset(
    {
        EventType.POLICY_ADOPTED,
        EventType.FRAMEWORK_ADOPTED,
        EventType.TAGS_ADOPTED,
        EventType.WEIGHTS_ADOPTED,
        EventType.CONSTANTS_ADOPTED,
        EventType.LEDGER_SEALED,
    }
)

_NO_OFFSET = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, as it is handed to the ledger.

    ``organisation``, ``learner`` and ``actor`` are lasting pseudonyms (never a name, an e-mail or a database id);
    ``occurred_at`` is when it happened, ``recorded_at`` when the server learnt of it, both in UTC. ``source``,
    ``source_id`` and ``attempt`` say where it came from: the same three from the same organisation are the same event,
    however often they arrive. ``body`` is plain JSON without floats; the event does not copy it, and `canonical_body`
    checks it. Raises EventRefusedError.
    """

    uuid: UUID
    type: EventType
    organisation: str
    learner: str | None
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    source_id: str
    attempt: str
    body: dict[str, Any]

    def __post_init__(self) -> None:
        if not (self.organisation and self.actor and self.source and self.source_id):
            raise EventRefusedError("organisation, actor, source and source id are never empty")
        if bool(self.learner) is not self.type.is_of_a_learner:
            raise EventRefusedError(f"{self.type} {'needs' if self.type.is_of_a_learner else 'has no'} learner")
        if self.occurred_at.utcoffset() != _NO_OFFSET or self.recorded_at.utcoffset() != _NO_OFFSET:
            raise EventRefusedError("the times of an event are in UTC, and say so")
        if self.occurred_at > self.recorded_at:
            raise EventRefusedError("nothing is recorded before it has occurred")
