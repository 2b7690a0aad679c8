"""The record as a tree: sections (posts, or groups whose units have no post yet), units, knowledge points.

No level stands alone: each comes with its band, the number of answers and the evidence. Units and posts come with the
roll-up of their knowledge points, where the learner's ability is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from qualoop.framework import KnowledgePoint, Level, Unit
from qualoop.ledger import EvidenceForm
from qualoop.mastery.readings import Reading
from qualoop.records.evidence import EvidenceEntry
from qualoop.records.gain import Gain
from qualoop.records.rollup import RollUp
from qualoop.records.status import Status
from qualoop.values import Text

COVERED_FROM: Final = 3
"""From how many answers on a knowledge point counts as covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """What a knowledge point builds on directly, and how that stands."""

    point: KnowledgePoint
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgePointRecord:
    """What is known of one knowledge point.

    ``reason`` says why it has its status and what the next one takes. ``reading`` is None where there is no evidence.
    ``items`` counts different items, ``forms`` are those of its evidence that count, ``evidence`` is newest first and
    ``last`` when the newest came about. ``gain`` is None before a second piece of evidence.
    """

    point: KnowledgePoint
    status: Status
    reason: Text
    reading: Reading | None
    items: int
    forms: tuple[EvidenceForm, ...]
    last: datetime | None
    evidence: tuple[EvidenceEntry, ...]
    gain: Gain | None
    prerequisites: tuple[Prerequisite, ...]

    @property
    def drift(self) -> float | None:
        """How far the level has moved since the newest evidence left it: by time, and by what others answered."""
        if self.reading is None or not self.evidence:
            return None
        return self.reading.level - self.evidence[0].level_after(self.point.code)

    @property
    def is_covered(self) -> bool:
        """Say whether there are enough answers for the unit to count on it."""
        return self.reading is not None and self.reading.n >= COVERED_FROM


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRecord:
    """A unit with its knowledge points; ``is_open`` where there is evidence or it is being taught.

    ``level`` is the one that the unit is at, not the learner's. ``roll_up`` is None where there is nothing to roll up.
    """

    unit: Unit
    level: Level
    points: tuple[KnowledgePointRecord, ...]
    is_open: bool
    roll_up: RollUp | None = None

    @property
    def covered(self) -> int:
        """How many of its knowledge points are covered."""
        return sum(point.is_covered for point in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A post, or a job group for the units that no post takes yet."""

    code: str
    title: Text
    units: tuple[UnitRecord, ...]
    roll_up: RollUp | None = None

    @property
    def is_open(self) -> bool:
        """Say whether anything in it is open."""
        return any(unit.is_open for unit in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A learner's record under one framework, in the framework's order."""

    sections: tuple[Section, ...]

    @property
    def open(self) -> tuple[Section, ...]:
        """The sections to show first: with evidence, or being taught."""
        return tuple(section for section in self.sections if section.is_open)

    @property
    def others(self) -> tuple[Section, ...]:
        """The sections that nothing was done in yet."""
        return tuple(section for section in self.sections if not section.is_open)
