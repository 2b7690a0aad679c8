"""One live project, opened: where it stands, what was written for each task, and who decided what when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from lti_tool.models import (
    Attempt,
    Identity,
    LiveDraft,
    LiveEntry,
    LiveProjectRow,
    Person,
    ResourceLink,
    SubmissionRow,
)
from lti_tool.services.attempts.submissions import Author, StoredFile, SubmissionMissingError
from lti_tool.services.content.contents import ContentMissingError, Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.marking.cases import Desk
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes
from lti_tool.services.people.roles import Role
from qualoop.assessment.live import Act, Entry, Standing, standing_of
from qualoop.assessment.marking import Stage
from qualoop.content_packages import LiveProject


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWork:
    """What was written for one task: answers of the plan by question, or text, links and files of a milestone."""

    answers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    links: Sequence[str] = ()
    files: Sequence[StoredFile] = ()
    is_erased: bool = False


EMPTY_WORK = StepWork()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An entry with what was written with it: ``work`` of a hand-in, ``comment`` of a decision; ``name`` is who did it."""

    entry: Entry
    enterprise: str
    name: str | None
    work: StepWork | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCase:
    """A learner's live project. ``drafts`` are what is not handed in, by task; ``name`` is the learner's."""

    id: int
    uuid: str
    submission_id: int
    owner: KeyOwner
    person_id: int
    name: str | None
    link: Link
    link_title: str
    attempt_id: int
    version_id: int
    project: LiveProject
    standing: Standing
    history: Sequence[Happened]
    drafts: Mapping[str, StepWork]
    mentor_id: int | None
    revision: int
    stage: Stage
    released_at: datetime | None

    @property
    def organisation_id(self) -> int:
        """Return whose it is."""
        return self.link.organisation_id

    def handed_in(self, step: str) -> Happened | None:
        """Return the newest hand-in of a task, None before the first."""
        found = (each for each in reversed(self.history) if each.entry.step == step and each.work is not None)
        return next(found, None)

    def decision(self, step: str) -> Happened | None:
        """Return the decision that holds for a task: the newest since it was handed in that was not taken back."""
        for each in reversed([each for each in self.history if each.entry.step == step]):
            if each.entry.act in {Act.UNDO, Act.HAND_IN}:
                return None
            if each.entry.act in {Act.ACCEPT, Act.RETURN}:
                return each
        return None

    def begun(self, step: str) -> StepWork:
        """Return what the form of a task begins with: its draft, else what was handed in before."""
        last = self.handed_in(step)
        return self.drafts.get(step) or (last.work if last and last.work else EMPTY_WORK)


def find_own(connection: Connection, contents: Contents, author: Author, *, secret: str) -> LiveCase | None:
    """Return the author's project at the link, None before anything of it was saved."""
    row = connection.execute(
        _cases(author.organisation_id, registration_id=0)
        .where(LiveProjectRow.resource_link_id == author.resource_link_id, LiveProjectRow.person_id == author.person_id)
        .order_by(LiveProjectRow.id.desc())
        .limit(1)
    ).first()
    return None if row is None else _case(connection, contents, row, author.organisation_id, secret=secret)


def get_case(connection: Connection, contents: Contents, desk: Desk) -> LiveCase:
    """Return a project of the course for who may decide or read it; raise SubmissionMissingError for any other.

    A mentor sees the projects that are given to nobody else; nobody sees the own one here.
    """
    link, marker = desk.link, desk.marker
    row = connection.execute(
        _cases(link.organisation_id, registration_id=link.registration_id).where(
            SubmissionRow.uuid == desk.work, ResourceLink.context_id == link.context_id
        )
    ).first()
    if row is None or row.person_id == marker.person_id:
        raise SubmissionMissingError
    is_mentor = Role.MENTOR.value in marker.roles
    if not marker.sees_all and not (is_mentor and row.mentor_id in {None, marker.person_id}):
        raise SubmissionMissingError
    return _case(connection, contents, row, link.organisation_id, secret=desk.secret)


def _cases(organisation_id: int, *, registration_id: int) -> Any:
    """Return the query of projects with what is known of each, by the names that a platform told."""
    return (
        select(
            LiveProjectRow.__table__,
            SubmissionRow.uuid,
            SubmissionRow.stage,
            SubmissionRow.released_at,
            SubmissionRow.attempt_id,
            Attempt.version_id,
            ResourceLink.title,
            ResourceLink.context_id,
            ResourceLink.activity_id,
            Person.uuid.label("learner"),
            Identity.name,
            Identity.registration_id,
        )
        .join(SubmissionRow, SubmissionRow.id == LiveProjectRow.submission_id)
        .join(Attempt, Attempt.id == SubmissionRow.attempt_id)
        .join(ResourceLink, ResourceLink.id == LiveProjectRow.resource_link_id)
        .join(Person, Person.id == LiveProjectRow.person_id)
        .join(
            Identity,
            (Identity.person_id == Person.id)
            & (Identity.registration_id == registration_id)
            & (Identity.organisation_id == organisation_id),
            isouter=True,
        )
        .where(
            LiveProjectRow.organisation_id == organisation_id,
            SubmissionRow.organisation_id == organisation_id,
            Attempt.organisation_id == organisation_id,
            ResourceLink.organisation_id == organisation_id,
            Person.organisation_id == organisation_id,
        )
    )


def _case(
    connection: Connection, contents: Contents, row: Row[*tuple[Any, ...]], organisation_id: int, *, secret: str
) -> LiveCase:
    owner = KeyOwner(organisation_id=organisation_id, learner=row.learner, secret=secret)
    project = get_project(connection, contents, organisation_id, row.version_id)
    history = _history(connection, owner, row.id)
    return LiveCase(
        id=row.id,
        uuid=row.uuid,
        submission_id=row.submission_id,
        owner=owner,
        person_id=row.person_id,
        name=row.name,
        link=Link(
            organisation_id=organisation_id,
            registration_id=row.registration_id or 0,
            context_id=row.context_id,
            resource_link_id=row.resource_link_id,
            activity_id=row.activity_id,
        ),
        link_title=row.title,
        attempt_id=row.attempt_id,
        version_id=row.version_id,
        project=project,
        standing=standing_of(project.steps, [each.entry for each in history]),
        history=history,
        drafts=_drafts(connection, owner, row.id),
        mentor_id=row.mentor_id,
        revision=row.revision,
        stage=Stage(row.stage),
        released_at=row.released_at,
    )


def get_project(connection: Connection, contents: Contents, organisation_id: int, version_id: int) -> LiveProject:
    """Return a version's live project; raise ContentMissingError where it is something else."""
    found = contents.get(connection, organisation_id, version_id).content
    if not isinstance(found, LiveProject):
        raise ContentMissingError
    return found


def _history(connection: Connection, owner: KeyOwner, project_id: int) -> Sequence[Happened]:
    # A person may be known to several platforms: whichever name was told first.
    name = (
        select(Identity.name)
        .where(Identity.person_id == LiveEntry.by_person_id, Identity.organisation_id == owner.organisation_id)
        .order_by(Identity.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(LiveEntry.__table__, Person.uuid.label("by"), name.label("name"))
        .join(Person, Person.id == LiveEntry.by_person_id)
        .where(
            LiveEntry.organisation_id == owner.organisation_id,
            Person.organisation_id == owner.organisation_id,
            LiveEntry.live_project_id == project_id,
        )
        .order_by(LiveEntry.number)
    )
    return [_happened(connection, owner, row) for row in rows]


def _happened(connection: Connection, owner: KeyOwner, row: Row[*tuple[Any, ...]]) -> Happened:
    entry = Entry(number=row.number, step=row.step, act=Act(row.act), by=row.by, at=row.at)
    body = read_body(connection, owner, row.body_sealed)
    work = None
    if entry.act is Act.HAND_IN:
        work = StepWork(is_erased=True) if body is None else work_of(body)
    comment = (body or {}).get("comment", "") if work is None else ""
    return Happened(entry=entry, enterprise=row.enterprise, name=row.name, work=work, comment=comment)


def _drafts(connection: Connection, owner: KeyOwner, project_id: int) -> Mapping[str, StepWork]:
    rows = connection.execute(
        select(LiveDraft.step, LiveDraft.body_sealed).where(
            LiveDraft.organisation_id == owner.organisation_id, LiveDraft.live_project_id == project_id
        )
    )
    bodies = {row.step: read_body(connection, owner, row.body_sealed) for row in rows}
    return {step: work_of(body) for step, body in bodies.items() if body is not None}


def read_body(connection: Connection, owner: KeyOwner, sealed: bytes | None) -> Mapping[str, Any] | None:
    """Return what was sealed of an entry or a draft; None where there is nothing, or the learner was erased."""
    packed = None if sealed is None else open_bytes(connection, owner, sealed)
    found: Mapping[str, Any] | None = None if packed is None else json.loads(packed)
    return found


def body_of(work: StepWork) -> bytes:
    """Return work as it is sealed."""
    files = [[file.id, file.uuid, file.name, file.media_type, file.size] for file in work.files]
    body = {"answers": dict(work.answers), "text": work.text, "links": [*work.links], "files": files}
    return json.dumps(body, ensure_ascii=False).encode()


def work_of(body: Mapping[str, Any]) -> StepWork:
    """Return the work of a body that `body_of` made."""
    files = [
        StoredFile(id=id_, uuid=uuid, name=name, media_type=media_type, size=size)
        for id_, uuid, name, media_type, size in body["files"]
    ]
    return StepWork(answers=body["answers"], text=body["text"], links=body["links"], files=files)
