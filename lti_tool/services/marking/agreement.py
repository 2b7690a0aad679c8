"""How well two markers who did not see each other agree at a link, row by row, and how strict each of them is.

Only works whose both marks are approved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import Connection

from lti_tool.models import MarkRevision, MarkRow, Person, SubmissionRow
from lti_tool.services.content import rubrics
from lti_tool.services.courses.members import Link
from lti_tool.services.marking.assignments import list_markers
from lti_tool.services.marking.cases import Marker
from lti_tool.services.marking.rows import mark_rows, work_rows
from qualoop.assessment.marking import MarkSheet, Position, sheet_of
from qualoop.assessment.rubric import RubricRow
from qualoop.mastery.raters import Severity, Sheet, rater_statistics

GAPS = 4
"""Differences of this many levels and more are counted together."""
LEAST_WORKS: Final = 20
"""Of fewer works that were marked twice nobody's strictness is told: it says something about a colleague."""

_Pairs: TypeAlias = Mapping[int, tuple[tuple[str, MarkSheet], tuple[str, MarkSheet]]]
"""By work both marks, each with its marker's pseudonym."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAgreement:
    """How two markers agree in one row. ``gaps`` counts pairs by how many levels they are apart, the last `GAPS` and more.

    ``exact`` and ``adjacent`` are shares in [0, 1]. ``kappa`` is Cohen's with quadratic weights, ``alpha`` Krippendorff's of
    levels as numbers, both at most 1; None where one level alone was given, or too little was marked twice.
    """

    row: RubricRow
    pairs: int
    exact: float
    adjacent: float
    kappa: float | None
    alpha: float | None
    gaps: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """How strict a marker is against the others of the same works, in levels; ``name`` is None of somebody who left."""

    name: str | None
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The agreement at a link: ``rows`` in the order of the newest rubric that was used there, and ``markers`` by name.

    ``markers`` is None below `LEAST_WORKS`. Who leads the marking sees all of them, everybody else the own one alone.
    """

    rows: Sequence[RowAgreement] = ()
    markers: Sequence[Strictness] | None = None


def link_agreement(connection: Connection, link: Link, marker: Marker) -> Agreement:
    """Return the agreement of first and second markers at a link.

    Marks of the reader's own work are left out. A mentor, who sees single works, gets none.
    """
    if not marker.sees_all:
        return Agreement()
    works = {
        row.id: row.rubric_version_id
        for row in connection.execute(
            work_rows(link, SubmissionRow.id, SubmissionRow.rubric_version_id).where(
                SubmissionRow.resource_link_id == link.resource_link_id,
                SubmissionRow.organisation_id == link.organisation_id,
                SubmissionRow.person_id != marker.person_id,
            )
        )
    }
    pairs = _pairs(connection, link, works)
    if not pairs:
        return Agreement()
    rubric = rubrics.get(connection, link.organisation_id, max(works[work] for work in pairs)).rubric
    rows = [each for row in rubric.rows if (each := _one(row, pairs)) is not None]
    severities = _severities(rubric.rows, pairs)
    if severities is None:
        return Agreement(rows=rows)
    names = {each.uuid: each.name or each.uuid[:4] for each in list_markers(connection, link)}
    shown = (each for each in severities if marker.may_release or each.rater == marker.uuid)
    told = [Strictness(name=names.get(each.rater), severity=each) for each in shown]
    return Agreement(
        rows=rows, markers=sorted(told, key=lambda each: (each.name is None, each.name, each.severity.rater))
    )


def _severities(rows: Sequence[RubricRow], pairs: _Pairs) -> Sequence[Severity] | None:
    """Return how strict each marker is, from works with a level in every row by both; None where these are too few."""
    sheets = []
    for work, both in pairs.items():
        levels = [[sheet.level_of(row.key) for row in rows] for _, sheet in both]
        if None not in (level for one in levels for level in one):
            sheets += [
                Sheet(text=str(work), rater=rater, scores=tuple(one))
                for (rater, _), one in zip(both, levels, strict=True)
            ]
    return rater_statistics(sheets).severities if len(sheets) >= 2 * LEAST_WORKS else None


def _pairs(connection: Connection, link: Link, works: Mapping[int, int]) -> _Pairs:
    """Return both approved marks of each work that has them, each with its marker's pseudonym."""
    columns = (MarkRow.submission_id, MarkRow.position, MarkRevision.judged, Person.uuid)
    rows = connection.execute(
        mark_rows(link.organisation_id, list(works), *columns)
        .join(Person, Person.id == MarkRow.person_id)
        .where(Person.organisation_id == link.organisation_id, MarkRevision.is_approved)
    )
    marks: dict[int, dict[str, tuple[str, MarkSheet]]] = {}
    for row in rows:
        marks.setdefault(row.submission_id, {})[row.position] = (row.uuid, sheet_of(row.judged, {}))
    both = (Position.FIRST.value, Position.SECOND.value)
    return {work: (each[both[0]], each[both[1]]) for work, each in marks.items() if {*both} <= {*each}}


def _one(row: RubricRow, pairs: _Pairs) -> RowAgreement | None:
    """Return the agreement in one row; None where nobody judged it twice."""
    levels = {
        work: [(marker, level) for marker, sheet in both if (level := sheet.level_of(row.key)) is not None]
        for work, both in pairs.items()
    }
    twice = {work: given for work, given in levels.items() if len(given) == len(pairs[work])}
    if not twice:
        return None
    sheets = [
        Sheet(text=str(work), rater=marker, scores=(float(level),))
        for work, given in twice.items()
        for marker, level in given
    ]
    statistics = rater_statistics(sheets)
    gaps = [0] * (GAPS + 1)
    for (_, one), (_, other) in twice.values():
        gaps[min(abs(one - other), GAPS)] += 1
    return RowAgreement(
        row=row,
        pairs=len(twice),
        exact=statistics.exact or 0.0,
        adjacent=statistics.adjacent or 0.0,
        kappa=statistics.kappa,
        alpha=statistics.alpha,
        gaps=gaps,
    )
