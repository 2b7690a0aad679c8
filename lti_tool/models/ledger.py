"""The append-only ledger and its seals, on both of which the database refuses UPDATE and DELETE; and what follows from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from lti_tool.models.base import Scoped, short

RARE = text("type <> 'evidence.recorded'")


class LedgerEvent(Scoped):
    """One event; `id` is its sequence number. `body` is the canonical JSON text that `body_hash` covers."""

    __tablename__ = "ledger_event"
    __table_args__ = (
        UniqueConstraint("organisation_id", "source", "source_id", "attempt"),
        Index("ix_ledger_event_learner", "organisation_id", "learner"),
        # Corrections and adoptions are few among millions of answers, whose writing this index costs nothing.
        Index("ix_ledger_event_rare", "organisation_id", "type", sqlite_where=RARE, postgresql_where=RARE),
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


class CriticalError(Scoped):
    """A critical error that is open: a breach in a part of a graded run, until a later graded run has none there.

    `learner` is a pseudonym, `content` the version by whose tags the part serves knowledge points.
    """

    __tablename__ = "critical_error"
    __table_args__ = (UniqueConstraint("organisation_id", "learner", "activity", "part"),)

    learner: Mapped[str] = short(36)
    activity: Mapped[str] = short(64)
    part: Mapped[str] = short(64)
    content: Mapped[str] = short(64)
