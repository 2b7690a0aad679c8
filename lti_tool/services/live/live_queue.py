"""The mentors' queue: whose live project waits for what, since when, and how far the others are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from lti_tool.models import Attempt, Identity, LearnerKey, LiveProjectRow, Person, ResourceLink, SubmissionRow
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import SHORT, Link
from lti_tool.services.live.cases import get_project
from lti_tool.services.marking.cases import Marker
from lti_tool.services.marking.live_people import list_mentors
from qualoop.assessment.marking import Stage
from qualoop.content_packages import LiveProject


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWork:
    """One project in the queue. ``step`` is the task that it stands at, None where all are accepted.

    ``since`` is when that task was handed in, None while the learner works at it; ``mentor`` is who alone decides.
    """

    uuid: str
    learner: str
    name: str | None
    link_title: str
    project: LiveProject
    step: str | None
    since: datetime | None
    done: int
    stage: Stage
    submitted_at: datetime
    changed_at: datetime
    mentor: str | None

    @property
    def short(self) -> str:
        """The beginning of the pseudonym, for pages that have no name to show."""
        return self.learner[:SHORT]

    @property
    def waits(self) -> bool:
        """Say whether something of it waits for a mentor: a decision, or the judgement."""
        return self.since is not None or self.stage in {Stage.WAITING, Stage.DRAFT}

    @property
    def waits_since(self) -> datetime:
        """Return since when it waits, else when it last changed."""
        return self.since or (self.submitted_at if self.waits else self.changed_at)


def queue(connection: Connection, contents: Contents, link: Link, marker: Marker) -> Sequence[LiveWork]:
    """Return the projects of the link's course that somebody may see: what waits longest comes first."""
    names = {each.person_id: each.name for each in list_mentors(connection, link)}
    rows = connection.execute(_works(link)).all()
    seen = [
        _work(connection, contents, link, row, mentor=names.get(row.mentor_id))
        for row in rows
        if row.person_id != marker.person_id and (marker.sees_all or row.mentor_id in {None, marker.person_id})
    ]
    return sorted(seen, key=lambda each: (not each.waits, each.waits_since, each.uuid))


def _works(link: Link) -> Any:
    """Return the query of the projects of a course; those of erased learners are nobody's any more."""
    organisation = link.organisation_id
    erased = select(LearnerKey.learner).where(
        LearnerKey.organisation_id == organisation, LearnerKey.destroyed_at.is_not(None)
    )
    return (
        select(
            LiveProjectRow.__table__,
            SubmissionRow.uuid,
            SubmissionRow.stage,
            SubmissionRow.submitted_at,
            Attempt.version_id,
            ResourceLink.title,
            Person.uuid.label("learner"),
            Identity.name,
        )
        .join(SubmissionRow, SubmissionRow.id == LiveProjectRow.submission_id)
        .join(Attempt, Attempt.id == SubmissionRow.attempt_id)
        .join(ResourceLink, ResourceLink.id == LiveProjectRow.resource_link_id)
        .join(Person, Person.id == LiveProjectRow.person_id)
        .join(
            Identity,
            (Identity.person_id == Person.id)
            & (Identity.registration_id == link.registration_id)
            & (Identity.organisation_id == organisation),
            isouter=True,
        )
        .where(
            LiveProjectRow.organisation_id == organisation,
            SubmissionRow.organisation_id == organisation,
            Attempt.organisation_id == organisation,
            ResourceLink.organisation_id == organisation,
            Person.organisation_id == organisation,
            ResourceLink.context_id == link.context_id,
            Person.uuid.not_in(erased),
        )
    )


def _work(
    connection: Connection, contents: Contents, link: Link, row: Row[*tuple[Any, ...]], *, mentor: str | None
) -> LiveWork:
    project = get_project(connection, contents, link.organisation_id, row.version_id)
    return LiveWork(
        uuid=row.uuid,
        learner=row.learner,
        name=row.name,
        link_title=row.title,
        project=project,
        step=project.steps[row.done] if row.done < len(project.steps) else None,
        since=row.waiting_since,
        done=row.done,
        stage=Stage(row.stage),
        submitted_at=row.submitted_at,
        changed_at=row.updated_at,
        mentor=mentor,
    )
