"""Mastery as the tool computed it, as far as the platform keeps a copy of it.

The copy is the plug-in's: the Django app `xblocks.edx` has a module `mastery` with the functions of `Copy`. A runtime
without the plug-in may offer the same as its service `qualoop_mastery`, as the workbench does.

Nothing here asks the tool: a page never waits for another server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from xblocks.common.learner import block_user, course_key
from xblocks.common.platform import find_plugin

SERVICE: Final = "qualoop_mastery"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLevel:
    """What is known of one knowledge point: whole per cent from 0 to 100, its 90 % band, on how many answers it rests."""

    level: int
    low: int
    high: int
    responses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointState:
    """How one knowledge point stands: ``status`` is a word of `qualoop.records.Status`.

    ``known`` is None where nothing was answered, as with what is under appeal before that. ``last`` is when the newest
    evidence came about.
    """

    status: str
    known: PointLevel | None
    last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What to do next and why, by language; ``activity`` is the key of the activity."""

    activity: str
    title: Mapping[str, str]
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MasteryMap:
    """One learner's knowledge points by code, and what to do next, as they stood at ``as_of``.

    ``learner`` is the id that the platform and the tool share, and no page shows it; ``label`` is what staff call the learner.
    """

    points: Mapping[str, PointState]
    as_of: datetime
    following: Following | None = None
    learner: str = ""
    label: str = ""


class Copy(Protocol):
    """Where the copy of mastery is read."""

    def find_map(self, course: str, learner: str, /) -> MasteryMap | None:
        """Return how a learner stands; None where the tool has said nothing of them in this course."""

    def class_maps(self, course: str, /, *, with_names: bool) -> Sequence[MasteryMap]:
        """Return how the learners of a course stand, labelled only ``with_names``."""

    def read_at(self) -> datetime | None:
        """Return when there was last nothing newer to read from the tool; None where nothing was ever read."""

    def find_place(self, course: str, activity: str, /) -> str | None:
        """Return the path of the place in a course where an activity is; None where it has none."""


def find_copy(block: Any) -> Copy | None:
    """Return the copy of mastery that the platform keeps; None where it keeps none."""
    offered: Copy | None = block.runtime.service(block, SERVICE)
    plugin: Copy | None = find_plugin("mastery") if offered is None else offered
    return plugin


def find_map(block: Any) -> MasteryMap | None:
    """Return the map of who looks at a block; None where nothing is known of them here."""
    copy, key = find_copy(block), block_user(block).key
    return copy.find_map(str(course_key(block)), key) if copy is not None and key is not None else None


def class_maps(block: Any, *, with_names: bool) -> Sequence[MasteryMap]:
    """Return the maps of a course's learners, for its staff. Says nothing of who may look."""
    copy = find_copy(block)
    return copy.class_maps(str(course_key(block)), with_names=with_names) if copy is not None else ()


def find_place(block: Any, activity: str) -> str | None:
    """Return where in the course of a block an activity is; None where it is not, or the platform does not say."""
    copy = find_copy(block)
    return copy.find_place(str(course_key(block)), activity) if copy is not None else None
