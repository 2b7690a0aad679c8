"""What blocks read of mastery: the copy that the platform keeps, with the moment from which it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from qualoop.exchange import KnowledgePointState, NextStep
from xblocks.common.cache import Following, MasteryMap, PointLevel, PointState
from xblocks.edx import people
from xblocks.edx.config import load_platform
from xblocks.edx.models import CourseMastery
from xblocks.edx.pulling import caught_up_at


def find_map(course: str, learner: str) -> MasteryMap | None:
    """Return how a learner stands; None where the tool has said nothing of them in this course."""
    row = CourseMastery.objects.filter(course=course, learner=learner).first()
    return _map(row, caught_up_at()) if row is not None else None


def class_maps(course: str, *, with_names: bool) -> Sequence[MasteryMap]:
    """Return how the learners of a course stand, in the order of the names that staff know, or of their ids.

    Without ``with_names`` the platform is not asked for any.
    """
    rows = list(CourseMastery.objects.filter(course=course))
    labels: Mapping[str, str] = load_platform().labels([row.learner for row in rows]) if with_names else {}
    at = caught_up_at()
    found = [_map(row, at, labels.get(row.learner, "")) for row in rows]
    return sorted(found, key=lambda one: (one.label, one.learner))


def read_at() -> datetime | None:
    """Return when there was last nothing newer to read from the tool; None where nothing was ever read."""
    return caught_up_at()


def find_place(course: str, activity: str) -> str | None:
    """Return the path of the first place in a course where an activity is; None where it has none."""
    return next((place.path for place in people.places(course, activity)), None)


def _map(row: Any, at: datetime | None, label: str = "") -> MasteryMap:
    return MasteryMap(
        points={point["code"]: _point(KnowledgePointState.model_validate(point)) for point in row.points},
        # While there is nothing newer to read, what was told before holds.
        as_of=max(row.as_of, at) if at else row.as_of,
        following=_following(row.following),
        learner=row.learner,
        label=label,
    )


def _following(told: Any) -> Following | None:
    if told is None:
        return None
    step = NextStep.model_validate(told)
    return Following(activity=step.activity, title=step.title, reason=step.reason)


def _point(told: KnowledgePointState) -> PointState:
    known = None
    if told.level is not None:
        low, high = (told.level if end is None else end for end in (told.low, told.high))
        known = PointLevel(level=told.level, low=low, high=high, responses=told.responses)
    return PointState(status=told.status, known=known, last=told.last)
