"""How well two markers who did not see each other agree at a link, row by row. Only works whose both marks are approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from lti_tool.models import MarkRevision, MarkRow, Person, SubmissionRow
from lti_tool.services.content import rubrics
from lti_tool.services.courses.members import Link
from lti_tool.services.marking.cases import Marker
from lti_tool.services.marking.rows import mark_rows, work_rows
from qualoop.assessment.marking import MarkSheet, Position, sheet_of
from qualoop.assessment.rubric import RubricRow
from qualoop.mastery.raters import Sheet, rater_statistics

GAPS = 4
"""Differences of this many levels and more are counted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAgreement:
    """How two markers agree in one row. ``gaps`` counts pairs by how many levels they are apart, the last `GAPS` and more.

    ``exact`` and ``adjacent`` are shares in [0, 1]. ``kappa`` is Cohen's with quadratic weights; None where one level alone
    was given, or too little was marked twice.
    """

    row: RubricRow
    pairs: int
    exact: float
    adjacent: float
    kappa: float | None
    gaps: Sequence[int]


def row_agreements(connection: Connection, link: Link, marker: Marker) -> Sequence[RowAgreement]:
    """Return the agreement of first and second markers at a link, in the order of the newest rubric that was used there.

    Marks of the reader's own work are left out. A mentor, who sees single works, gets none.
    """
    if not marker.sees_all:
        return ()
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
        return ()
    rubric = rubrics.get(connection, link.organisation_id, max(works[work] for work in pairs)).rubric
    found = (_one(row, pairs) for row in rubric.rows)
    return [each for each in found if each is not None]


def _pairs(
    connection: Connection, link: Link, works: Mapping[int, int]
) -> Mapping[int, tuple[tuple[str, MarkSheet], tuple[str, MarkSheet]]]:
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


def _one(
    row: RubricRow, pairs: Mapping[int, tuple[tuple[str, MarkSheet], tuple[str, MarkSheet]]]
) -> RowAgreement | None:
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
        gaps=gaps,
    )
