"""A platform for the plug-in: a school in memory that knows who takes part, what blocks keep and what it was graded."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.apps import apps

from qualoop.values import Score
from xblocks.edx.platform import CoursePlace, KeptScore, RosterEntry
from xblocks.edx.rows import locked


@dataclass(kw_only=True)
class SchoolState:
    """Users by name with their ids, who is enrolled where, and what blocks keep of whom."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    enrolled: set[tuple[str, str]] = field(default_factory=set)
    kept: dict[tuple[str, str], list[KeptScore]] = field(default_factory=dict)
    overrides: dict[tuple[str, str, str], Score] = field(default_factory=dict)
    published: list[tuple[str, str, Score]] = field(default_factory=list)
    cleared: list[tuple[str, str]] = field(default_factory=list)
    completions: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    grades: dict[tuple[str, str], Score] = field(default_factory=dict)
    people: dict[str, list[RosterEntry]] = field(default_factory=dict)
    places: dict[str, list[CoursePlace]] = field(default_factory=dict)
    follows_completion: bool = True
    broken: set[str] = field(default_factory=set)
    blocks: dict[str, Any] = field(default_factory=dict)


STATE = SchoolState()


def reset() -> None:
    """Let the school forget."""
    STATE.__dict__.update(SchoolState().__dict__)


class School:
    """The adapter, as the settings name it."""

    def ids_of(self, user: Any) -> Sequence[str]:
        return STATE.ids[str(user)]

    def user_of(self, learner: str) -> Any:
        return next((user for user, ids in STATE.ids.items() if learner in ids), None)

    def labels(self, learners: Iterable[str]) -> Mapping[str, str]:
        return {learner: str(user) for learner in learners if (user := self.user_of(learner)) is not None}

    def is_enrolled(self, learner: str, course: str) -> bool | None:
        return None if self.user_of(learner) is None else (learner, course) in STATE.enrolled

    def kept_scores(self, learner: str, course: str) -> Iterator[KeptScore]:
        yield from list(STATE.kept.get((learner, course), []))

    def hold_state(self, user_id: int, course: str, usage: str) -> Mapping[str, Any]:
        where = {"student_id": user_id, "course_id": course, "module_state_key": usage}
        row = locked(apps.get_model("courseware", "StudentModule"), where, {"state": "{}"})
        held: Mapping[str, Any] = json.loads(row.state or "{}")
        return held

    def find_override(self, user: Any, course: str, usage: str) -> Score | None:
        return STATE.overrides.get((str(user), course, usage))

    def overrides(self, learner: str, course: str) -> Mapping[str, Score]:
        user = self.user_of(learner)
        return {
            usage: share for (who, where, usage), share in STATE.overrides.items() if (who, where) == (user, course)
        }

    def publish_score(self, learner: str, kept: KeptScore) -> None:
        if kept.usage in STATE.broken:
            raise LookupError(kept.usage)
        STATE.published.append((learner, kept.usage, kept.score))
        STATE.grades[learner, kept.usage] = kept.score
        for scores in STATE.kept.values():
            scores[:] = [replace(one, graded=kept.score) if one is kept else one for one in scores]

    def clear_score(self, learner: str, usage: str) -> None:
        STATE.cleared.append((learner, usage))
        STATE.grades.pop((learner, usage), None)

    def publish_completion(self, learner: str, usage: str, share: Decimal) -> None:
        STATE.completions[learner, usage] = share

    def graded(self, learner: str, usage: str) -> Score | None:
        return STATE.grades.get((learner, usage))

    def completed(self, learner: str, usage: str) -> Decimal | None:
        return STATE.completions.get((learner, usage), Decimal(0)) if STATE.follows_completion else None

    def roster(self, course: str, at_most: int) -> Sequence[RosterEntry]:
        return STATE.people.get(course, [])[:at_most]

    def learner_count(self, course: str) -> int:
        return len(STATE.people.get(course, []))

    def find_block(self, usage: str) -> Any:
        return STATE.blocks.get(usage)

    def places(self, course: str, names: Collection[str]) -> Mapping[str, Sequence[CoursePlace]]:
        return {name: STATE.places.get(name, []) for name in names}
