"""Work that people are to judge: handed in, kept under the learner's key, given back to who may read it.

One work belongs to one attempt. It may be changed until somebody begins to mark it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, select, update
from sqlalchemy.orm import Session

from lti_tool.models import Attempt, PeerReview, SubmissionFile, SubmissionRow
from lti_tool.services.attempts.marking_setups import Setup, check_parts, find_setup
from lti_tool.services.attempts.submitted_work import CheckedWork, TypedFile, Work, check_work
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes, sealed_bytes
from qualoop.assessment import AttemptState
from qualoop.assessment.marking import Stage, falls_into_sample
from qualoop.errors import QualoopError


class SubmissionMissingError(QualoopError):
    """There is no such work in this course, or it is not for you to see."""

    code = "submission-missing"


class SubmissionLockedError(QualoopError):
    """Somebody has begun to mark this work: it stays as it was handed in."""

    code = "submission-locked"


class NotJudgedError(QualoopError):
    """Nothing is handed in here: the link has no rubric."""

    code = "submission-no-rubric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Whose work, at which link. ``uuid`` is the learner's pseudonym."""

    organisation_id: int
    person_id: int
    uuid: str
    resource_link_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a work, without its content; ``name`` is empty where the learner was erased."""

    id: int
    uuid: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file with its content."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWork:
    """What was handed in, readable; ``is_erased`` where the learner was forgotten and nobody can read it any more."""

    text: str = ""
    links: Sequence[str] = ()
    files: Sequence[StoredFile] = ()
    is_erased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One work of a learner, and where its marking stands; ``number`` is that of the attempt.

    ``is_read`` says that other learners were given it to review.
    """

    id: int
    uuid: str
    attempt_id: int
    number: int
    rubric_version_id: int
    stage: Stage
    submitted_at: datetime
    released_at: datetime | None
    work: StoredWork = field(default_factory=StoredWork)
    is_read: bool = False

    @property
    def is_open(self) -> bool:
        """Say whether the learner may still change it."""
        return self.stage is Stage.WAITING and not self.is_read


def submit(session: Session, author: Author, attempt_uuid: str, work: Work, *, secret: str, now: datetime) -> str:
    """Hand work in, or change what waits to be marked; return its uuid. The attempt takes no more answers from here on.

    Dates, and whether the author may work here at all, are for the caller to check. Raises NotJudgedError,
    SubmissionMissingError for an attempt of somebody else, RubricUnfitError, SubmissionLockedError, WorkRefusedError,
    LearnerErasedError; then nothing is stored.
    """
    connection = session.connection()
    attempt, row = _locked(session, author, attempt_uuid)
    link = author.resource_link_id
    setup = find_setup(connection, author.organisation_id, link, version_id=attempt.version_id)
    if setup is None:
        raise NotJudgedError
    kept = _kept_files(session, author, row, work.kept)
    checked = check_work(work, kept_sizes=[file.size for file in kept])
    if row is None:
        check_parts(connection, author.organisation_id, attempt.version_id, setup.rubric_version_id)
        row = begin_work(session, author, attempt.id, setup, stage=Stage.WAITING, now=now)
    owner = _owner(author, secret)
    row.work_sealed = sealed_bytes(connection, owner, _packed(checked), now)
    row.submitted_at = now
    _store_files(session, row, checked, owner, kept=kept, now=now)
    session.execute(
        update(Attempt)
        .where(Attempt.id == attempt.id, Attempt.organisation_id == author.organisation_id)
        .values(status=AttemptState.SUBMITTED.value, submitted_at=now, updated_at=now, closes_at=None)
    )
    return row.uuid


def _locked(session: Session, author: Author, attempt_uuid: str) -> tuple[Attempt, SubmissionRow | None]:
    """Return an attempt of the author and its work, both locked; raise SubmissionMissingError, SubmissionLockedError.

    The work first, as whoever marks it does: else two could wait for each other.
    """
    of_attempt = select(Attempt).where(
        Attempt.organisation_id == author.organisation_id,
        Attempt.resource_link_id == author.resource_link_id,
        Attempt.person_id == author.person_id,
        Attempt.uuid == attempt_uuid,
    )
    attempt = session.scalar(of_attempt)
    if attempt is None:
        raise SubmissionMissingError
    row = _row_of(session, author, attempt.id)
    attempt = session.scalars(of_attempt.with_for_update().execution_options(populate_existing=True)).one()
    # Another tab may have handed in first while this one waited.
    row = row or _row_of(session, author, attempt.id)
    if (row is None and attempt.status == AttemptState.EVALUATED) or (row and row.stage != Stage.WAITING):
        raise SubmissionLockedError
    if row is not None and session.scalar(select(_is_read(author)).where(SubmissionRow.id == row.id)):
        raise SubmissionLockedError
    return attempt, row


def _is_read(author: Author) -> ColumnElement[bool]:
    """Return whether a work was given to a reviewer: two must not have read different things."""
    return exists().where(
        PeerReview.organisation_id == author.organisation_id, PeerReview.submission_id == SubmissionRow.id
    )


def _row_of(session: Session, author: Author, attempt_id: int) -> SubmissionRow | None:
    return session.scalar(
        select(SubmissionRow)
        .where(SubmissionRow.organisation_id == author.organisation_id, SubmissionRow.attempt_id == attempt_id)
        .with_for_update()
    )


def begin_work(
    session: Session, author: Author, attempt_id: int, setup: Setup, *, stage: Stage, now: datetime
) -> SubmissionRow:
    """Add the row of a work: handed in for the first time, or prepared in steps of its own (`Stage.PREPARING`)."""
    work = str(uuid.uuid4())
    row = SubmissionRow(
        organisation_id=author.organisation_id,
        uuid=work,
        resource_link_id=author.resource_link_id,
        person_id=author.person_id,
        attempt_id=attempt_id,
        rubric_version_id=setup.rubric_version_id,
        form=setup.form.value,
        needs_second=falls_into_sample(work, setup.second_share),
        stage=stage.value,
        submitted_at=now,
        evidence={},
    )
    session.add(row)
    session.flush()
    return row


def _kept_files(
    session: Session, author: Author, row: SubmissionRow | None, kept: frozenset[str]
) -> Sequence[SubmissionFile]:
    if row is None or not kept:
        return ()
    return session.scalars(
        select(SubmissionFile).where(
            SubmissionFile.organisation_id == author.organisation_id,
            SubmissionFile.submission_id == row.id,
            SubmissionFile.uuid.in_(kept),
        )
    ).all()


def _store_files(
    session: Session,
    row: SubmissionRow,
    work: CheckedWork,
    owner: KeyOwner,
    *,
    kept: Sequence[SubmissionFile],
    now: datetime,
) -> None:
    """Let a work have the files that are kept and the new ones, and no others."""
    session.execute(
        delete(SubmissionFile).where(
            SubmissionFile.organisation_id == row.organisation_id,
            SubmissionFile.submission_id == row.id,
            SubmissionFile.id.not_in([file.id for file in kept]),
        )
    )
    add_files(session, row.id, work.files, owner, now=now)


def add_files(
    session: Session, submission_id: int, files: Sequence[TypedFile], owner: KeyOwner, *, now: datetime
) -> Sequence[StoredFile]:
    """Keep checked files of a work, beside those that it has; return them. Raises LearnerErasedError."""
    connection = session.connection()
    made = [
        SubmissionFile(
            organisation_id=owner.organisation_id,
            uuid=str(uuid.uuid4()),
            submission_id=submission_id,
            name_sealed=sealed_bytes(connection, owner, file.name.encode(), now),
            media_type=file.media_type,
            size=len(file.data),
            data_sealed=sealed_bytes(connection, owner, file.data, now),
        )
        for file in files
    ]
    session.add_all(made)
    session.flush()
    return [
        StoredFile(id=each.id, uuid=each.uuid, name=file.name, media_type=each.media_type, size=each.size)
        for each, file in zip(made, files, strict=True)
    ]


def find_submission(
    connection: Connection, author: Author, *, secret: str, attempt_uuid: str | None = None
) -> Submission | None:
    """Return the author's work of an attempt, else the newest at the link; None where nothing was handed in as a whole."""
    query = (
        select(SubmissionRow.__table__, Attempt.number, _is_read(author).label("is_read"))
        .join(Attempt, Attempt.id == SubmissionRow.attempt_id)
        .where(
            SubmissionRow.organisation_id == author.organisation_id,
            Attempt.organisation_id == author.organisation_id,
            SubmissionRow.resource_link_id == author.resource_link_id,
            SubmissionRow.person_id == author.person_id,
            SubmissionRow.stage != Stage.PREPARING.value,
        )
        .order_by(Attempt.number.desc())
        .limit(1)
    )
    if attempt_uuid is not None:
        query = query.where(Attempt.uuid == attempt_uuid)
    row = connection.execute(query).first()
    if row is None:
        return None
    return Submission(
        id=row.id,
        uuid=row.uuid,
        attempt_id=row.attempt_id,
        number=row.number,
        rubric_version_id=row.rubric_version_id,
        stage=Stage(row.stage),
        submitted_at=row.submitted_at,
        released_at=row.released_at,
        is_read=row.is_read,
        work=read_work(connection, _owner(author, secret), row.id, row.work_sealed),
    )


def read_work(connection: Connection, owner: KeyOwner, submission_id: int, sealed: bytes | None) -> StoredWork:
    """Return what a work holds. Who may read it is for the caller to know."""
    packed = None if sealed is None else open_bytes(connection, owner, sealed)
    if packed is None:
        return StoredWork(is_erased=True)
    body = json.loads(packed)
    rows = connection.execute(
        select(
            SubmissionFile.id,
            SubmissionFile.uuid,
            SubmissionFile.name_sealed,
            SubmissionFile.media_type,
            SubmissionFile.size,
        )
        .where(SubmissionFile.organisation_id == owner.organisation_id, SubmissionFile.submission_id == submission_id)
        .order_by(SubmissionFile.id)
    )
    files = [
        StoredFile(
            id=row.id,
            uuid=row.uuid,
            name=(open_bytes(connection, owner, row.name_sealed) or b"").decode(),
            media_type=row.media_type,
            size=row.size,
        )
        for row in rows
    ]
    return StoredWork(text=body["text"], links=body["links"], files=files)


def get_file(connection: Connection, owner: KeyOwner, submission_id: int, file_uuid: str) -> FileContent:
    """Return a file of a work; raise SubmissionMissingError where there is none, or nobody can read it any more."""
    row = connection.execute(
        select(SubmissionFile.name_sealed, SubmissionFile.media_type, SubmissionFile.data_sealed).where(
            SubmissionFile.organisation_id == owner.organisation_id,
            SubmissionFile.submission_id == submission_id,
            SubmissionFile.uuid == file_uuid,
        )
    ).first()
    name = None if row is None else open_bytes(connection, owner, row.name_sealed)
    data = None if row is None else open_bytes(connection, owner, row.data_sealed)
    if row is None or name is None or data is None:
        raise SubmissionMissingError
    return FileContent(name=name.decode(), media_type=row.media_type, data=data)


def _owner(author: Author, secret: str) -> KeyOwner:
    return KeyOwner(organisation_id=author.organisation_id, learner=author.uuid, secret=secret)


def _packed(work: CheckedWork) -> bytes:
    return json.dumps({"text": work.text, "links": [*work.links]}, ensure_ascii=False).encode()
