"""One work with all its marks, opened for whoever may judge it: within one course, and within what the role lets see."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row

from lti_tool.models import (
    Activity,
    Attempt,
    ContentVersion,
    MarkRevision,
    MarkRow,
    Person,
    ResourceLink,
    SubmissionRow,
)
from lti_tool.services.attempts.submissions import SubmissionMissingError
from lti_tool.services.content import rubrics
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link
from lti_tool.services.marking.peer_said import PeersSaid, find_said
from lti_tool.services.marking.rows import mark_rows, work_rows
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes
from lti_tool.services.people.roles import Permission, Role, may
from qualoop.assessment.marking import Mark, Marking, Position, Stage, sheet_of
from qualoop.content_packages import LIVE_KIND
from qualoop.ledger import EvidenceForm

_OWN_ROLES: Final = frozenset({Role.TEACHER.value, Role.ASSISTANT.value, Role.ASSESSOR.value})
"""Who sees all work of a course; a mentor from an enterprise sees what was given to the mentor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Somebody who marks in one course, by the roles of one launch; ``uuid`` is the pseudonym."""

    person_id: int
    uuid: str
    roles: frozenset[str]

    @property
    def sees_all(self) -> bool:
        """Say whether all work of the course may be seen."""
        return bool(self.roles & _OWN_ROLES)

    @property
    def may_release(self) -> bool:
        """Say whether this marker decides between others and releases marks."""
        return may(self.roles, Permission.RELEASE_MARKS)

    @property
    def names_enterprise(self) -> bool:
        """Say whether a judgement of this marker is one of an enterprise, which it must name."""
        return not self.sees_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who is at which work (by uuid) of which course; ``secret`` is the installation's, that learners' keys are kept under.

    ``contents`` has the framework, by which a work has its level.
    """

    link: Link
    marker: Marker
    work: str
    secret: str
    contents: Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMark:
    """The row of a mark: whose it is, what it says for which enterprise, and its newest revision."""

    id: int
    person_id: int
    enterprise: str
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One work and its marks. ``activity`` and ``content`` are what evidence of it names, ``name`` is the learner's.

    ``is_live`` says that it is a live project, which a mentor has to approve. ``peers`` is what reviewers say, None where
    nobody has.
    """

    id: int
    uuid: str
    owner: KeyOwner
    person_id: int
    name: str | None
    link: Link
    link_title: str
    attempt_id: int
    attempt_uuid: str
    activity: str
    content: str
    form: EvidenceForm
    rubric_version_id: int
    work_sealed: bytes | None
    assigned_to: int | None
    submitted_at: datetime
    release_at: datetime | None
    released_at: datetime | None
    evidence: Mapping[str, str]
    marking: Marking
    stored: Mapping[Position, StoredMark]
    stage: Stage
    peers: PeersSaid | None
    is_live: bool

    @property
    def organisation_id(self) -> int:
        """Return whose it is."""
        return self.link.organisation_id

    def names_enterprise(self, marker: Marker) -> bool:
        """Say whether a judgement of this marker names an enterprise: every mentor's, and everybody's of a live project."""
        return self.is_live or marker.names_enterprise


def get_case(connection: Connection, desk: Desk) -> Case:
    """Return a work of the course with its marks; raise SubmissionMissingError for any other, and for one's own.

    Marks are all there, whoever looks: `qualoop.assessment.marking.visible_marks` says which may be shown.
    """
    link, marker = desk.link, desk.marker
    row = connection.execute(
        _cases(link).where(SubmissionRow.uuid == desk.work, ResourceLink.context_id == link.context_id)
    ).first()
    if row is None or row.person_id == marker.person_id or row.stage == Stage.PREPARING:
        raise SubmissionMissingError
    if not marker.sees_all and row.assigned_to != marker.person_id:
        raise SubmissionMissingError
    return _case(connection, link, row, desk.secret)


def get_case_by_id(connection: Connection, organisation_id: int, submission_id: int, *, secret: str) -> Case:
    """Return a work for the process itself, without a name, whoever may see it; raise SubmissionMissingError."""
    nowhere = Link(
        organisation_id=organisation_id, registration_id=0, context_id=0, resource_link_id=0, activity_id=None
    )
    row = connection.execute(
        _cases(nowhere).where(SubmissionRow.id == submission_id, SubmissionRow.organisation_id == organisation_id)
    ).first()
    if row is None:
        raise SubmissionMissingError
    return _case(connection, nowhere, row, secret)


def _cases(link: Link) -> Any:
    """Return the query of works with what is known of each, by the name that the link's platform told."""
    organisation = link.organisation_id
    return (
        work_rows(
            link,
            SubmissionRow.__table__,
            ResourceLink.context_id,
            ResourceLink.activity_id,
            Attempt.uuid.label("attempt_uuid"),
            Activity.key.label("activity"),
            Activity.kind.label("activity_kind"),
            ContentVersion.hash.label("content"),
        )
        .join(Attempt, Attempt.id == SubmissionRow.attempt_id)
        .join(ContentVersion, ContentVersion.id == Attempt.version_id)
        .join(Activity, Activity.id == ContentVersion.activity_id)
        .where(
            Attempt.organisation_id == organisation,
            ContentVersion.organisation_id == organisation,
            Activity.organisation_id == organisation,
        )
    )


def _case(connection: Connection, link: Link, row: Row[*tuple[Any, ...]], secret: str) -> Case:
    owner = KeyOwner(organisation_id=link.organisation_id, learner=row.learner, secret=secret)
    stored, marks = _marks(connection, owner, row.id)
    rubric = rubrics.get(connection, link.organisation_id, row.rubric_version_id).rubric
    peers = find_said(connection, link.organisation_id, row.id, rubric)
    return Case(
        id=row.id,
        uuid=row.uuid,
        owner=owner,
        person_id=row.person_id,
        name=row.name,
        link=_place(link, row),
        link_title=row.title,
        attempt_id=row.attempt_id,
        attempt_uuid=row.attempt_uuid,
        activity=row.activity,
        content=row.content,
        form=EvidenceForm(row.form),
        rubric_version_id=row.rubric_version_id,
        work_sealed=row.work_sealed,
        assigned_to=row.assigned_to,
        submitted_at=row.submitted_at,
        release_at=row.release_at,
        released_at=row.released_at,
        evidence=row.evidence,
        marking=Marking(
            rubric=rubric,
            marks=marks,
            needs_second=row.needs_second,
            is_released=row.released_at is not None,
            peers=peers.mark if peers else None,
        ),
        stored=stored,
        stage=Stage(row.stage),
        peers=peers,
        is_live=row.activity_kind == LIVE_KIND,
    )


def _place(link: Link, row: Row[*tuple[Any, ...]]) -> Link:
    """Return the link of a work, seen from the platform of ``link``."""
    return replace(link, context_id=row.context_id, resource_link_id=row.resource_link_id, activity_id=row.activity_id)


def _marks(
    connection: Connection, owner: KeyOwner, submission_id: int
) -> tuple[dict[Position, StoredMark], dict[Position, Mark]]:
    """Return the marks of a work as rows and as what they say."""
    rows = _mark_rows(connection, owner.organisation_id, submission_id)
    stored = {
        Position(row.position): StoredMark(
            id=row.id,
            person_id=row.person_id,
            enterprise=row.enterprise,
            revision=row.revision,
            updated_at=row.updated_at,
        )
        for row in rows
    }
    marks = {
        Position(row.position): Mark(
            position=Position(row.position),
            marker=row.marker,
            is_approved=row.is_approved,
            sheet=sheet_of(row.judged, read_comments(connection, owner, row.comments_sealed)),
        )
        for row in rows
    }
    return stored, marks


def _mark_rows(connection: Connection, organisation_id: int, submission_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the marks of a work, each with its newest revision and whose it is."""
    columns = (MarkRevision.judged, MarkRevision.comments_sealed, MarkRevision.is_approved)
    return connection.execute(
        mark_rows(organisation_id, [submission_id], MarkRow.__table__, Person.uuid.label("marker"), *columns)
        .join(Person, Person.id == MarkRow.person_id)
        .where(Person.organisation_id == organisation_id)
    ).all()


def read_comments(connection: Connection, owner: KeyOwner, sealed: bytes | None) -> Mapping[str, str]:
    """Return the comments of a mark by row; none where there are none, or the learner was erased."""
    packed = None if sealed is None else open_bytes(connection, owner, sealed)
    found: Mapping[str, str] = json.loads(packed) if packed is not None else {}
    return found
