"""A flipped unit: lessons and a readiness check before class, the class, practice and reflection after it, with dates.

How one is built: `qualoop.classroom.unit_building`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from qualoop.classroom.session import ClassRefusedError, PlanStep
from qualoop.values import Text

MAX_STEPS: Final = 30
MAX_CHECK: Final = 24
MINUTES_AN_ITEM: Final = 2
MAX_TITLE: Final = 120


class UnitRefusedError(ClassRefusedError):
    """A flipped unit cannot be changed like this; nothing was changed."""

    code = "flipped-refused"


class StepKind(StrEnum):
    """What a step of a unit is."""

    LESSON = "lesson"
    CHECK = "check"
    CLASS = "class"
    PRACTICE = "practice"
    REFLECTION = "reflection"


ACTIVITIES: Final = frozenset({StepKind.LESSON, StepKind.PRACTICE})
SINGLE: Final = (StepKind.CHECK, StepKind.CLASS, StepKind.REFLECTION)
"""Steps of which a unit has one at most; the key of such a step is its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A lesson or a practice project that a unit can take; ``minutes`` is None where it takes as long as it takes."""

    key: str
    title: Text
    minutes: int | None
    points: tuple[str, ...]
    is_practice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOffer:
    """A question that a readiness check can take: of an activity, on exactly one knowledge point.

    ``is_own`` says that its author wrote it for readiness checks.
    """

    activity: str
    item: str
    point: str
    is_own: bool = False

    @property
    def id(self) -> str:
        """Return what names the question in forms."""
        return f"{self.activity}/{self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStep:
    """One step: ``key`` is that of its activity, or its kind; ``minutes`` is None where nobody can say."""

    key: str
    kind: StepKind
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDates:
    """Until when the part before class is done, when class begins, until when the part after it is done."""

    before: datetime | None = None
    class_at: datetime | None = None
    after: datetime | None = None

    def __post_init__(self) -> None:
        known = [moment for moment in (self.before, self.class_at, self.after) if moment is not None]
        if known != sorted(known):
            raise UnitRefusedError("dates")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """A question of the readiness check: the item of an activity, and its knowledge point."""

    activity: str
    item: str
    point: str

    @property
    def id(self) -> str:
        """Return what names the question in forms."""
        return f"{self.activity}/{self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlan:
    """A whole unit as it is planned; ``points`` are the knowledge points that it is for."""

    title: Text
    points: tuple[str, ...]
    steps: tuple[UnitStep, ...]
    check: tuple[CheckItem, ...] = ()
    class_plan: tuple[PlanStep, ...] = ()
    dates: UnitDates = field(default_factory=UnitDates)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of the steps in order."""
        return tuple(step.key for step in self.steps)

    def find_step(self, key: str) -> UnitStep | None:
        """Return the step of a key."""
        return next((step for step in self.steps if step.key == key), None)

    def minutes_of(self, step: UnitStep) -> int | None:
        """Return how long a step takes, None where nobody can say."""
        if step.kind is StepKind.CHECK:
            return MINUTES_AN_ITEM * len(self.check) + 1
        if step.kind is StepKind.CLASS:
            return sum(each.minutes for each in self.class_plan)
        return step.minutes

    def phase(self, key: str) -> str:
        """Return `before`, `class` or `after`: where a step lies to the class; without a class all is before it."""
        keys = self.keys
        if StepKind.CLASS not in keys:
            return "before"
        at, here = keys.index(StepKind.CLASS), keys.index(key)
        return "class" if at == here else "before" if here < at else "after"

    def minutes(self, phase: str = "") -> int:
        """Return the minutes of a phase, or of all; steps that take as long as they take are left out."""
        return sum(self.minutes_of(step) or 0 for step in self.steps if phase in ("", self.phase(step.key)))

    def to_document(self) -> dict[str, Any]:
        """Return the plan as plain JSON."""
        return {
            "title": dict(self.title.by_language),
            "points": list(self.points),
            "steps": [{"key": step.key, "kind": step.kind.value, "minutes": step.minutes} for step in self.steps],
            "check": [asdict(item) for item in self.check],
            "class_plan": [asdict(step) for step in self.class_plan],
            "dates": {
                name: moment.astimezone(UTC).isoformat() if (moment := getattr(self.dates, name)) else None
                for name in ("before", "class_at", "after")
            },
        }


def from_document(document: Mapping[str, Any]) -> UnitPlan:
    """Return the plan in a document that `UnitPlan.to_document` made."""
    dates = document["dates"]
    return UnitPlan(
        title=Text(document["title"]),
        points=tuple(document["points"]),
        steps=tuple(UnitStep(**{**step, "kind": StepKind(step["kind"])}) for step in document["steps"]),
        check=tuple(CheckItem(**item) for item in document["check"]),
        class_plan=tuple(PlanStep(**step) for step in document["class_plan"]),
        dates=UnitDates(**{name: datetime.fromisoformat(text) if text else None for name, text in dates.items()}),
    )


# -- What a plan comes to


@dataclass(frozen=True, slots=True, kw_only=True)
class PointCoverage:
    """What of a unit serves one knowledge point that it is for."""

    code: str
    lessons: tuple[str, ...]
    questions: int
    practice: tuple[str, ...]

    @property
    def is_taught(self) -> bool:
        """Say whether a lesson teaches it."""
        return bool(self.lessons)


def coverage(plan: UnitPlan, offers: Mapping[str, Offer]) -> list[PointCoverage]:
    """Return for each knowledge point of a plan what serves it."""
    here = [(step, offers[step.key]) for step in plan.steps if step.key in offers]
    return [
        PointCoverage(
            code=code,
            lessons=tuple(s.key for s, offer in here if s.kind is StepKind.LESSON and code in offer.points),
            questions=sum(item.point == code for item in plan.check),
            practice=tuple(s.key for s, offer in here if s.kind is StepKind.PRACTICE and code in offer.points),
        )
        for code in plan.points
    ]
