"""The rows of works and marks, joined once for whoever reads them: the queue, one work, what markers agree in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select

from lti_tool.models import Identity, MarkRevision, MarkRow, Person, ResourceLink, SubmissionRow
from lti_tool.services.courses.members import Link


def work_rows(link: Link, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Return the query of works of the link's organisation, with these columns besides whose and where each is.

    `learner` is the pseudonym, `name` what the link's platform told, `title` the link's. The course is for the caller to name.
    """
    organisation = link.organisation_id
    return (
        select(*columns, Person.uuid.label("learner"), Identity.name, ResourceLink.title)
        .select_from(SubmissionRow)
        .join(ResourceLink, ResourceLink.id == SubmissionRow.resource_link_id)
        .join(Person, Person.id == SubmissionRow.person_id)
        .join(
            Identity,
            (Identity.person_id == Person.id)
            & (Identity.registration_id == link.registration_id)
            & (Identity.organisation_id == organisation),
            isouter=True,
        )
        .where(
            SubmissionRow.organisation_id == organisation,
            ResourceLink.organisation_id == organisation,
            Person.organisation_id == organisation,
        )
    )


def mark_rows(organisation_id: int, works: Collection[int], *columns: Any) -> Select[*tuple[Any, ...]]:
    """Return the query of the marks of works (by row), each with its newest revision, in the order in which they began."""
    return (
        select(*columns)
        .select_from(MarkRow)
        .join(MarkRevision, (MarkRevision.mark_id == MarkRow.id) & (MarkRevision.number == MarkRow.revision))
        .where(
            MarkRow.organisation_id == organisation_id,
            MarkRevision.organisation_id == organisation_id,
            MarkRow.submission_id.in_(works),
        )
        .order_by(MarkRow.id)
    )
