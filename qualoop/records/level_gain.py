"""Improvement in practice: a level after the latest answer, and what it would be had nothing come after the first one.

Each with its band. Why that, and not what the level once was: `qualoop.mastery.moves`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qualoop.mastery.moves import Move, after_first, counted, left, without
from qualoop.mastery.readings import Belief

FEWEST: int = 2
"""From how many answers on there is a first and a latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelGain:
    """What the answers after the first changed on one knowledge point; ``count`` of all of them is at least 2.

    Levels and their 90 % bands, in [0, 1]: ``first`` as it would be at the latest without those after the first.
    """

    code: str
    first: tuple[float, float, float]
    latest: tuple[float, float, float]
    count: int

    @property
    def gain(self) -> float:
        """By how much these answers raised the level; below 0 where they lowered it."""
        return self.latest[0] - self.first[0]

    @property
    def is_clear(self) -> bool:
        """Say whether the bands do not even touch: then it is no matter of chance."""
        return self.latest[1] > self.first[2] or self.latest[2] < self.first[1]


def level_gain(code: str, moves: Sequence[Move]) -> LevelGain | None:
    """Return the gain from what each answer did, in ledger order; None before a second one that counts."""
    own = counted(moves)
    if len(own) < FEWEST:
        return None
    first, latest = without(after_first(moves)), left(own[-1])
    return LevelGain(code=code, first=_banded(first), latest=_banded(latest), count=len(own))


def mean_gain(gains: Iterable[LevelGain]) -> float | None:
    """Return the mean gain over knowledge points, each counting alike; None where there is none."""
    found = [each.gain for each in gains]
    return sum(found) / len(found) if found else None


def _banded(belief: Belief) -> tuple[float, float, float]:
    reading = belief.reading(0)
    return reading.level, reading.low, reading.high
