"""The course at the platform: who is in it, which components it has, and its grade book."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opaque_keys.edx.keys import CourseKey, UsageKey

COURSE = CourseKey.from_string("course-v1:Qualoop+SEM+2026")
COURSE_TITLE = "Search marketing"


class Grading(StrEnum):
    """How a component lets the tool grade: `lti_advantage_ags_mode`."""

    DECLARATIVE = "declarative"
    PROGRAMMATIC = "programmatic"


@dataclass(frozen=True)
class Member:
    """Somebody of the course; ``role`` is one of the course roles that Open edX knows."""

    username: str
    name: str
    role: str = "student"

    @property
    def external_id(self) -> str:
        """Return the id that the tool knows: another one than within the platform."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.username}.open-edx.test"))

    @property
    def is_staff(self) -> bool:
        return self.role in {"staff", "instructor"}


MEMBERS: Mapping[str, Member] = {
    member.username: member
    for member in (
        Member("tina", "Tina Teacher", "instructor"),
        *(Member(name.lower(), f"{name} Student") for name in ("Amara", "Bao", "Carla", "Deng", "Emil", "Farah")),
        # So many that the list of members has two pages for whoever asks for a hundred at a time.
        *(Member(f"quiet-{number}", f"Quiet Student {number}") for number in range(100)),
    )
}


@dataclass(frozen=True)
class Component:
    """An LTI component of the course, as the code wants a block to be: its members have the names of the XBlock's.

    ``activity`` is the lesson of its launch address; without one, what it shows is chosen by deep linking.
    """

    name: str
    grading: Grading
    activity: str = ""
    weight: int = 100
    has_score: bool = True
    accept_grades_past_due: bool = True
    lti_1p3_passport_id: str = ""
    grades: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False)

    @property
    def location(self) -> UsageKey:
        return COURSE.make_usage_key("lti_consumer", self.name)

    @property
    def display_name(self) -> str:
        return self.name.capitalize()

    @property
    def scope_ids(self) -> _ScopeIds:
        return _ScopeIds(self.location)

    def is_past_due(self) -> bool:
        return False

    def max_score(self) -> int:
        return self.weight

    def set_user_module_score(self, user: Any, score: float, max_score: int, comment: str) -> None:
        """Enter a share of the maximum into the grade book."""
        self.grades[user.username] = {"score": score, "maximum": max_score, "comment": comment}


@dataclass(frozen=True)
class _ScopeIds:
    usage_id: UsageKey


@dataclass
class School:
    """The course as it stands. ``unknown`` are people whose external ids the platform has lost."""

    components: dict[str, Component]
    unknown: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, location: UsageKey) -> Component:
        """Return the component of a location."""
        return self.components[location.block_id]

    def known_as(self, external_id: str) -> Member | None:
        """Return whose external id this is."""
        found = (member for member in MEMBERS.values() if member.external_id == external_id)
        return next((member for member in found if member.username not in self.unknown), None)


SCHOOL = School(
    {
        component.name: component
        for component in (
            *(Component(name, Grading.DECLARATIVE, "minimal") for name in ("given", "again", "better", "lost")),
            *(Component(name, Grading.PROGRAMMATIC, "minimal") for name in ("made", "found", "loose", "one")),
            *(Component(name, Grading.PROGRAMMATIC) for name in ("chosen", "changed", "single")),
        )
    }
)
