"""Who may judge what: the scope of an invitation, the qualifications of an assessor, and the level they end at.

Pure. What somebody judged outside of it is never lost and never counted in silence: a person decides about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from qualoop.framework import Framework


class QualificationKind(StrEnum):
    """What an assessor is qualified in. Who is qualified in both is *double-qualified*."""

    TEACHING = "teaching"
    INDUSTRY = "industry"


class Hindrance(StrEnum):
    """Why a judgement does not count by itself."""

    TASK = "observation-task"
    """The invitation is for other tasks."""
    LEARNER = "observation-learner-scope"
    """The invitation is for other learners of the course."""
    EARLY = "observation-early"
    """It was made before the invitation begins."""
    ENDED = "observation-ended"
    """It was made, or has come, after the invitation has ended."""
    LEVEL = "observation-level"
    """The task is of a level that this assessor's qualifications do not reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualification:
    """One qualification: who issued it, from which day it holds until which (inclusive; None: without end).

    ``confirmed_by`` is the pseudonym of somebody else than the holder, empty while nobody has; ``withdrawn_by`` likewise.
    """

    uuid: str
    person_id: int
    kind: QualificationKind
    title: str
    issuer: str = ""
    holds_from: date
    holds_until: date | None = None
    added_by: str = ""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether it qualifies on a day: confirmed, not withdrawn, within its dates."""
        if not self.confirmed_by or self.withdrawn_by:
            return False
        return self.holds_from <= day and (self.holds_until is None or day <= self.holds_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRule:
    """What an organisation asks for: from ``from_level`` on (a rank, None: nowhere) all of ``kinds``."""

    from_level: int | None = None
    kinds: frozenset[QualificationKind] = frozenset(QualificationKind)


def kinds_on(qualifications: Iterable[Qualification], day: date) -> frozenset[QualificationKind]:
    """Return what somebody is qualified in on a day."""
    return frozenset(each.kind for each in qualifications if each.holds_on(day))


def is_double_qualified(qualifications: Iterable[Qualification], day: date) -> bool:
    """Say whether somebody is qualified both in teaching and in industry on a day."""
    return kinds_on(qualifications, day) == frozenset(QualificationKind)


def level_cap(
    rule: QualificationRule, qualifications: Iterable[Qualification], day: date, *, invited_to: int | None = None
) -> int | None:
    """Return the highest level (rank) that somebody may judge on a day, None where there is no limit, 0 for none at all.

    ``invited_to`` is the cap of the invitation, None where it has none.
    """
    caps = [] if invited_to is None else [invited_to]
    if rule.from_level is not None and not rule.kinds <= kinds_on(qualifications, day):
        caps.append(max(rule.from_level - 1, 0))
    return min(caps, default=None)


def task_level(framework: Framework | None, codes: Iterable[str]) -> int | None:
    """Return the highest level (rank) of the units of knowledge points; None where nothing of them is known."""
    if framework is None:
        return None
    ranks = [
        framework.levels[framework.units[unit].level].rank
        for code in codes
        for unit in framework.units_by_knowledge_point.get(code, ())
    ]
    return max(ranks, default=None)


def is_beyond(level: int | None, cap: int | None) -> bool:
    """Say whether work of a level is more than somebody with a cap may judge; of no known level it is not."""
    return cap is not None and level is not None and level > cap


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an invitation is for: tasks (None: all of the course), learners by pseudonym (None: all), and from when to when."""

    starts_at: datetime
    ends_at: datetime
    tasks: Collection[str] | None = None
    learners: Collection[str] | None = field(default=None)
    is_revoked: bool = False

    def hindrance(self, task: str, *, made: datetime, come: datetime) -> Hindrance | None:
        """Return why a judgement of a task does not count by itself; ``made`` and ``come`` by the server's clock."""
        if self.is_revoked or made >= self.ends_at or come >= self.ends_at:
            return Hindrance.ENDED
        if made < self.starts_at:
            return Hindrance.EARLY
        if self.tasks is not None and task not in self.tasks:
            return Hindrance.TASK
        return None

    def takes_learner(self, learner: str) -> bool:
        """Say whether a learner of the course is in it."""
        return self.learners is None or learner in self.learners
