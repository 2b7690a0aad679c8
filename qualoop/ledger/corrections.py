"""Corrections: what an earlier event said is voided or given another score, with a reason; the old stays readable.

A correction is an event of its own (`assertion.voided`, `assertion.revised`) that names its target by uuid. The newest
correction of a target holds. A void may also name a correction: that withdraws it, and what stood before holds again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from qualoop.ledger.errors import CorrectionRefusedError
from qualoop.ledger.events import EventType
from qualoop.values import Score, ValueRefusedError

CORRECTIONS: Final = frozenset({EventType.ASSERTION_REVISED, EventType.ASSERTION_VOIDED})
"""The types of event that correct another one."""

CORRECTABLE: Final = frozenset({EventType.EVIDENCE_RECORDED, EventType.ASSERTION_MADE})
"""The types of event that can be voided and revised; corrections themselves can be voided."""


class Reason(StrEnum):
    """Why something is corrected. Expiry is none of these: what is merely old is not wrong."""

    ERROR = "error"
    FRAUD = "fraud"
    SUPERSEDED = "superseded"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a correction says: the uuid of its ``target``, why, and the new ``score``, None where it voids.

    ``note`` is free text as the ledger holds it: a token under the learner's data key, never plain words.
    """

    target: UUID
    reason: Reason
    score: Score | None = None
    note: str = ""

    def to_body(self) -> dict[str, Any]:
        """Return the event's body."""
        body = {"target": str(self.target), "reason": self.reason.value}
        if self.score is not None:
            body["score"] = self.score.as_text()
        if self.note:
            body["note"] = self.note
        return body

    @property
    def type(self) -> EventType:
        """Return the type of the event that says this."""
        return EventType.ASSERTION_VOIDED if self.score is None else EventType.ASSERTION_REVISED

    @classmethod
    def from_body(cls, kind: EventType, body: Mapping[str, Any]) -> Self:
        """Return the correction in a body; raise CorrectionRefusedError where it is none."""
        try:
            made = cls(
                target=UUID(body["target"]),
                reason=Reason(body["reason"]),
                score=Score(body["score"]) if kind is EventType.ASSERTION_REVISED else None,
                note=str(body.get("note", "")),
            )
        except (KeyError, TypeError, AttributeError, ValueError, ValueRefusedError) as error:
            raise CorrectionRefusedError(f"not a correction: {error}") from error
        if made.to_body() != dict(body) or kind not in CORRECTIONS:
            raise CorrectionRefusedError("a correction has a target, a reason, a note and, where it revises, a score")
        return made


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A correction as it stands in the ledger: its sequence number, its own uuid, and what it says."""

    seq: int
    uuid: str
    correction: Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a corrected event stands: voided, or with another score; by which event (uuid and sequence number)."""

    voided: bool
    score: Score | None
    reason: Reason
    by: str
    seq: int


def settle_corrections(rows: Iterable[CorrectionRow]) -> dict[str, Standing]:
    """Return how each corrected event stands, by its uuid; an event that is not in it stands as it was recorded.

    Any order of ``rows`` gives the same answer. A correction that was withdrawn is in it, too, as voided. Since a
    correction is always newer than its target, one pass from the newest to the oldest settles voids of voids.
    """
    found: dict[str, Standing] = {}
    for row in sorted(rows, key=lambda row: row.seq, reverse=True):
        withdrawn = found.get(row.uuid)
        target = str(row.correction.target)
        if (withdrawn and withdrawn.voided) or target in found:
            continue
        found[target] = Standing(
            voided=row.correction.score is None,
            score=row.correction.score,
            reason=row.correction.reason,
            by=row.uuid,
            seq=row.seq,
        )
    return found
