"""Who has judged works beside the raters whom evidence names: of two markers who agree it names the first alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from lti_tool.models import Attempt, MarkRevision, MarkRow, Person, SubmissionRow


def find_markers(
    connection: Connection, organisation_id: int, attempts: Collection[str], *, until: datetime | None = None
) -> Mapping[str, Collection[str]]:
    """Return the pseudonyms of those whose approved marks the works of some attempts have, by the attempt's uuid.

    ``until`` leaves out marks that were begun later; None is now. An attempt without such a mark is not in it.
    """
    if not attempts:
        return {}
    query = (
        select(Attempt.uuid, Person.uuid)
        .select_from(Attempt)
        .join(SubmissionRow, SubmissionRow.attempt_id == Attempt.id)
        .join(MarkRow, MarkRow.submission_id == SubmissionRow.id)
        .join(MarkRevision, (MarkRevision.mark_id == MarkRow.id) & (MarkRevision.number == MarkRow.revision))
        .join(Person, Person.id == MarkRow.person_id)
        .where(
            Attempt.organisation_id == organisation_id,
            SubmissionRow.organisation_id == organisation_id,
            MarkRow.organisation_id == organisation_id,
            MarkRevision.organisation_id == organisation_id,
            Person.organisation_id == organisation_id,
            Attempt.uuid.in_(sorted(attempts)),
            MarkRevision.is_approved,
        )
    )
    if until is not None:
        query = query.where(MarkRow.created_at <= until)
    found: dict[str, set[str]] = defaultdict(set)
    for attempt, marker in connection.execute(query):
        found[attempt].add(marker)
    return found
