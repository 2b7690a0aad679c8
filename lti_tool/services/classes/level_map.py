"""The map of a class: every learner by every knowledge point that the course's activities serve, and where it is weakest.

Reads only, and in a handful of statements whatever the size of the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lti_tool.services.classes.status import STATUSES, concerned, error_table, flag_statuses, status_table
from lti_tool.services.classes.weakest import Weak, mean_level, weakest_points
from lti_tool.services.courses.lessons import CourseLesson, course_lessons
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.courses.titles import find_title
from lti_tool.services.evidence.critical_errors import read_open_errors
from lti_tool.services.ledger.flags import read_flags
from lti_tool.services.mastery.class_cells import ClassCells, read_cells
from lti_tool.services.rosters.groups import people_in
from qualoop.framework import Framework, KnowledgePoint, Unit
from qualoop.records import Status

NOT_SECURE: Final = "not-secure"
"""The filter for whatever was answered and is not secure, whichever of the statuses it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of the map is wanted; empty text is everything.

    ``status`` is a status or NOT_SECURE, ``point`` narrows to one knowledge point, weakest first, ``of`` to several, where
    any are named. ``group`` is the row of a
    group: then the class is that group, and its means and weakest points are the group's.
    """

    unit: str = ""
    status: str = ""
    name: str = ""
    point: str = ""
    group: int = 0
    of: tuple[str, ...] = ()

    @property
    def is_set(self) -> bool:
        """Say whether anything is left out."""
        return bool(self.unit or self.status or self.name or self.point or self.group)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMap:
    """The whole class, and what of it is wanted.

    ``rows`` and ``columns`` are indices into ``members`` and ``points``; ``wanted``, of shape (learners, points), says
    which cells have the status that was asked for.
    """

    course: str
    members: Sequence[Member]
    points: Sequence[KnowledgePoint]
    units: Sequence[Unit]
    unit_of: Mapping[str, Unit]
    cells: ClassCells
    status: NDArray[np.int8]
    wanted: NDArray[np.bool_]
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
        return [mean_level(self.cells.level[:, column]) for column in self.columns]


def class_map(connection: Connection, framework: Framework, link: Link, *, filters: Filters, now: datetime) -> ClassMap:
    """Return the map of the link's course; of other courses nobody and nothing is in it."""
    people = people_in(connection, link, filters.group) if filters.group else None
    members = list_members(connection, link, people=people)
    lessons = course_lessons(connection, link)
    points, unit_of = _points(framework, lessons)
    uuids = [member.subject.uuid for member in members]
    codes, of = [point.code for point in points], (connection, link.organisation_id, uuids)
    cells = read_cells(*of, codes=codes, now=now)
    errors = error_table(read_open_errors(*of), uuids, codes=codes)
    status = status_table(cells, [point.review_after_months for point in points], now=now, errors=errors)
    flag_statuses(status, read_flags(*of), uuids, codes=codes)
    columns = [
        number
        for number, point in enumerate(points)
        if filters.unit in {"", unit_of[point.code].code}
        and filters.point in {"", point.code}
        and (not filters.of or point.code in filters.of)
    ]
    wanted = _wanted(cells, status, filters.status)
    return ClassMap(
        course=find_title(connection, (link.organisation_id, link.context_id)),
        members=members,
        points=points,
        units=list({unit.code: unit for unit in unit_of.values()}.values()),
        unit_of=unit_of,
        cells=cells,
        status=status,
        wanted=wanted,
        rows=_rows(members, cells, wanted, columns=columns, filters=filters),
        columns=columns,
        weakest=weakest_points(framework, points, cells, status, lessons=lessons),
    )


def _wanted(cells: ClassCells, status: NDArray[np.int8], asked: str) -> NDArray[np.bool_]:
    """Return which cells have the status that was asked for; what is no status leaves nothing out."""
    if asked == NOT_SECURE:
        return concerned(cells, status)
    if asked in STATUSES:
        wanted: NDArray[np.bool_] = status == STATUSES.index(Status(asked))
        return wanted
    return np.ones(status.shape, np.bool_)


def _rows(
    members: Sequence[Member], cells: ClassCells, wanted: NDArray[np.bool_], *, columns: Sequence[int], filters: Filters
) -> Sequence[int]:
    """Return which learners are wanted; those asked for one knowledge point come weakest first."""
    name = filters.name.strip().casefold()
    rows = [
        number
        for number, member in enumerate(members)
        if not name or name in (member.name or "").casefold() or member.subject.uuid.startswith(name)
    ]
    if not wanted.all():
        has = np.logical_or.reduce(wanted[:, columns], axis=1)
        rows = [number for number in rows if has[number]]
    if filters.point and columns:
        level = cells.level[:, columns[0]]
        rows.sort(key=lambda number: (bool(np.isnan(level[number])), float(level[number])))
    return rows


def _points(
    framework: Framework, lessons: Mapping[str, Sequence[CourseLesson]]
) -> tuple[Sequence[KnowledgePoint], Mapping[str, Unit]]:
    """Return the knowledge points that the course serves by unit, in the framework's order, each once."""
    unit_of: dict[str, Unit] = {}
    for unit in framework.units.values():
        for code in unit.knowledge_points:
            if code in lessons:
                unit_of.setdefault(code, unit)
    return [framework.get_knowledge_point(code) for code in unit_of], unit_of
