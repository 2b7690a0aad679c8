"""The evidence ledger: what happened, in a form that nobody can change unnoticed. Pure values; the tool stores them."""

from __future__ import annotations

from qualoop.ledger.canonical import body_hash, canonical_body, hashed_form, utc_text
from qualoop.ledger.corrections import (
    CORRECTABLE,
    CORRECTIONS,
    Correction,
    CorrectionRow,
    Reason,
    Standing,
    settle_corrections,
)
from qualoop.ledger.downloads import Download, ProvenEvent, SignedSeal, as_document, as_page
from qualoop.ledger.errors import CorrectionRefusedError, EventRefusedError, EvidenceRefusedError, LedgerError
from qualoop.ledger.events import Event, EventType
from qualoop.ledger.evidence import GRADED_RUN, SCORED_BY_MACHINE, Evidence, EvidenceForm
from qualoop.ledger.merkle import inclusion_proof, inclusion_proofs, merkle_root, verify_inclusion
from qualoop.ledger.seals import (
    Break,
    Seal,
    StoredEvent,
    chain_hash,
    first_link,
    last_link,
    seal_events,
    seal_facts,
    signed_text,
    verify_seals,
)

__all__ = [
    "CORRECTABLE",
    "CORRECTIONS",
    "GRADED_RUN",
    "SCORED_BY_MACHINE",
    "Break",
    "Correction",
    "CorrectionRefusedError",
    "CorrectionRow",
    "Download",
    "Event",
    "EventRefusedError",
    "EventType",
    "Evidence",
    "EvidenceForm",
    "EvidenceRefusedError",
    "LedgerError",
    "ProvenEvent",
    "Reason",
    "Seal",
    "SignedSeal",
    "Standing",
    "StoredEvent",
    "as_document",
    "as_page",
    "body_hash",
    "canonical_body",
    "chain_hash",
    "first_link",
    "hashed_form",
    "inclusion_proof",
    "inclusion_proofs",
    "last_link",
    "merkle_root",
    "seal_events",
    "seal_facts",
    "settle_corrections",
    "signed_text",
    "utc_text",
    "verify_inclusion",
    "verify_seals",
]
