"""The copy of mastery that the workbench shows: made up, since there is no tool beside it. A site's comes from its plug-in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Final

from xblocks.common.cache import Following, MasteryMap, PointLevel, PointState

NEW: Final = "new"
"""Of whose name begins so nothing is known yet."""
AGE: Final = timedelta(minutes=90)
POINTS: Final = ("SEM-1.1", "SEM-1.2", "SEM-1.3", "SEM-1.4", "SA-1.1", "CW-1.1")
CLASS: Final = ("Ana", "Ben", "Chen Yu", "Dora", "Emre", "Fatima", "Guo Lin", "Hans")
DONE: Final = CLASS.index("Dora")
"""For whom there is nothing to do next."""
STATES: Final = (
    PointState(status="competent", known=PointLevel(level=88, low=79, high=94, responses=14)),
    PointState(status="provisional", known=PointLevel(level=76, low=63, high=86, responses=6)),
    PointState(status="developing", known=PointLevel(level=47, low=29, high=66, responses=4)),
    PointState(status="review-due", known=PointLevel(level=71, low=52, high=85, responses=9)),
    None,
    PointState(status="developing", known=PointLevel(level=22, low=9, high=41, responses=3)),
    PointState(status="under-appeal", known=PointLevel(level=58, low=40, high=74, responses=5)),
)
FOLLOWING: Final = Following(
    activity="sem-1-3-paid-search",
    title={"en": "Paid search", "zh-Hans": "付费搜索"},
    reason={
        "en": "Your level at SEM-1.3 is 47%, below the 70% at which practice may stop.",
        "zh-Hans": "你在 SEM-1.3 的掌握程度为 47%，低于可以停止练习的 70%。",
    },
)


class SampleMastery:
    """What `xblocks.common.cache.Copy` asks for, the same at each start."""

    def find_map(self, _course: str, learner: str, /) -> MasteryMap | None:
        """Return the map of anybody but those who are new."""
        return None if learner.startswith(NEW) else _map(learner, CLASS.index("Ana"))

    def class_maps(self, _course: str, /, *, with_names: bool) -> Sequence[MasteryMap]:
        """Return the class."""
        return [_map(name, place, name if with_names else "") for place, name in enumerate(CLASS)]

    def read_at(self) -> datetime:
        """Return when the tool would have been read."""
        return datetime.now(UTC) - AGE

    def find_place(self, _course: str, _activity: str, /) -> None:
        """Return nothing: scenarios of the workbench are no course."""


def _map(learner: str, place: int, label: str = "") -> MasteryMap:
    states = islice(cycle(STATES), place, place + len(POINTS))
    return MasteryMap(
        points={code: state for code, state in zip(POINTS, states, strict=True) if state is not None},
        as_of=datetime.now(UTC) - AGE,
        following=FOLLOWING if place != DONE else None,
        learner=learner,
        label=label,
    )
