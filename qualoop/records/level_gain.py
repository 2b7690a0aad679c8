"""Improvement in practice: what a level was after the first answer and is after the latest, each with its band."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEWEST: int = 2
"""From how many answers on there is a first and a latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelGain:
    """First against latest on one knowledge point; levels and their 90 % bands lie in [0, 1], ``count`` is at least 2."""

    code: str
    first: tuple[float, float, float]
    latest: tuple[float, float, float]
    count: int

    @property
    def gain(self) -> float:
        """By how much the level rose; below 0 where it fell."""
        return self.latest[0] - self.first[0]

    @property
    def is_clear(self) -> bool:
        """Say whether the bands do not even touch: then it is no matter of chance."""
        return self.latest[1] > self.first[2] or self.latest[2] < self.first[1]


def level_gain(code: str, moved: Sequence[tuple[float, float, float]]) -> LevelGain | None:
    """Return the gain from (level, low, high) after each answer in ledger order; None before a second answer."""
    if len(moved) < FEWEST:
        return None
    return LevelGain(code=code, first=moved[0], latest=moved[-1], count=len(moved))


def mean_gain(gains: Iterable[LevelGain]) -> float | None:
    """Return the mean gain over knowledge points, each counting alike; None where there is none."""
    found = [each.gain for each in gains]
    return sum(found) / len(found) if found else None
