"""The level of a learner on a knowledge point or unit as of the newest evidence on it, as a grade column shows it.

Read from the adopted generation at the time of that evidence, so that no time that has passed since lowers it: a level
that falls by forgetting alone is nothing that a grade book should hear of (docs/mastery.md, "Grade columns").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection

from lti_tool.services.mastery import cache
from lti_tool.services.mastery.cache import Memory, Standing
from lti_tool.services.mechanisms.dates import written_date
from qualoop.framework import Framework
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.engine import Reading
from qualoop.mastery.readings import read_point
from qualoop.records import Ability, PointFacts, roll_up, scope_weights, whole_percent
from qualoop.records.level_sentences import level_sentence

_RESPONSES, _LAST = 4, 5
"""Where a memory's row counts responses, and says when it was touched last, in seconds since 1970."""


class SubjectKind(StrEnum):
    """What a column is about."""

    KNOWLEDGE_POINT = "kp"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class ColumnSubject:
    """What a column is about: a knowledge point or a unit of the framework, by its code."""

    kind: SubjectKind
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLevel:
    """A shown level with its 90 % band, all in [0, 1], the answers behind it, and when the newest came about."""

    level: float
    low: float
    high: float
    n: int
    at: datetime

    @property
    def points(self) -> int:
        """The level as a grade book shows it, out of 100."""
        return whole_percent(self.level)

    @property
    def value(self) -> str:
        """The points as a share of the whole, as an outbox carries it."""
        return f"{self.points / 100:.2f}"

    @property
    def told(self) -> str:
        """Everything that the platform is told, in a form to compare."""
        return f"{self.points} {self.n} {whole_percent(self.low)} {whole_percent(self.high)} {self.at.date()}"

    def comment(self, language: str) -> str:
        """Return number of answers, band and date in words of a language that we have, else in English."""
        newest = written_date(self.at.date(), "medium", language)
        return level_sentence(language, n=self.n, band=(self.low, self.high), newest=newest)


Levels = Mapping[tuple[str, ColumnSubject], ColumnLevel]
"""By pseudonym and subject; what has no evidence is left out."""


def is_in(framework: Framework | None, subject: ColumnSubject) -> bool:
    """Say whether a framework holds what a column is about."""
    if framework is None:
        return False
    holder = framework.units if subject.kind is SubjectKind.UNIT else framework.knowledge_points
    return subject.code in holder


def codes_of(framework: Framework, subject: ColumnSubject) -> frozenset[str]:
    """Return the knowledge points that a subject of the framework consists of."""
    return frozenset(_weights(framework, subject))


def read_levels(
    connection: Connection,
    framework: Framework,
    organisation_id: int,
    *,
    people: Sequence[str],
    subjects: Iterable[ColumnSubject],
) -> Levels:
    """Return the levels of people of the organisation on subjects of the framework."""
    place = cache.find_adopted(connection, organisation_id)
    weights = {subject: _weights(framework, subject) for subject in subjects}
    codes = {code for each in weights.values() for code in each}
    if place is None or not people or not codes:
        return {}
    standings = cache.load_class(connection, place, people, sorted(codes))
    found: dict[tuple[str, ColumnSubject], ColumnLevel] = {}
    for person, standing in standings.items():
        for subject, each in weights.items():
            level = _level(standing, subject, each)
            if level is not None:
                found[(person, subject)] = level
    return found


def _weights(framework: Framework, subject: ColumnSubject) -> Mapping[str, float]:
    """Return what the knowledge points of a subject weigh; the sum is 1."""
    if subject.kind is SubjectKind.UNIT:
        return scope_weights(framework, [subject.code])
    return {subject.code: 1.0}


def _level(standing: Standing, subject: ColumnSubject, weights: Mapping[str, float]) -> ColumnLevel | None:
    """Return one learner's level on one subject; None without evidence on it."""
    met = {code: memory for code in weights if (memory := standing.memories.get(code)) and memory.row[_RESPONSES]}
    if standing.learner is None or not met:
        return None
    last = max(memory.row[_LAST] for memory in met.values())
    n = sum(int(memory.row[_RESPONSES]) for memory in met.values())
    at = datetime.fromtimestamp(last, UTC)
    if subject.kind is SubjectKind.KNOWLEDGE_POINT:
        shown = _read(standing, met[subject.code], subject.code, last)
        return ColumnLevel(level=shown.level, low=shown.low, high=shown.high, n=n, at=at)
    facts = {
        code: PointFacts(reading=_read(standing, met.get(code), code, last))
        for code in weights
        if code in met or code in standing.points
    }
    unmet = read_point(standing.learner, None, None, at=last, constants=DEFAULT_CONSTANTS)
    rolled = roll_up(weights, facts, ability=Ability(variance=standing.learner[1], unmet=unmet), now=last)
    return ColumnLevel(level=rolled.level, low=rolled.low, high=rolled.high, n=n, at=at)


def _read(standing: Standing, memory: Memory | None, code: str, at: float) -> Reading:
    row = memory.row if memory else None
    return read_point(standing.learner, row, standing.points.get(code), at=at, constants=DEFAULT_CONSTANTS)
