"""The append-only ledger and its seals. The database refuses UPDATE and DELETE on both (migration 0001)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from lti_tool.models.base import Scoped, short


class LedgerEvent(Scoped):
    """One event; `id` is its sequence number. `body` is the canonical JSON text that `body_hash` covers."""

    __tablename__ = "ledger_event"
    __table_args__ = (
        UniqueConstraint("organisation_id", "source", "source_id", "attempt"),
        Index("ix_ledger_event_learner", "organisation_id", "learner"),
    )

    uuid: Mapped[str] = short(36, unique=True)
    type: Mapped[str] = short(32)
    learner: Mapped[str | None] = short(36)
    actor: Mapped[str] = short(64)
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    source: Mapped[str] = short(64)
    source_id: Mapped[str] = short(128)
    attempt: Mapped[str] = short(64)
    body: Mapped[str]
    body_hash: Mapped[str] = short(64)


class LedgerSeal(Scoped):
    """A run of events of one organisation, chained, hashed into a Merkle root and signed."""

    __tablename__ = "ledger_seal"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    number: Mapped[int]
    from_seq: Mapped[int]
    to_seq: Mapped[int]
    count: Mapped[int]
    prev_hash: Mapped[str] = short(64)
    chain_hash: Mapped[str] = short(64)
    merkle_root: Mapped[str] = short(64)
    signature: Mapped[str]
    sealed_at: Mapped[datetime]


class MasteryGeneration(Scoped):
    """One computation of mastery from the ledger; adoption moves the pointer to it."""

    __tablename__ = "mastery_generation"
    __table_args__ = (UniqueConstraint("organisation_id", "number"),)

    number: Mapped[int]
    state: Mapped[str] = short(16)
    model: Mapped[str] = short(32)
    constants: Mapped[str] = short(32)
    weights: Mapped[str] = short(32)
    through_seq: Mapped[int]
    created_at: Mapped[datetime]


class MasteryState(Scoped):
    """A cached state of the mastery engine: of a learner, a learner's knowledge point, an item, a knowledge point."""

    __tablename__ = "mastery_state"
    __table_args__ = (UniqueConstraint("generation_id", "owner", "subject"),)

    generation_id: Mapped[int]
    owner: Mapped[str] = short(16)
    subject: Mapped[str] = short(200)
    numbers: Mapped[list[Any]]


class MasteryUpdate(Scoped):
    """The explanation of one update: which event moved which knowledge points of which learner, and why."""

    __tablename__ = "mastery_update"
    __table_args__ = (
        UniqueConstraint("generation_id", "event_seq"),
        Index("ix_mastery_update_learner", "organisation_id", "learner"),
    )

    generation_id: Mapped[int]
    event_seq: Mapped[int]
    learner: Mapped[str] = short(36)
    explanation: Mapped[dict[str, Any]]
