"""One piece of evidence as a record shows it: what was done, and what it did to mastery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qualoop.ledger import Evidence
from qualoop.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceEntry:
    """Evidence number ``seq`` of a ledger, and the stored explanation of the update that it caused.

    ``explanation`` is what `qualoop.mastery.explanation.numbers` made, with the weight beside it.
    """

    seq: int
    at: datetime
    evidence: Evidence
    explanation: Mapping[str, Any]

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
