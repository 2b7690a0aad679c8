"""A learner's record: post -> unit -> knowledge point, each number with the evidence behind it.

record = build_record(framework, readings, evidence, taught=codes)

Everything here is derived: from a framework, from what the mastery engine reads, from the evidence in the ledger.
Nothing is stored and nothing is awarded: a status is a summary, a level a proposal, and a person decides.
"""

from __future__ import annotations

from qualoop.records.building import Background, build_points, build_record, facts_from_evidence
from qualoop.records.evidence import EntryCorrection, EvidenceEntry
from qualoop.records.facts import SECONDS_PER_MONTH, Flag, PointFacts, StatusRules, status_rules
from qualoop.records.flags import APPEAL_OUTCOMES, FLAGGING, FlagRow, Outcome, open_appeals, settle_flags
from qualoop.records.gain import Gain, gain
from qualoop.records.levels import Gate, GateKind, LevelProposal
from qualoop.records.reasons import missing_phrases, status_reason
from qualoop.records.record import (
    COVERED_FROM,
    KnowledgePointRecord,
    Prerequisite,
    Record,
    Section,
    UnitRecord,
)
from qualoop.records.rollup import Ability, RollUp, roll_up, scope_weights
from qualoop.records.status import (
    FLAGGED,
    LEVEL_STEPS,
    Lack,
    Missing,
    Status,
    chance_above,
    is_remedial,
    is_too_old,
    level_step,
    may_stop,
    missing_for,
    status_of,
    whole_percent,
)

__all__ = [
    "APPEAL_OUTCOMES",
    "COVERED_FROM",
    "FLAGGED",
    "FLAGGING",
    "LEVEL_STEPS",
    "SECONDS_PER_MONTH",
    "Ability",
    "Background",
    "EntryCorrection",
    "EvidenceEntry",
    "Flag",
    "FlagRow",
    "Gain",
    "Gate",
    "GateKind",
    "KnowledgePointRecord",
    "Lack",
    "LevelProposal",
    "Missing",
    "Outcome",
    "PointFacts",
    "Prerequisite",
    "Record",
    "RollUp",
    "Section",
    "Status",
    "StatusRules",
    "UnitRecord",
    "build_points",
    "build_record",
    "chance_above",
    "facts_from_evidence",
    "gain",
    "is_remedial",
    "is_too_old",
    "level_step",
    "may_stop",
    "missing_for",
    "missing_phrases",
    "open_appeals",
    "roll_up",
    "scope_weights",
    "settle_flags",
    "status_of",
    "status_reason",
    "status_rules",
    "whole_percent",
]
