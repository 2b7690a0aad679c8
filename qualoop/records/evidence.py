"""One piece of evidence as a record shows it: what was done, and what it did to mastery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from qualoop.ledger import Evidence, Reason
from qualoop.mastery.moves import Move
from qualoop.values import Score, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCorrection:
    """How a person corrected evidence at ``at``: what its score ``was``, and whether it is void now.

    ``is_followed`` says whether levels were computed again since; until then they rest on the score that was.
    """

    at: datetime
    reason: Reason
    was: Score
    is_void: bool
    is_followed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceEntry:
    """Evidence number ``seq`` of a ledger, and the stored explanation of the update that it caused.

    ``evidence`` has the score that counts now; ``correction`` says what it was, None where it stands as recorded.
    ``explanation`` is what `qualoop.mastery.explanation.numbers` made, with the weight beside it;
    ``moves`` are the same update by knowledge point, unrounded: what levels of two moments are compared by.
    """

    seq: int
    at: datetime
    evidence: Evidence
    explanation: Mapping[str, Any]
    correction: EntryCorrection | None = None
    moves: Mapping[str, Move] = field(default_factory=dict)

    @property
    def is_void(self) -> bool:
        """Say whether it counts no more; it goes from the record when levels are computed again."""
        return self.correction is not None and self.correction.is_void

    @property
    def counts(self) -> bool:
        """Say whether it is a measure of skill: it weighs something, and is not void."""
        return bool(Decimal(self.omega)) and not self.is_void

    def move(self, code: str, *, is_counted: bool) -> Move:
        """Return what it did to one of its knowledge points, as one that is asked about or not."""
        return self.moves[code]._replace(is_counted=is_counted)

    @property
    def item(self) -> tuple[str, str]:
        """What was answered, whatever the attempt: activity and part."""
        return (self.evidence.activity, self.evidence.part)

    @property
    def codes(self) -> tuple[str, ...]:
        """The knowledge points that it moved."""
        return tuple(row["kp"] for row in self.explanation["kps"])

    @property
    def omega(self) -> str:
        """How much of a full answer it counts, as a decimal string."""
        return str(self.explanation["weight"]["omega"])

    def level_after(self, code: str) -> float:
        """Return the level, in [0, 1], at which it left one of its knowledge points."""
        return next(float(row["after"]) for row in self.explanation["kps"] if row["kp"] == code) / 100

    @property
    def weight_why(self) -> Text:
        """Why it counts as much as it does."""
        return Text(self.explanation["weight"]["why"])

    @property
    def change(self) -> Mapping[str, Any]:
        """The explanation of what it moved, without its weight, which has words of its own."""
        return {name: value for name, value in self.explanation.items() if name != "weight"}
