"""The map of a class: every learner by every knowledge point that the course's activities serve, and where it is weakest.

Reads only, and in a handful of statements whatever the size of the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from lti_tool.models import Activity, Context, ResourceLink, TagSet
from lti_tool.services.class_cells import ClassCells, read_cells
from lti_tool.services.class_members import Link, Member, list_members
from lti_tool.services.class_status import STATUSES, flag_statuses, status_table
from lti_tool.services.flags import read_flags
from lti_tool.services.records import knowledge_points_of
from qualoop.framework import Framework, KnowledgePoint, Unit
from qualoop.records import COVERED_FROM, Status

WEAKEST: Final = 3
"""How many knowledge points are named as the weakest."""
SECURE: Final = (Status.PROVISIONAL, Status.COMPETENT)


class Advice(StrEnum):
    """What to do about a weak knowledge point."""

    BASE_FIRST = "base-first"
    """Something that it builds on is not secure either."""
    MORE_EVIDENCE = "more-evidence"
    """There are too few answers to tell."""
    PRACTISE = "practise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of the map is wanted; empty text is everything. ``point`` narrows to one knowledge point, weakest first."""

    unit: str = ""
    status: str = ""
    name: str = ""
    point: str = ""

    @property
    def is_set(self) -> bool:
        """Say whether anything is left out."""
        return bool(self.unit or self.status or self.name or self.point)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weak:
    """A knowledge point that the class is weak on.

    ``mean`` in [0, 1] is over the ``known`` learners with evidence, ``secure`` of whom are secure; ``answers`` is how
    many they gave on average. ``base`` is what to take up first, ``lessons`` are the titles of what practises it.
    """

    point: KnowledgePoint
    mean: float
    known: int
    secure: int
    answers: float
    advice: Advice
    base: KnowledgePoint | None
    base_missing: int
    lessons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMap:
    """The whole class, and which rows and columns of it are wanted: indices into ``members`` and ``points``."""

    course: str
    members: Sequence[Member]
    points: Sequence[KnowledgePoint]
    units: Sequence[Unit]
    unit_of: Mapping[str, Unit]
    cells: ClassCells
    status: NDArray[np.int8]
    rows: Sequence[int]
    columns: Sequence[int]
    weakest: Sequence[Weak]

    @property
    def groups(self) -> Sequence[tuple[Unit, int]]:
        """The units above the wanted columns, each with how many of them it spans."""
        found: list[tuple[Unit, int]] = []
        for column in self.columns:
            unit = self.unit_of[self.points[column].code]
            if found and found[-1][0] is unit:
                found[-1] = (unit, found[-1][1] + 1)
            else:
                found.append((unit, 1))
        return found

    @property
    def means(self) -> Sequence[float | None]:
        """The mean level of those with evidence for each wanted column; None where nobody has any."""
        means = [_mean(self.cells.level[:, column]) for column in self.columns]
        return [None if np.isnan(mean) else mean for mean in means]


def class_map(connection: Connection, framework: Framework, link: Link, *, filters: Filters, now: datetime) -> ClassMap:
    """Return the map of the link's course; of other courses nobody and nothing is in it."""
    members = list_members(connection, link)
    lessons = _lessons(connection, link)
    points, unit_of = _points(framework, lessons)
    people = [member.subject.uuid for member in members]
    cells = read_cells(connection, link.organisation_id, people, codes=[point.code for point in points], now=now)
    status = status_table(cells, [point.review_after_months for point in points], now=now)
    flag_statuses(
        status, read_flags(connection, link.organisation_id, people), people, codes=[point.code for point in points]
    )
    columns = [
        number
        for number, point in enumerate(points)
        if filters.unit in {"", unit_of[point.code].code} and filters.point in {"", point.code}
    ]
    return ClassMap(
        course=_course(connection, link),
        members=members,
        points=points,
        units=list({unit.code: unit for unit in unit_of.values()}.values()),
        unit_of=unit_of,
        cells=cells,
        status=status,
        rows=_rows(members, cells, status, columns=columns, filters=filters),
        columns=columns,
        weakest=_weakest(framework, points, cells, status, lessons=lessons),
    )


def _rows(
    members: Sequence[Member], cells: ClassCells, status: NDArray[np.int8], *, columns: Sequence[int], filters: Filters
) -> Sequence[int]:
    """Return which learners are wanted; those asked for one knowledge point come weakest first."""
    wanted = filters.name.strip().casefold()
    rows = [
        number
        for number, member in enumerate(members)
        if not wanted or wanted in (member.name or "").casefold() or member.subject.uuid.startswith(wanted)
    ]
    if filters.status in STATUSES:
        has = (status[:, columns] == STATUSES.index(Status(filters.status))).any(axis=1)
        rows = [number for number in rows if has[number]]
    if filters.point and columns:
        level = cells.level[:, columns[0]]
        rows.sort(key=lambda number: (bool(np.isnan(level[number])), float(level[number])))
    return rows


def _weakest(
    framework: Framework,
    points: Sequence[KnowledgePoint],
    cells: ClassCells,
    status: NDArray[np.int8],
    *,
    lessons: Mapping[str, Sequence[str]],
) -> Sequence[Weak]:
    """Return the knowledge points with the lowest means, among those that not all who answered are secure on."""
    known, secure = cells.n > 0, np.isin(status, [STATUSES.index(each) for each in SECURE])
    behind = (known & ~secure).sum(axis=0).tolist()
    missing = {point.code: count for point, count in zip(points, behind, strict=True)}
    means = {number: _mean(cells.level[:, number]) for number, count in enumerate(behind) if count}
    order = framework.learning_order
    chosen = sorted(means, key=lambda number: (means[number], order[points[number].code]))[:WEAKEST]
    found = []
    for number in chosen:
        point, those = points[number], known[:, number]
        base = max(point.prerequisites, key=lambda code: missing.get(code, 0), default=None)
        answers = float(cells.n[those, number].mean())
        base_missing = missing.get(base, 0) if base else 0
        found.append(
            Weak(
                point=point,
                mean=means[number],
                known=int(those.sum()),
                secure=int((those & secure[:, number]).sum()),
                answers=answers,
                advice=_advice(base_missing, int(those.sum()), answers),
                base=framework.get_knowledge_point(base) if base else None,
                base_missing=base_missing,
                lessons=tuple(lessons[point.code]),
            )
        )
    return found


def _advice(base_missing: int, known: int, answers: float) -> Advice:
    """Return what to do: what it builds on comes first where more than half of those who answered lack it."""
    if base_missing * 2 > known:
        return Advice.BASE_FIRST
    return Advice.MORE_EVIDENCE if answers < COVERED_FROM else Advice.PRACTISE


def _mean(levels: NDArray[np.float64]) -> float:
    """Return the mean of what is there; NaN where nothing is."""
    there = levels[~np.isnan(levels)]
    return float(there.mean()) if there.size else float("nan")


def _points(
    framework: Framework, lessons: Mapping[str, Sequence[str]]
) -> tuple[Sequence[KnowledgePoint], Mapping[str, Unit]]:
    """Return the knowledge points that the course serves by unit, in the framework's order, each once."""
    unit_of: dict[str, Unit] = {}
    for unit in framework.units.values():
        for code in unit.knowledge_points:
            if code in lessons:
                unit_of.setdefault(code, unit)
    return [framework.get_knowledge_point(code) for code in unit_of], unit_of


def _lessons(connection: Connection, link: Link) -> Mapping[str, Sequence[str]]:
    """Return by knowledge point what the course's links to the activities that serve it now are called."""
    rows = connection.execute(
        select(ResourceLink.id, ResourceLink.title, Activity.key, TagSet.tags)
        .join(Activity, Activity.id == ResourceLink.activity_id)
        .join(TagSet, TagSet.version_id == Activity.version_id)
        .where(
            ResourceLink.context_id == link.context_id,
            ResourceLink.organisation_id == link.organisation_id,
            TagSet.organisation_id == link.organisation_id,
        )
        # A later tag set of the same version replaces the earlier one.
        .order_by(ResourceLink.id, TagSet.adopted_at, TagSet.id)
    )
    newest = {row.id: (row.title or row.key, knowledge_points_of(row.tags)) for row in rows}
    found: dict[str, list[str]] = {}
    for title, codes in newest.values():
        for code in codes:
            found.setdefault(code, []).append(title)
    return found


def _course(connection: Connection, link: Link) -> str:
    """Return the title of the course, empty where it has none."""
    query = select(Context.title).where(Context.id == link.context_id, Context.organisation_id == link.organisation_id)
    return connection.scalar(query) or ""
