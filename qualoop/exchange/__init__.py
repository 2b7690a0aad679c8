"""How other systems and this one exchange what they know: signed requests, and the messages of the evidence API."""

from __future__ import annotations

from qualoop.exchange.change_messages import Change, ChangesPage, KnowledgePointState, NextStep
from qualoop.exchange.evidence_messages import (
    MAX_BODY_BYTES,
    MAX_EVENTS,
    BatchResult,
    EventResult,
    EvidenceBatch,
    EvidenceEvent,
    Gap,
    Outcome,
)
from qualoop.exchange.override_messages import GradeOverride, OverrideOutcome, OverrideResult
from qualoop.exchange.problems import Fault, Problem
from qualoop.exchange.reading import MessageRefusedError, MessageUnreadableError, read_json, read_message
from qualoop.exchange.signed_requests import (
    WINDOW,
    ClockSkewError,
    Secret,
    SignatureMissingError,
    SignatureWrongError,
    SignedRequestError,
    Signing,
    read_signing,
    sign_request,
    verify_request,
)
from qualoop.exchange.version_messages import RegisteredVersion, VersionRegistration

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_EVENTS",
    "WINDOW",
    "BatchResult",
    "Change",
    "ChangesPage",
    "ClockSkewError",
    "EventResult",
    "EvidenceBatch",
    "EvidenceEvent",
    "Fault",
    "Gap",
    "GradeOverride",
    "KnowledgePointState",
    "MessageRefusedError",
    "MessageUnreadableError",
    "NextStep",
    "Outcome",
    "OverrideOutcome",
    "OverrideResult",
    "Problem",
    "RegisteredVersion",
    "Secret",
    "SignatureMissingError",
    "SignatureWrongError",
    "SignedRequestError",
    "Signing",
    "VersionRegistration",
    "read_json",
    "read_message",
    "read_signing",
    "sign_request",
    "verify_request",
]
