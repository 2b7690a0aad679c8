"""From how dark the bubbles are to what was answered. What is not clear is said to be unclear, and never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qualoop.classroom.sheets.shapes import Row, RowKind

EMPTY: Final = 0.13
"""Up to this share of black a bubble is empty: its outline's blur and the dirt of a scan."""
FILLED: Final = 0.38
"""From this share on it is filled. Between the two nobody can say: a faint mark, one that was rubbed out, a cross."""


class Finding(StrEnum):
    """How a row was found."""

    CLEAR = "clear"
    UNANSWERED = "unanswered"
    DOUBLE = "double"
    FAINT = "faint"
    UNMARKED = "unmarked"

    @property
    def is_clear(self) -> bool:
        """Say whether nobody has to look at it. Nothing filled at all is clear, too: it was left out."""
        return self in {Finding.CLEAR, Finding.UNANSWERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReading:
    """What a row says: the keys that were filled, and how sure that is, from 0 to 1 (1: black or white)."""

    part: str
    picked: tuple[str, ...]
    finding: Finding
    confidence: float


def confidence(fill: float) -> float:
    """Return how far the fill of a bubble is from what nobody can tell: 0 in the doubtful band, 1 for black or white."""
    if fill <= EMPTY:
        return round(min((EMPTY - fill) / EMPTY + 0.5, 1.0), 3)
    if fill >= FILLED:
        return round(min((fill - FILLED) / (1.0 - FILLED) * 2 + 0.5, 1.0), 3)
    return 0.0


def judge_row(row: Row, fills: Sequence[float]) -> RowReading:
    """Judge one row by the fills of its bubbles, from 0 (white) to 1 (black)."""
    picked = tuple(bubble.option for bubble, fill in zip(row.bubbles, fills, strict=True) if fill >= FILLED)
    return RowReading(
        part=row.part,
        picked=picked,
        finding=_finding(row.kind, len(picked), is_doubtful=any(EMPTY < fill < FILLED for fill in fills)),
        confidence=min(map(confidence, fills), default=0.0),
    )


def _finding(kind: RowKind, picked: int, *, is_doubtful: bool) -> Finding:
    if is_doubtful:
        return Finding.FAINT
    if not picked:
        return Finding.UNMARKED if kind is RowKind.MARKED else Finding.UNANSWERED
    return Finding.DOUBLE if picked > 1 and kind is not RowKind.MANY else Finding.CLEAR


def is_blank(rows: Sequence[RowReading]) -> bool:
    """Say whether nobody has answered anything on a page."""
    return bool(rows) and all(row.finding in {Finding.UNANSWERED, Finding.UNMARKED} for row in rows)
