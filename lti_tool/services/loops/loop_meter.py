"""The loop meter of a course: gain and delay from the check to the record, for each knowledge point. Reads only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from lti_tool.services.courses.lessons import course_lessons
from lti_tool.services.courses.members import Link, list_members
from lti_tool.services.courses.titles import find_title
from lti_tool.services.loops.rows import Done, Hour, LoopRows, list_polls, list_team_checks, read_rows, read_stages
from lti_tool.services.mastery.class_cells import read_cells
from lti_tool.services.rosters.groups import people_in
from qualoop.framework import Framework, KnowledgePoint, Post, Unit
from qualoop.records.loop import IN_CLASS, STAGES, Loop, Pieces, Run, Span, Stage, measure
from qualoop.records.loop_moves import Moved, measure_moves

_CLASS_NUMBERS: Final = tuple(STAGES.index(stage) for stage in IN_CLASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFilters:
    """What of the loop is wanted; empty is everything.

    ``group`` is the row of a group, ``session`` the uuid of a class session: then only what it asked is the class, and
    only its knowledge points are shown. ``since`` and ``until`` are days in UTC, both counted in; which stage a piece
    belongs to they do not change.
    """

    unit: str = ""
    post: str = ""
    group: int = 0
    session: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_set(self) -> bool:
        """Say whether anything is left out."""
        return bool(self.unit or self.post or self.group or self.session or self.since or self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPoint:
    """A knowledge point with its run through the loop."""

    point: KnowledgePoint
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopMove:
    """What was done in class: its ``number`` among the votes or team tests of the session, None where it was removed.

    ``question`` is that of a vote, None of a team test.
    """

    hour: Hour
    is_vote: bool
    number: int | None
    question: Mapping[str, Any] | None
    points: Sequence[KnowledgePoint]
    moved: Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopMeter:
    """The loop of a course, or of what the filters leave of it.

    ``points`` are the knowledge points with evidence in a stage, in an order in which they can be learnt; ``silent`` those of
    the course without any. ``hours``, ``units`` and ``posts`` are what one can choose from.
    """

    course: str
    learners: int
    together: Run
    points: Sequence[LoopPoint]
    silent: Sequence[KnowledgePoint]
    moves: Sequence[LoopMove]
    hours: Sequence[Hour]
    units: Sequence[Unit]
    posts: Sequence[Post]

    @property
    def missing(self) -> Sequence[Stage]:
        """Return the stages that nobody has anything of."""
        return [stage for stage in STAGES if self.together.find(stage) is None]


def read_loop(
    connection: Connection, framework: Framework, link: Link, *, filters: LoopFilters, now: datetime
) -> LoopMeter:
    """Return the loop of the link's course; of other courses nobody and nothing is in it, but for practice and levels.

    What a learner of the course practises anywhere counts, as it does in the levels.
    """
    people = people_in(connection, link, filters.group) if filters.group else None
    learners = [member.subject.uuid for member in list_members(connection, link, people=people)]
    stages = read_stages(connection, link)
    rows = read_rows(connection, link, stages, learners=learners, now=now)
    served = _served(framework, course_lessons(connection, link), rows)
    wanted = _wanted(framework, served, filters)
    span = _span(filters)
    pieces, codes = _arranged(framework, rows, wanted, filters.session, span=span)
    cells = read_cells(connection, link.organisation_id, learners, codes=codes, now=now)
    loop = measure(pieces, cells.level, span=span)
    moves = measure_moves(span.of(pieces), len(learners))
    return LoopMeter(
        course=find_title(connection, (link.organisation_id, link.context_id)),
        learners=len(learners),
        together=loop.together,
        points=_points(framework, codes, loop),
        silent=[framework.get_knowledge_point(code) for code in _silent(wanted, codes, filters)],
        moves=_moves(connection, link, framework, moves, named=(rows.done, codes, stages.hours)),
        hours=stages.hours,
        units=[unit for unit in framework.units.values() if served.intersection(unit.knowledge_points)],
        posts=[post for post in framework.posts.values() if served & _of_post(framework, post.code)],
    )


def _span(filters: LoopFilters) -> Span:
    def midnight(day: date, later: int = 0) -> float:
        return datetime.combine(day + timedelta(days=later), time(), UTC).timestamp()

    return Span(
        since=midnight(filters.since) if filters.since else -math.inf,
        until=midnight(filters.until, 1) if filters.until else math.inf,
    )


def _served(framework: Framework, lessons: Mapping[str, Any], rows: LoopRows) -> set[str]:
    """Return the knowledge points of the course: what its activities serve, and what was asked in its classes."""
    asked = set(rows.pieces.point[np.isin(rows.pieces.stage, _CLASS_NUMBERS)].tolist())
    found = {*lessons, *(rows.codes[number] for number in asked)}
    return found.intersection(framework.learning_order)


def _of_post(framework: Framework, code: str) -> set[str]:
    return {point for unit in framework.units_of_post(code) for point in unit.knowledge_points}


def _wanted(framework: Framework, served: set[str], filters: LoopFilters) -> set[str]:
    """Return which knowledge points of the course the filters leave; a unit or post that there is none leaves none."""
    wanted = set(served)
    if filters.unit:
        wanted &= set(framework.units[filters.unit].knowledge_points if filters.unit in framework.units else ())
    if filters.post:
        wanted &= _of_post(framework, filters.post) if filters.post in framework.posts else set()
    return wanted


def _arranged(
    framework: Framework, rows: LoopRows, wanted: set[str], session: str, *, span: Span
) -> tuple[Pieces, Sequence[str]]:
    """Return the wanted pieces and the knowledge points that they number, in an order in which they can be learnt.

    These are the knowledge points with anything in the span; of them it is all pieces, of whenever.
    """
    pieces = rows.pieces
    if session:
        own = np.array([done.hour == session for done in rows.done] or [False])
        pieces = pieces.where(own[pieces.done] | (pieces.done < 0))
        asked = set(span.of(pieces.where(pieces.done >= 0)).point.tolist())
        wanted = wanted & {rows.codes[number] for number in asked}
    there = {rows.codes[number] for number in np.unique(span.of(pieces).point).tolist()}
    codes = sorted(wanted & there, key=framework.learning_order.__getitem__)
    places = {code: number for number, code in enumerate(codes)}
    renumbered = np.array([places.get(code, -1) for code in rows.codes] or [-1], np.int64)
    kept = pieces.where(renumbered[pieces.point] >= 0)
    return replace(kept, point=renumbered[kept.point]), codes


def _silent(wanted: set[str], codes: Sequence[str], filters: LoopFilters) -> Sequence[str]:
    return [] if filters.session else sorted(wanted.difference(codes))


def _points(framework: Framework, codes: Sequence[str], loop: Loop) -> Sequence[LoopPoint]:
    return [
        LoopPoint(point=framework.get_knowledge_point(code), run=run)
        for code, run in zip(codes, loop.points, strict=True)
    ]


def _moves(
    connection: Connection,
    link: Link,
    framework: Framework,
    moves: Sequence[Moved],
    *,
    named: tuple[Sequence[Done], Sequence[str], Sequence[Hour]],
) -> Sequence[LoopMove]:
    """Return what was done in class with its names: sessions from the newest on, in each in its order."""
    done, codes, hours = named
    polls, checks = (list_polls(connection, link), list_team_checks(connection, link)) if moves else ({}, {})
    order = {hour.uuid: number for number, hour in enumerate(hours)}
    found = []
    for moved in moves:
        thing = done[moved.done]
        number, question = polls.get(thing, (checks.get(thing), None))
        found.append(
            LoopMove(
                hour=hours[order[thing.hour]],
                is_vote=bool(thing.part),
                number=number,
                question=question,
                points=[framework.get_knowledge_point(codes[point]) for point in moved.points],
                moved=moved,
            )
        )
    return sorted(
        found, key=lambda move: (order[move.hour.uuid], not move.is_vote, move.number is None, move.number or 0)
    )
