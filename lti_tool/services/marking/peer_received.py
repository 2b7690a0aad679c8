"""The reviews of one's own work: read when the own ones are done, anonymous, and flagged where one is not fair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from lti_tool.models import PeerReview, SubmissionRow
from lti_tool.services.content import rubrics
from lti_tool.services.marking.cases import read_comments
from lti_tool.services.marking.peer_pool import FLAGGED, Pool, read_pool
from lti_tool.services.marking.peer_reviews import MAX_REASON, UNDO, PeerMissingError, Reader, ReviewDoneError
from lti_tool.services.marking.peer_scores import refresh
from lti_tool.services.marking.peer_setups import get_plan, locked
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes, sealed_bytes
from qualoop.assessment.marking import MarkSheet, sheet_of
from qualoop.assessment.rubric import Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A review of one's own work: what it says, and what became of it; who gave it is not told."""

    uuid: str
    number: int
    rubric: Rubric
    sheet: MarkSheet
    standing: str
    flag: str


def received(connection: Connection, reader: Reader, pool: Pool) -> Sequence[Received]:
    """Return the reviews of the reader's work: when the own ones are done, or no more works are given out."""
    work = pool.work_of(reader.person_id)
    if work is None or not _may_read_own(reader, pool, is_released=work.is_released):
        return ()
    owner = KeyOwner(organisation_id=reader.link.organisation_id, learner=reader.uuid, secret=reader.secret)
    rows = connection.execute(
        select(PeerReview.__table__, SubmissionRow.rubric_version_id)
        .join(SubmissionRow, SubmissionRow.id == PeerReview.submission_id)
        .where(
            PeerReview.organisation_id == owner.organisation_id,
            SubmissionRow.organisation_id == owner.organisation_id,
            SubmissionRow.person_id == reader.person_id,
            PeerReview.submission_id == work.id,
            PeerReview.done_at <= pool.now - UNDO,
        )
        .order_by(PeerReview.done_at, PeerReview.id)
    )
    return [
        Received(
            uuid=row.uuid,
            number=number,
            rubric=rubrics.get(connection, owner.organisation_id, row.rubric_version_id).rubric,
            sheet=sheet_of(row.judged, read_comments(connection, owner, row.comments_sealed)),
            standing=row.standing,
            flag=opened_text(connection, owner, row.flag_sealed),
        )
        for number, row in enumerate(rows, 1)
    ]


def _may_read_own(reader: Reader, pool: Pool, *, is_released: bool) -> bool:
    """Say whether the own work's reviews may be read: who still owes some would else judge by them."""
    return is_released or pool.rules.is_over(pool.now) or pool.done(reader.person_id) >= pool.rules.reviews


def flag(session: Session, reader: Reader, review: str, reason: str, *, now: datetime) -> None:
    """Say that a review of one's own work is not fair, or take that back where ``reason`` is empty.

    Raises PeerMissingError for a review that the reader may not read, ReviewDoneError where staff have decided already.
    """
    organisation_id = reader.link.organisation_id
    locked(session, organisation_id, reader.link.resource_link_id)
    connection = session.connection()
    rules = get_plan(connection, organisation_id, reader.link.resource_link_id).rules
    pool = read_pool(connection, reader.link, rules, now)
    if review not in {each.uuid for each in received(connection, reader, pool)}:
        raise PeerMissingError
    row = session.scalars(
        select(PeerReview)
        .where(PeerReview.organisation_id == organisation_id, PeerReview.uuid == review)
        .with_for_update()
    ).one()
    if row.standing not in {"", FLAGGED}:
        raise ReviewDoneError
    words = reason.strip()[:MAX_REASON]
    owner = KeyOwner(organisation_id=organisation_id, learner=reader.uuid, secret=reader.secret)
    row.standing = FLAGGED if words else ""
    row.flag_sealed = sealed_bytes(connection, owner, words.encode(), now) if words else None
    refresh(session, reader.link, secret=reader.secret, now=now)


def opened_text(connection: Connection, owner: KeyOwner, sealed: bytes | None) -> str:
    """Return a short text about a learner; empty where there is none, or the learner was erased."""
    return "" if sealed is None else (open_bytes(connection, owner, sealed) or b"").decode()
