"""The evidence ledger: what happened, in a form that nobody can change unnoticed. Pure values; the tool stores them."""

from __future__ import annotations

from qualoop.ledger.canonical import body_hash, canonical_body, utc_text
from qualoop.ledger.errors import EventRefusedError, EvidenceRefusedError, LedgerError
from qualoop.ledger.events import Event, EventType
from qualoop.ledger.evidence import SCORED_BY_MACHINE, Evidence, EvidenceForm
from qualoop.ledger.merkle import inclusion_proof, merkle_root, verify_inclusion
from qualoop.ledger.seals import Break, Seal, StoredEvent, chain_hash, first_link, seal_events, verify_seals

__all__ = [
    "SCORED_BY_MACHINE",
    "Break",
    "Event",
    "EventRefusedError",
    "EventType",
    "Evidence",
    "EvidenceForm",
    "EvidenceRefusedError",
    "LedgerError",
    "Seal",
    "StoredEvent",
    "body_hash",
    "canonical_body",
    "chain_hash",
    "first_link",
    "inclusion_proof",
    "merkle_root",
    "seal_events",
    "utc_text",
    "verify_inclusion",
    "verify_seals",
]
