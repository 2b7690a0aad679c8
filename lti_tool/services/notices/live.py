"""What live projects have to tell: to a learner what was decided, to whoever decides what waits."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from lti_tool.models import Attempt, LiveEntry, LiveProjectRow, ResourceLink, SubmissionRow
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.live.cases import get_project
from lti_tool.services.live.live_queue import queue
from lti_tool.services.marking.cases import Marker
from lti_tool.services.marking.live_people import may_decide
from lti_tool.services.notices.notices import Kind, Notice
from lti_tool.services.records.records import Subject
from qualoop.assessment.live import DECISIONS, Act
from qualoop.content_packages import LiveProject
from qualoop.values import Text

_KINDS = {Act.ACCEPT.value: Kind.LIVE_ACCEPTED, Act.RETURN.value: Kind.LIVE_RETURNED}


def live_decisions(connection: Connection, contents: Contents, subject: Subject) -> Iterator[Notice]:
    """Give what was decided about a learner's own projects, in no order; what was taken back is none."""
    after = aliased(LiveEntry)
    undone = (
        select(after.id)
        .where(
            after.organisation_id == subject.organisation_id,
            after.live_project_id == LiveEntry.live_project_id,
            after.number == LiveEntry.number + 1,
            after.act == Act.UNDO.value,
        )
        .exists()
    )
    query = (
        select(LiveEntry.step, LiveEntry.act, LiveEntry.at, LiveProjectRow.resource_link_id, Attempt.version_id)
        .add_columns(ResourceLink.title)
        .join(LiveProjectRow, LiveProjectRow.id == LiveEntry.live_project_id)
        .join(SubmissionRow, SubmissionRow.id == LiveProjectRow.submission_id)
        .join(Attempt, Attempt.id == SubmissionRow.attempt_id)
        .join(ResourceLink, ResourceLink.id == LiveProjectRow.resource_link_id)
        .where(
            LiveEntry.organisation_id == subject.organisation_id,
            LiveProjectRow.person_id == subject.person_id,
            LiveEntry.act.in_([act.value for act in DECISIONS]),
            ~undone,
        )
    )
    for row in connection.execute(query):
        project = get_project(connection, contents, subject.organisation_id, row.version_id)
        yield Notice(
            kind=_KINDS[row.act],
            at=row.at,
            link=row.resource_link_id,
            title=row.title or "",
            task=_task(project, row.step),
        )


def live_waiting(connection: Connection, contents: Contents, link: Link, marker: Marker) -> Iterator[Notice]:
    """Give the projects of the link's course in which something waits for this person, in no order."""
    if not may_decide(connection, link, marker):
        return
    for work in queue(connection, contents, link, marker):
        if work.waits:
            kind = Kind.LIVE_JUDGES if work.step is None else Kind.LIVE_WAITING
            task = None if work.step is None else _task(work.project, work.step)
            yield Notice(kind=kind, at=work.waits_since, title=work.link_title, task=task, live=work)


def _task(project: LiveProject, step: str) -> Text | None:
    """Return the title of a milestone; None for the plan, which every project calls so."""
    found = project.find_milestone(step)
    return found.title if found else None
