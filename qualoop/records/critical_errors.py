"""What opens a critical error and what settles it, and which of a learner's are open.

A breach that caps a component of a graded run (PartScored.critical of the player) opens one for the part. Practice never
does: it is for making mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable

from qualoop.ledger import Evidence, Standing
from qualoop.records.evidence import EvidenceEntry


def effect_on_error(evidence: Evidence, standing: Standing | None = None) -> bool | None:
    """Say whether evidence opens the critical error of its part (True), settles it (False) or does neither (None).

    ``standing`` is how the evidence stands, where it was corrected. What is void does neither. One who gives a better score
    for a breach has decided that it was none.
    """
    if not evidence.is_graded_run or (standing is not None and standing.voided):
        return None
    is_revised_away = standing is not None and standing.score is not None and standing.score > evidence.score
    return evidence.critical and not is_revised_away


def has_open_error(entries: Iterable[EvidenceEntry]) -> bool:
    """Say whether a critical error is open after all these entries, which are in ledger order."""
    open_now: dict[tuple[str, str], bool] = {}
    for entry in entries:
        if entry.evidence.is_graded_run and not entry.is_void:
            was = entry.correction.was if entry.correction else entry.evidence.score
            open_now[entry.item] = entry.evidence.critical and entry.evidence.score <= was
    return any(open_now.values())
