"""The scores of the others: what a learner who has finished is told of the class, without names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, select

from lti_tool.models import Attempt, Enrolment
from lti_tool.services.courses.members import Link
from lti_tool.services.people.roles import TEST_USER, Role
from qualoop.values import Score

FINISHED: Final = "evaluated"


def scores_of_others(connection: Connection, link: Link, person_id: int) -> Sequence[Score]:
    """Return the mean score of everybody else who learns in the course and has finished here, in rising order."""
    query = (
        select(Attempt.person_id, Attempt.score, Enrolment.roles)
        .join(Enrolment, Enrolment.person_id == Attempt.person_id)
        .where(
            Attempt.organisation_id == link.organisation_id,
            Attempt.resource_link_id == link.resource_link_id,
            Attempt.status == FINISHED,
            Attempt.person_id != person_id,
            Enrolment.organisation_id == link.organisation_id,
            Enrolment.context_id == link.context_id,
            Enrolment.left_at.is_(None),
        )
    )
    found: dict[int, list[Decimal]] = defaultdict(list)
    for person, score, roles in connection.execute(query):
        learns = roles.split(",")
        if Role.LEARNER in learns and TEST_USER not in learns:
            found[person].append(Score(score))
    return sorted(Score.of(sum(scores, Decimal(0)), len(scores)) for scores in found.values())
