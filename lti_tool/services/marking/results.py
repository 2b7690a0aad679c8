"""What a learner sees of marks: nothing before they are released, then levels, points, comments and the grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from lti_tool.services.attempts.submissions import Author, find_submission
from lti_tool.services.marking.cases import get_case_by_id
from qualoop.assessment.marking import MarkSheet, Position, counting_mark, sheet_grade, sheet_points
from qualoop.assessment.rubric import Rubric
from qualoop.values import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerMarks:
    """Released marks of one work. ``enterprises`` name whose judgement it is, ``corrected_at`` when they last changed.

    ``reviewers`` is how many learners gave them together, 0 where a marker did.
    """

    rubric: Rubric
    sheet: MarkSheet
    points: Decimal
    grade: Score
    released_at: datetime
    corrected_at: datetime | None
    enterprises: Sequence[str]
    reviewers: int = 0


def marks_for_learner(
    connection: Connection, author: Author, *, secret: str, now: datetime, attempt_uuid: str | None = None
) -> LearnerMarks | None:
    """Return the marks of the author's work of an attempt, else of the newest; None where there are none to be seen yet.

    Only the mark that counts is told: who judged it, and what others said before a decision, stays among markers.
    """
    work = find_submission(connection, author, secret=secret, attempt_uuid=attempt_uuid)
    if work is None or work.released_at is None or work.released_at > now:
        return None
    case = get_case_by_id(connection, author.organisation_id, work.id, secret=secret)
    mark = counting_mark(case.marking)
    if mark is None:
        return None
    stored = case.stored.get(mark.position)
    peers = case.peers if mark.position is Position.PEERS else None
    named = [case.stored[each].enterprise for each in (Position.FIRST, Position.SECOND) if each in case.stored]
    return LearnerMarks(
        rubric=case.marking.rubric,
        sheet=mark.sheet,
        points=sheet_points(mark.sheet),
        grade=sheet_grade(case.marking.rubric, mark.sheet),
        released_at=work.released_at,
        corrected_at=stored.updated_at if stored and stored.updated_at > work.released_at else None,
        enterprises=[*dict.fromkeys(filter(None, named))],
        reviewers=len(peers.reviews) if peers else 0,
    )
