"""The invented college: its course and its people, read from school.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import yaml

from qualoop.values import Text

Role = Literal["teacher", "student", "mentor"]

SCHOOL_FILE: Final = Path(__file__).with_name("school.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone of the college. ``id`` is the subject (`sub`) that the tool sees."""

    id: str
    role: Role
    given: str
    family: str
    name: str
    email: str

    @property
    def is_teacher(self) -> bool:
        return self.role == "teacher"

    @property
    def is_student(self) -> bool:
        return self.role == "student"

    @property
    def is_mentor(self) -> bool:
        return self.role == "mentor"

    @property
    def initials(self) -> str:
        """Return what the round picture beside the name shows: `AB`, or the given name's last character."""
        return (self.given[0] + self.family[0]).upper() if self.name.isascii() else self.given[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The one course of the demo."""

    id: str
    label: str
    title: Text
    term: Text
    introduction: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """The college as school.yaml describes it."""

    name: Text
    course: Course
    people: tuple[Person, ...]


@cache
def load_school() -> School:
    """Return the college of school.yaml, read once."""
    plain = yaml.safe_load(SCHOOL_FILE.read_text(encoding="utf-8"))
    course = plain["course"]
    return School(
        name=Text(plain["name"]),
        course=Course(
            id=course["id"],
            label=course["label"],
            title=Text(course["title"]),
            term=Text(course["term"]),
            introduction=Text(course["introduction"]),
        ),
        people=tuple(Person(**person) for person in plain["people"]),
    )
