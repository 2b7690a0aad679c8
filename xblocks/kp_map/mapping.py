"""What the pages of the map show: the framework's points with what is known of each, the class as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from qualoop.framework import Framework, Unit
from xblocks.common.cache import MasteryMap, PointLevel

STEPS: Final = (40, 55, 70, 85)
"""From which level, in per cent, the next colour begins: as in the tool."""

MOST_ROWS: Final = 500
OLD: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One knowledge point; ``known`` is None where there is no evidence."""

    code: str
    title: str
    known: PointLevel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPoints:
    """A unit of competency and its points; ``is_known`` says that there is evidence of one."""

    code: str
    title: str
    points: tuple[Point, ...]

    @property
    def is_known(self) -> bool:
        """Return whether anything is known of the unit."""
        return any(point.known for point in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """When what is shown was computed: the moment as people read it, and how many whole hours ago."""

    at: str
    words: str
    hours: int
    is_old: bool


def units_of(framework: Framework, unit: str) -> tuple[Unit, ...]:
    """Return the unit of this code, every one where it is empty or unknown."""
    found = framework.units.get(unit)
    return (found,) if found is not None else tuple(framework.units.values())


def unit_points(
    framework: Framework, units: Sequence[Unit], own: MasteryMap | None, language: str
) -> tuple[UnitPoints, ...]:
    """Return units with their points and what is known of them, those of which something is known first."""
    known = own.points if own is not None else {}
    rows = [
        UnitPoints(
            code=unit.code,
            title=unit.title[language],
            points=tuple(
                Point(code=point.code, title=point.title[language], known=known.get(point.code))
                for point in framework.knowledge_points_of_unit(unit.code)
            ),
        )
        for unit in units
    ]
    return tuple(sorted(rows, key=lambda row: not row.is_known))


def heat_map(framework: Framework, units: Sequence[Unit], maps: Sequence[MasteryMap], language: str) -> dict[str, Any]:
    """Return the class as a table: a column for each point of which anything is known, a row for each learner."""
    known = {code for one in maps for code in one.points}
    codes = [code for unit in units for code in unit.knowledge_points if code in known]
    columns = list(dict.fromkeys(codes))
    rows = sorted(maps, key=lambda one: one.label)[:MOST_ROWS]
    titles = {code: framework.get_knowledge_point(code).title[language] for code in columns}
    return {
        "columns": [{"code": code, "title": titles[code]} for code in columns],
        "rows": [{"label": row.label, "cells": [_cell(row.points.get(code)) for code in columns]} for row in rows],
        "left_out": max(len(maps) - MOST_ROWS, 0),
    }


def age_of(as_of: datetime, now: datetime) -> Age:
    """Return how old something is, never less than nothing: two machines' clocks differ."""
    since = max(now - as_of, timedelta(0))
    return Age(at=as_of.isoformat(), words=f"{as_of:%Y-%m-%d %H:%M} UTC", hours=int(since // HOUR), is_old=since > OLD)


def _cell(known: PointLevel | None) -> dict[str, Any] | None:
    if known is None:
        return None
    step = sum(known.level >= limit for limit in STEPS)
    return {"level": known.level, "low": known.low, "high": known.high, "step": step, "responses": known.responses}
