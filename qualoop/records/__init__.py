"""A learner's record: post -> unit -> knowledge point, each number with the evidence behind it.

record = build_record(framework, readings, evidence, taught=codes)

Everything here is derived: from a framework, from what the mastery engine reads, from the evidence in the ledger.
Nothing is stored and nothing is awarded: a status is a summary, and a person decides.
"""

from __future__ import annotations

from qualoop.records.evidence import EvidenceEntry
from qualoop.records.record import (
    COVERED_FROM,
    KnowledgePointRecord,
    Prerequisite,
    Record,
    Section,
    UnitRecord,
    build_points,
    build_record,
)
from qualoop.records.status import (
    DEFAULT_POLICY,
    Status,
    StatusPolicy,
    chance_above,
    is_remedial,
    status_of,
    whole_percent,
)

__all__ = [
    "COVERED_FROM",
    "DEFAULT_POLICY",
    "EvidenceEntry",
    "KnowledgePointRecord",
    "Prerequisite",
    "Record",
    "Section",
    "Status",
    "StatusPolicy",
    "UnitRecord",
    "build_points",
    "build_record",
    "chance_above",
    "is_remedial",
    "status_of",
    "whole_percent",
]
