"""Improvement: what practice changed on a knowledge point, from the first evidence to the latest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from qualoop.mastery.moves import after_first, left, without
from qualoop.records.evidence import EvidenceEntry
from qualoop.values import LANGUAGES, Score, Text

SUCCESS: Final = Score("0.7")
"""From which score on evidence counts as a success in its context."""

_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "same": "The same question: {first}% at first, {latest}% at last.",
        "other": "First result {first}%, latest {latest}%, on different questions.",
        "rose": " What came after the first has raised the level from {from_level}% to {to_level}%.",
        "fell": " What came after the first has lowered the level from {from_level}% to {to_level}%.",
        "stayed": " What came after the first has left the level at {to_level}%.",
    },
    "zh-Hans": {
        "same": "同一题：首次 {first}%，最近 {latest}%。",
        "other": "首次结果 {first}%，最近 {latest}%（题目不同）。",
        "rose": "首次之后的证据使水平从 {from_level}% 升至 {to_level}%。",
        "fell": "首次之后的证据使水平从 {from_level}% 降至 {to_level}%。",
        "stayed": "首次之后的证据使水平保持在 {to_level}%。",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """First against latest on one knowledge point.

    Scores are raw. Levels lie in [0, 1]: ``latest_level`` is what the latest of all the ``count`` pieces left the knowledge
    point at, ``first_level`` what it would be then had nothing come after the first (`qualoop.mastery.moves`). A single
    score says little, the levels say more. ``contexts`` counts the different
    activities in which there was a success.
    """

    code: str
    first: Score
    latest: Score
    first_at: datetime
    latest_at: datetime
    first_level: float
    latest_level: float
    is_same_item: bool
    count: int
    contexts: int

    @property
    def score(self) -> Decimal:
        """By how much the score has risen; below 0 where it fell."""
        return Decimal(self.latest) - Decimal(self.first)

    @property
    def level(self) -> float:
        """By how much what came after the first has raised the level; below 0 where it lowered it."""
        return self.latest_level - self.first_level

    @property
    def sentence(self) -> Text:
        """The gain in words."""
        return Text({language: self._sentence(_PHRASES[language]) for language in LANGUAGES})

    def _sentence(self, phrases: Mapping[str, str]) -> str:
        before, after = round(100 * self.first_level), round(100 * self.latest_level)
        moved = "rose" if after > before else "fell" if after < before else "stayed"
        return (phrases["same" if self.is_same_item else "other"] + phrases[moved]).format(
            first=round(100 * self.first),
            latest=round(100 * self.latest),
            from_level=before,
            to_level=after,
        )


def gain(entries: Iterable[EvidenceEntry], code: str, *, hidden: Collection[str] = ()) -> Gain | None:
    """Return what changed on a knowledge point, from ``entries`` in ledger order; None before a second one.

    Evidence that weighs nothing is left out: it is no measure of skill. So is what is void, and what is of the attempts
    ``hidden``. Each of them has touched the memory all the same, so that ``entries`` lack none in between.
    """
    found = [entry for entry in entries if code in entry.codes]
    own = [entry for entry in found if entry.counts and entry.evidence.attempt not in hidden]
    if len(own) <= 1:
        return None
    first, latest = own[0], own[-1]
    counted = {entry.seq for entry in own}
    moves = [entry.move(code, is_counted=entry.seq in counted) for entry in found]
    return Gain(
        code=code,
        first=first.evidence.score,
        latest=latest.evidence.score,
        first_at=first.at,
        latest_at=latest.at,
        first_level=without(after_first(moves)).level,
        latest_level=left(latest.moves[code]).level,
        is_same_item=first.item == latest.item,
        count=len(own),
        contexts=len({entry.evidence.activity for entry in own if entry.evidence.score >= SUCCESS}),
    )
