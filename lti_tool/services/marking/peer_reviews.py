"""What a learner does as a reviewer: rates samples, is given works of others, judges them; and what an author does with it.

A reviewer never learns whose work it is, an author never who reviewed it. A work is read by whoever it was given to, and
by nobody else.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import PeerReview, PeerSample, Person, SubmissionRow
from lti_tool.services.attempts.submissions import FileContent, StoredWork, get_file, read_work
from lti_tool.services.content import rubrics
from lti_tool.services.courses.members import Link
from lti_tool.services.marking.cases import read_comments
from lti_tool.services.marking.peer_pool import Pool, read_pool
from lti_tool.services.marking.peer_scores import refresh
from lti_tool.services.marking.peer_setups import PeerPlan, get_plan, locked
from lti_tool.services.people.learner_keys import KeyOwner, sealed_bytes
from qualoop.assessment.marking import MarkSheet, Stage, comments_body, judged_body, missing_rows, sheet_of
from qualoop.assessment.rubric import Rubric
from qualoop.assessment.samples import Sample
from qualoop.errors import QualoopError

UNDO: Final = timedelta(minutes=15)
"""How long a review that was handed in can be taken back; the author sees it when that time is over."""
MAX_REASON: Final = 1000


class PeerRefusedError(QualoopError):
    """This cannot be done as a reviewer, or with a review, now."""

    code = "peer-refused"


class PeerMissingError(PeerRefusedError):
    """There is no such sample or review for you."""

    code = "peer-missing"


class NotReadyError(PeerRefusedError):
    """First the own work is handed in and the samples are rated, and the review that is open is finished."""

    code = "peer-not-ready"


class PeerShutError(PeerRefusedError):
    """No works are given out at this time."""

    code = "peer-shut"


class NothingToReviewError(PeerRefusedError):
    """No work of somebody else lacks a review that you could give."""

    code = "peer-nothing"


class ReviewStaleError(PeerRefusedError):
    """This review was saved since the page was drawn, in another tab."""

    code = "peer-stale"


class ReviewDoneError(PeerRefusedError):
    """The review is handed in, or the marks of the work are released: it stays as it is."""

    code = "peer-done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A learner at a link who hands in work and reviews others'; ``secret`` is the installation's."""

    link: Link
    person_id: int
    uuid: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReview:
    """A review with the work that it is of. ``seen`` is its revision; ``may_undo`` where it can still be taken back."""

    uuid: str
    rubric: Rubric
    work: StoredWork
    sheet: MarkSheet
    seen: int
    assigned_at: datetime
    done_at: datetime | None
    is_final: bool
    may_undo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """What a reviewer sends: the sheet, the revision that the page showed, whether it is to be handed in."""

    sheet: MarkSheet
    seen: int
    hand_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReview:
    """What a save did; where it was to be handed in and was not, ``missing`` rows or the comment on the whole lack."""

    is_done: bool
    missing: Sequence[str] = ()
    lacks_comment: bool = False


def rated_samples(connection: Connection, reader: Reader, plan: PeerPlan) -> Mapping[str, MarkSheet]:
    """Return what the reader gave the samples, by key."""
    rows = connection.execute(
        select(PeerSample.sample, PeerSample.judged).where(
            PeerSample.organisation_id == reader.link.organisation_id,
            PeerSample.resource_link_id == reader.link.resource_link_id,
            PeerSample.person_id == reader.person_id,
            PeerSample.hash == plan.hash,
        )
    )
    return {row.sample: sheet_of(row.judged, {}) for row in rows}


def find_sample(plan: PeerPlan, key: str) -> Sample:
    """Return a sample of the plan; raise PeerMissingError."""
    for sample in plan.samples:
        if sample.key == key:
            return sample
    raise PeerMissingError


def rate_sample(session: Session, reader: Reader, key: str, sheet: MarkSheet, *, now: datetime) -> Sequence[str]:
    """Keep what the reader gives a sample, once; return the rows that have no level yet: then nothing is kept.

    Raises PeersOffError, PeerMissingError, ReviewDoneError where it is rated already.
    """
    connection = session.connection()
    plan = get_plan(connection, reader.link.organisation_id, reader.link.resource_link_id)
    locked(session, reader.link.organisation_id, reader.link.resource_link_id)
    sample = find_sample(plan, key)
    if sample.key in rated_samples(connection, reader, plan):
        raise ReviewDoneError
    missing = missing_rows(plan.rubric, sheet)
    if not missing:
        row = session.scalar(
            select(PeerSample).where(
                PeerSample.organisation_id == reader.link.organisation_id,
                PeerSample.resource_link_id == reader.link.resource_link_id,
                PeerSample.person_id == reader.person_id,
                PeerSample.sample == sample.key,
            )
        ) or PeerSample(
            organisation_id=reader.link.organisation_id,
            resource_link_id=reader.link.resource_link_id,
            person_id=reader.person_id,
            sample=sample.key,
        )
        row.hash, row.judged, row.rated_at = plan.hash, judged_body(sheet), now
        session.add(row)
        session.flush()
    return missing


def check_ready(connection: Connection, reader: Reader, plan: PeerPlan, pool: Pool) -> None:
    """Raise NotReadyError where something comes before the next work, PeerShutError outside the dates."""
    rated = rated_samples(connection, reader, plan)
    is_at_one = any(each.done_at is None for each in pool.of_reviewer(reader.person_id))
    if pool.work_of(reader.person_id) is None or is_at_one or any(each.key not in rated for each in plan.samples):
        raise NotReadyError
    if not plan.rules.is_open(pool.now):
        raise PeerShutError


def take_next(session: Session, reader: Reader, *, now: datetime) -> str:
    """Give the reader the next work; return the uuid of the review. One after another, whoever asks at the same time.

    Raises PeersOffError, NotReadyError, PeerShutError, NothingToReviewError.
    """
    organisation_id = reader.link.organisation_id
    locked(session, organisation_id, reader.link.resource_link_id)
    connection = session.connection()
    plan = get_plan(connection, organisation_id, reader.link.resource_link_id)
    pool = read_pool(connection, reader.link, plan.rules, now)
    check_ready(connection, reader, plan, pool)
    chosen = pool.choose(reader.person_id)
    if chosen is None:
        raise NothingToReviewError
    # Whoever marks it, or changes it, at this moment goes first.
    session.execute(
        select(SubmissionRow.id)
        .where(SubmissionRow.organisation_id == organisation_id, SubmissionRow.id == chosen)
        .with_for_update()
    )
    row = PeerReview(
        organisation_id=organisation_id,
        uuid=str(uuid.uuid4()),
        submission_id=chosen,
        person_id=reader.person_id,
        judged={},
        assigned_at=now,
        standing="",
    )
    session.add(row)
    session.flush()
    return row.uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A review's row with the work's, and whose key everything about it is under."""

    review: PeerReview
    submission: SubmissionRow
    owner: KeyOwner

    @property
    def is_released(self) -> bool:
        return self.submission.stage == Stage.RELEASED.value


def _find(session: Session, reader: Reader, review: str, *, lock: bool = False) -> _Found:
    """Return a review of the reader's at this link; raise PeerMissingError for any other."""
    query = (
        select(PeerReview, SubmissionRow, Person.uuid)
        .join(SubmissionRow, SubmissionRow.id == PeerReview.submission_id)
        .join(Person, Person.id == SubmissionRow.person_id)
        .where(
            PeerReview.organisation_id == reader.link.organisation_id,
            SubmissionRow.organisation_id == reader.link.organisation_id,
            Person.organisation_id == reader.link.organisation_id,
            SubmissionRow.resource_link_id == reader.link.resource_link_id,
            SubmissionRow.work_sealed.is_not(None),
            PeerReview.person_id == reader.person_id,
            PeerReview.uuid == review,
        )
    )
    row = session.execute(query.with_for_update(of=PeerReview) if lock else query).first()
    if row is None:
        raise PeerMissingError
    owner = KeyOwner(organisation_id=reader.link.organisation_id, learner=row[2], secret=reader.secret)
    return _Found(review=row[0], submission=row[1], owner=owner)


def open_review(session: Session, reader: Reader, review: str, *, now: datetime) -> OpenReview:
    """Return one of the reader's reviews with its work; raise PeerMissingError."""
    found = _find(session, reader, review)
    connection, row = session.connection(), found.review
    return OpenReview(
        uuid=row.uuid,
        rubric=rubrics.get(connection, row.organisation_id, found.submission.rubric_version_id).rubric,
        work=_nameless(read_work(connection, found.owner, found.submission.id, found.submission.work_sealed)),
        sheet=sheet_of(row.judged, read_comments(connection, found.owner, row.comments_sealed)),
        seen=row.revision,
        assigned_at=row.assigned_at,
        done_at=row.done_at,
        is_final=row.done_at is not None or found.is_released,
        may_undo=_may_undo(found, now),
    )


def review_file(session: Session, reader: Reader, review: str, file: str) -> FileContent:
    """Return a file of a work that was given to the reader; raise PeerMissingError, SubmissionMissingError."""
    found = _find(session, reader, review)
    content = get_file(session.connection(), found.owner, found.submission.id, file)
    work = _nameless(read_work(session.connection(), found.owner, found.submission.id, found.submission.work_sealed))
    name = next((each.name for each in work.files if each.uuid == file), "")
    return replace(content, name=name)


def _nameless(work: StoredWork) -> StoredWork:
    """Return a work whose files tell no name: people put their own into it."""
    files = [replace(file, name=f"{number}{PurePath(file.name).suffix}") for number, file in enumerate(work.files, 1)]
    return replace(work, files=files)


def save_review(session: Session, reader: Reader, review: str, given: HandIn, *, now: datetime) -> SavedReview:
    """Save a review, and hand it in where every row has a level and the whole a comment.

    Raises PeerMissingError, ReviewStaleError, ReviewDoneError; LearnerErasedError where the author was erased.
    """
    locked(session, reader.link.organisation_id, reader.link.resource_link_id)
    found = _find(session, reader, review, lock=True)
    row, connection = found.review, session.connection()
    if row.done_at is not None or found.is_released:
        raise ReviewDoneError
    if row.revision != given.seen:
        raise ReviewStaleError
    rubric = rubrics.get(connection, row.organisation_id, found.submission.rubric_version_id).rubric
    comments = comments_body(given.sheet)
    row.judged = judged_body(given.sheet)
    row.comments_sealed = (
        sealed_bytes(connection, found.owner, json.dumps(comments, ensure_ascii=False).encode(), now)
        if comments
        else None
    )
    row.revision += 1
    missing = missing_rows(rubric, given.sheet)
    lacks_comment = not given.sheet.overall
    if given.hand_in and not missing and not lacks_comment:
        row.done_at = now
        refresh(session, reader.link, secret=reader.secret, now=now)
    session.flush()
    return SavedReview(
        is_done=row.done_at is not None,
        missing=missing if given.hand_in else (),
        lacks_comment=given.hand_in and lacks_comment,
    )


def take_back(session: Session, reader: Reader, review: str, *, now: datetime) -> None:
    """Open a review again that was just handed in; raise PeerMissingError, ReviewDoneError when it is too late."""
    locked(session, reader.link.organisation_id, reader.link.resource_link_id)
    found = _find(session, reader, review, lock=True)
    if not _may_undo(found, now):
        raise ReviewDoneError
    found.review.done_at = None
    refresh(session, reader.link, secret=reader.secret, now=now)


def _may_undo(found: _Found, now: datetime) -> bool:
    done_at = found.review.done_at
    return done_at is not None and now < done_at + UNDO and not found.is_released and not found.review.standing
