"""Mastery as the tool computed it, as far as the plug-in keeps a copy of it in the platform.

The plug-in (the Django app `xblocks.edx`) has a module `mastery` with

    find_map(course: str, learner: str) -> MasteryMap | None
    class_maps(course: str) -> Sequence[MasteryMap]

Nothing here asks the tool: a page never waits for another server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xblocks.common.learner import block_user, course_key
from xblocks.common.platform import find_plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLevel:
    """What is known of one knowledge point: whole per cent from 0 to 100, its 90 % band, on how many answers it rests."""

    level: int
    low: int
    high: int
    responses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MasteryMap:
    """One learner's knowledge points by code, as they stood at ``as_of``; ``label`` is what staff call the learner."""

    points: Mapping[str, PointLevel]
    as_of: datetime
    label: str = ""


def has_cache() -> bool:
    """Return whether the platform keeps a copy of mastery."""
    return find_plugin("mastery") is not None


def find_map(block: Any) -> MasteryMap | None:
    """Return the map of who looks at a block; None where nothing is known of them here."""
    plugin, key = find_plugin("mastery"), block_user(block).key
    if plugin is None or key is None:
        return None
    found: MasteryMap | None = plugin.find_map(str(course_key(block)), key)
    return found


def class_maps(block: Any) -> Sequence[MasteryMap]:
    """Return the maps of a course's learners, for its staff. Says nothing of who may look."""
    plugin = find_plugin("mastery")
    found: Sequence[MasteryMap] = plugin.class_maps(str(course_key(block))) if plugin is not None else ()
    return found
