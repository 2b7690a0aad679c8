"""The record as a tree: sections (posts, or groups whose units have no post yet), units, knowledge points.

No level stands alone: each comes with its band, the number of answers and the evidence. A unit shows how much of it
is covered; rolling levels up to units and posts is a later step and not hinted at here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from qualoop.framework import Framework, JobGroup, KnowledgePoint, Level, Post, Unit
from qualoop.mastery.engine import Reading
from qualoop.records.evidence import EvidenceEntry
from qualoop.records.status import DEFAULT_POLICY, Status, StatusPolicy, status_of
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

    ``reading`` is None where there is no evidence. ``items`` counts different items, ``evidence`` is newest first.
    """

    point: KnowledgePoint
    status: Status
    reading: Reading | None
    items: int
    evidence: tuple[EvidenceEntry, ...]
    prerequisites: tuple[Prerequisite, ...]

    @property
    def last(self) -> datetime | None:
        """When the newest evidence came about."""
        return self.evidence[0].at if self.evidence else None

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
    """A unit with its knowledge points; ``is_open`` where there is evidence or it is being taught."""

    unit: Unit
    level: Level
    points: tuple[KnowledgePointRecord, ...]
    is_open: bool

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


def build_record(
    framework: Framework,
    readings: Mapping[str, Reading],
    evidence: Iterable[EvidenceEntry],
    *,
    taught: Collection[str] = (),
    policy: StatusPolicy = DEFAULT_POLICY,
) -> Record:
    """Return the record of one learner.

    ``readings`` are by knowledge point, ``evidence`` in ledger order, ``taught`` the codes of what this learner's
    courses teach now. Evidence for a knowledge point that the framework does not hold is left out.
    """
    built = build_points(framework, framework.knowledge_points, readings, evidence, policy=policy)
    points = {point.point.code: point for point in built}
    started = {code for code, point in points.items() if point.evidence} | set(taught)
    units = {
        unit.code: UnitRecord(
            unit=unit,
            level=framework.levels[unit.level],
            points=tuple(points[code] for code in unit.knowledge_points),
            is_open=not started.isdisjoint(unit.knowledge_points),
        )
        for unit in framework.units.values()
    }
    holders: list[Post | JobGroup] = [*framework.posts.values(), *framework.job_groups.values()]
    sections = (
        Section(code=holder.code, title=holder.title, units=tuple(units[code] for code in holder.units))
        for holder in holders
        if holder.units
    )
    return Record(sections=tuple(sections))


def build_points(
    framework: Framework,
    codes: Iterable[str],
    readings: Mapping[str, Reading],
    evidence: Iterable[EvidenceEntry],
    *,
    policy: StatusPolicy = DEFAULT_POLICY,
) -> Sequence[KnowledgePointRecord]:
    """Return what is known of some knowledge points of the framework, in the order of ``codes``.

    ``readings`` and ``evidence`` are as `build_record` takes them; prerequisites need theirs, too.
    """
    known = _Known(readings, _by_code(evidence), policy)
    return [_build_point(framework, known, code) for code in codes]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one learner: readings and evidence by knowledge point, and the rule for a status."""

    readings: Mapping[str, Reading]
    evidence: Mapping[str, Sequence[EvidenceEntry]]
    policy: StatusPolicy

    def own(self, code: str) -> Sequence[EvidenceEntry]:
        return self.evidence.get(code, ())

    def reading(self, code: str) -> Reading | None:
        return self.readings.get(code) if self.own(code) else None

    def items(self, code: str) -> int:
        """Return from how many different items the evidence comes."""
        return len({entry.item for entry in self.own(code)})

    def status(self, code: str) -> Status:
        return status_of(self.reading(code), self.items(code), self.policy)


def _build_point(framework: Framework, known: _Known, code: str) -> KnowledgePointRecord:
    point = framework.get_knowledge_point(code)
    return KnowledgePointRecord(
        point=point,
        status=known.status(code),
        reading=known.reading(code),
        items=known.items(code),
        evidence=tuple(reversed(known.own(code))),
        prerequisites=tuple(
            Prerequisite(point=framework.get_knowledge_point(other), status=known.status(other))
            for other in point.prerequisites
        ),
    )


def _by_code(evidence: Iterable[EvidenceEntry]) -> Mapping[str, Sequence[EvidenceEntry]]:
    found: dict[str, list[EvidenceEntry]] = defaultdict(list)
    for entry in evidence:
        for code in entry.codes:
            found[code].append(entry)
    return found
