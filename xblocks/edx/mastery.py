"""What blocks read of mastery: the copy that the platform keeps, with the moment from which it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from xblocks.common.cache import MasteryMap, PointLevel
from xblocks.edx.config import load_platform
from xblocks.edx.models import CourseMastery
from xblocks.edx.pulling import caught_up_at


def find_map(course: str, learner: str) -> MasteryMap | None:
    """Return how a learner stands; None where the tool has said nothing of them in this course."""
    row = CourseMastery.objects.filter(course=course, learner=learner).first()
    return _map(row, caught_up_at()) if row is not None else None


def class_maps(course: str) -> Sequence[MasteryMap]:
    """Return how the learners of a course stand, with the names that staff know, in their order."""
    rows = list(CourseMastery.objects.filter(course=course))
    labels: Mapping[str, str] = load_platform().labels([row.learner for row in rows])
    read_at = caught_up_at()
    return sorted((_map(row, read_at, labels.get(row.learner, "")) for row in rows), key=lambda one: one.label)


def _map(row: Any, read_at: datetime | None, label: str = "") -> MasteryMap:
    points = {
        point["code"]: PointLevel(
            level=point["level"], low=point["low"], high=point["high"], responses=point["responses"]
        )
        for point in row.points
        if point["level"] is not None
    }
    # While there is nothing newer to read, what was told before holds.
    return MasteryMap(points=points, as_of=max(row.as_of, read_at) if read_at else row.as_of, label=label)
