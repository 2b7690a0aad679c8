"""Marks become public: evidence for each row, the grade, and from then on only corrections with a reason.

`evidence_of` is the one place where judged work becomes evidence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from lti_tool.db import Database
from lti_tool.models import Attempt, Organisation, ResourceLink, SubmissionRow
from lti_tool.services.attempts.attempts import Who
from lti_tool.services.attempts.flipped_progress import settle_around
from lti_tool.services.courses.members import Link
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.corrections import Request
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.grades import scores
from lti_tool.services.marking.cases import Case, Desk, get_case_by_id
from lti_tool.services.marking.level_limits import check_level
from lti_tool.services.marking.marking import locked_case, revise, row_of
from lti_tool.services.marking.peer_raters import peer_rater
from lti_tool.services.people.sessions import NotAllowedError
from qualoop.assessment import AttemptState
from qualoop.assessment.marking import (
    Mark,
    MarkIncompleteError,
    MarkingRefusedError,
    MarkSheet,
    NotDecidedError,
    Position,
    Stage,
    counting_mark,
    missing_rows,
    row_scores,
    sheet_grade,
)
from qualoop.errors import QualoopError
from qualoop.ledger import Evidence, Reason
from qualoop.policies.occasions import Judge, Sheet
from qualoop.values import Score

SOURCE: Final = "marking"

log = logging.getLogger(__name__)


class NotReleasedError(MarkingRefusedError):
    """The marks are not released yet: change them instead of correcting them."""

    code = "mark-not-released"


class NothingCorrectedError(MarkingRefusedError):
    """The correction says what the marks say already."""

    code = "mark-nothing-corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkCorrection:
    """What marks ought to have said, and why; ``note`` is free text, kept under the learner's key."""

    sheet: MarkSheet
    reason: Reason
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Works that are released while somebody waits: of an organisation by uuid, else all of one link."""

    link: Link
    works: Collection[str] | None = None


def evidence_of(case: Case, mark: Mark) -> Mapping[str, Submission]:
    """Return the evidence of judged work by row: of the work's own time, however late it was marked.

    The rater is a pseudonym, never a name. How many criteria the sheet has, and who judges, is what it weighs by. The
    enterprise is the one that the marker named, else the first marker's. Where reviewers' mark counts, each of them is a
    rater of each row (`row:rater`), under a name that tells the author nothing (`peer_raters`).
    """
    if mark.position is Position.PEERS:
        return _peer_evidence(case)
    named = (case.stored[each].enterprise for each in (mark.position, Position.FIRST) if each in case.stored)
    enterprise = "".join(each for each in next(filter(None, named), "") if each.isprintable())
    occasion = Sheet(criteria=len(case.marking.rubric.rows), judge=Judge.ASSESSOR).as_text()
    return {
        row: _one_row(case, row, score, rater=mark.marker, occasion=occasion, enterprise=enterprise)
        for row, score in row_scores(case.marking.rubric, mark.sheet).items()
    }


def _peer_evidence(case: Case) -> Mapping[str, Submission]:
    """Return what each reviewer gave, as it was given: how strict each is, the model learns by itself.

    All of them judged one text, so all together weigh no more than one sheet.
    """
    said = case.peers.reviews if case.peers else {}
    reviews = {peer_rater(reviewer, secret=case.owner.secret): sheet for reviewer, sheet in said.items()}
    rubric = case.marking.rubric
    occasion = Sheet(criteria=len(rubric.rows) * max(len(reviews), 1), judge=Judge.PEER).as_text()
    return {
        f"{row}:{rater}": _one_row(case, row, score, rater=rater, occasion=occasion, source=rater)
        for rater, sheet in reviews.items()
        for row, score in row_scores(rubric, sheet).items()
    }


def _one_row(
    case: Case, row: str, score: Score, *, rater: str, occasion: str, enterprise: str = "", source: str = "1"
) -> Submission:
    """Return one row of one sheet as evidence; ``source`` tells apart what is said of the same row of the same work."""
    return Submission(
        learner=case.owner.learner,
        evidence=Evidence(
            activity=case.activity,
            content=case.content,
            part=row,
            score=score,
            form=case.form,
            rater=rater,
            attempt=case.attempt_uuid,
            tries=1,
            hints=0,
            occasion=occasion,
            enterprise=enterprise,
        ),
        source=(SOURCE, f"{case.uuid}:{row}", source),
        occurred_at=case.submitted_at,
        actor=rater,
    )


def plan_release(
    session: Session, desk: Desk, *, works: Collection[str] | None, at: datetime | None, now: datetime
) -> int:
    """Have approved marks released at a moment, now where ``at`` is None; return how many works that is.

    ``works`` None means every approved work at the desk's link, else those of the course by uuid. What is planned is
    done by `release_due`. Raises NotAllowedError.
    """
    if not desk.marker.may_release:
        raise NotAllowedError
    link = desk.link
    own = select(ResourceLink.id).where(
        ResourceLink.organisation_id == link.organisation_id, ResourceLink.context_id == link.context_id
    )
    chosen = SubmissionRow.resource_link_id == link.resource_link_id if works is None else SubmissionRow.uuid.in_(works)
    planned = session.execute(
        update(SubmissionRow)
        .where(
            SubmissionRow.organisation_id == link.organisation_id,
            SubmissionRow.resource_link_id.in_(own),
            SubmissionRow.stage == Stage.APPROVED.value,
            SubmissionRow.released_at.is_(None),
            SubmissionRow.work_sealed.is_not(None),
            chosen,
        )
        .values(release_at=at or now)
        .returning(SubmissionRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(planned.all())


def release_due(
    database: Database,
    *,
    secret: str,
    clock: Callable[[], datetime],
    is_ending: Callable[[], bool],
    only: Due | None = None,
) -> int:
    """Release what is due, ``only`` some of it where that is given; return how many works.

    Each work is a transaction of its own. What cannot be released is logged and waits for the next round.
    """
    done = 0
    with database.reading() as session:
        waiting = session.execute(_due(clock(), only)).all()
    for organisation_id, submission_id in waiting:
        if is_ending():
            break
        try:
            with database.transaction() as session:
                done += _release_one(session, organisation_id, submission_id, secret=secret, now=clock())
        except QualoopError:
            log.exception("the marks of work %s were not released", submission_id)
    return done


def _due(now: datetime, only: Due | None) -> Select[*tuple[Any, ...]]:
    """Return the query of works that are due; of every organisation for the worker's rounds."""
    query = (
        select(SubmissionRow.organisation_id, SubmissionRow.id)
        .where(
            SubmissionRow.release_at <= now,
            SubmissionRow.released_at.is_(None),
            SubmissionRow.stage == Stage.APPROVED.value,
            SubmissionRow.work_sealed.is_not(None),
        )
        .order_by(SubmissionRow.release_at, SubmissionRow.id)
    )
    if only is None:
        return query
    query = query.where(SubmissionRow.organisation_id == only.link.organisation_id)
    if only.works is None:
        return query.where(SubmissionRow.resource_link_id == only.link.resource_link_id)
    return query.where(SubmissionRow.uuid.in_(only.works))


def _release_one(session: Session, organisation_id: int, submission_id: int, *, secret: str, now: datetime) -> bool:
    """Release one work; say whether it was still due. Raises what `evidence.record_many` raises."""
    row = session.scalar(
        select(SubmissionRow)
        .where(SubmissionRow.organisation_id == organisation_id, SubmissionRow.id == submission_id)
        .with_for_update()
    )
    still_due = row is not None and row.stage == Stage.APPROVED and row.release_at is not None and row.release_at <= now
    if row is None or not still_due or row.released_at is not None:
        return False
    case = get_case_by_id(session.connection(), organisation_id, submission_id, secret=secret)
    mark = counting_mark(case.marking)
    # Of a live project nothing counts without the mark of whom a mentor's place in the course asks for.
    if mark is None or (case.is_live and not case.marking.is_in(Position.FIRST)):
        raise NotDecidedError
    submissions = evidence_of(case, mark)
    recorded = evidence.record_many(session.connection(), organisation_id, [*submissions.values()], now=now)
    row.stage, row.released_at = Stage.RELEASED.value, now
    row.evidence = {part: each.uuid for part, each in zip(submissions, recorded, strict=True)}
    session.flush()
    _set_grade(session, case, sheet_grade(case.marking.rubric, mark.sheet), now)
    return True


def _set_grade(session: Session, case: Case, grade: Score, now: datetime) -> None:
    """Let the attempt have its score, from when the work was handed in, and the link's score follow like any other."""
    of_attempt = (Attempt.organisation_id == case.organisation_id, Attempt.id == case.attempt_id)
    session.execute(select(Attempt.id).where(*of_attempt).with_for_update())
    session.execute(
        update(Attempt)
        .where(*of_attempt)
        .values(
            score=grade.as_text(),
            status=AttemptState.EVALUATED.value,
            earned=scores.earned_mark(grade, case.submitted_at),
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    scores.update(session.connection(), case.organisation_id, case.link.resource_link_id, case.person_id, now=now)
    who = Who(
        organisation_id=case.organisation_id,
        person_id=case.person_id,
        person_uuid=case.owner.learner,
        resource_link_id=case.link.resource_link_id,
        activity_id=case.link.activity_id,
        counts=True,
        is_bound=True,
        secret=case.owner.secret,
    )
    settle_around(session, who, now=now)


def correct(session: Session, desk: Desk, correction: MarkCorrection, *, now: datetime) -> Sequence[str]:
    """Correct released marks: in the ledger each row whose score changes, and the grade; return those rows.

    Nothing old is touched: the ledger keeps what it had, and the marks their earlier revisions. Raises NotAllowedError,
    NotReleasedError, BeyondLevelError, MarkIncompleteError, NothingCorrectedError, and what `corrections.correct` raises.
    """
    if not desk.marker.may_release:
        raise NotAllowedError
    case = locked_case(session, desk)
    mark = counting_mark(case.marking)
    if not case.marking.is_released or mark is None:
        raise NotReleasedError
    check_level(session.connection(), desk, case, now.date())
    if missing_rows(case.marking.rubric, correction.sheet):
        raise MarkIncompleteError
    if correction.sheet == mark.sheet:
        raise NothingCorrectedError
    before, after = (row_scores(case.marking.rubric, sheet) for sheet in (mark.sheet, correction.sheet))
    changed = [row for row in after if after[row] != before.get(row)]
    if mark.position is Position.PEERS:
        _replace_peers(session, desk, case, correction, now=now)
    else:
        for row in changed:
            _append(session, desk, case, correction, target=case.evidence[row], score=after[row], now=now)
    # Two markers who had agreed keep what they said: the correction is a decision.
    position = Position.DECISION if case.marking.needs_second else Position.FIRST
    revise(session, desk, case, position, sheet=correction.sheet, now=now)
    _set_grade(session, case, sheet_grade(case.marking.rubric, correction.sheet), now)
    return changed


def _append(
    session: Session,
    desk: Desk,
    case: Case,
    correction: MarkCorrection,
    *,
    target: str,
    score: Score | None,
    now: datetime,
) -> None:
    """Correct one event of a work in the ledger; ``score`` None voids it."""
    organisation = session.get_one(Organisation, case.organisation_id)
    request = Request(
        target=UUID(target), reason=correction.reason, actor=desk.marker.uuid, score=score, note=correction.note
    )
    corrections.correct(session, organisation, request, secret=desk.secret, now=now)


def _replace_peers(session: Session, desk: Desk, case: Case, correction: MarkCorrection, *, now: datetime) -> None:
    """Void what reviewers said, and record what staff say in its place: nobody is made to have said anything else."""
    for target in case.evidence.values():
        _append(session, desk, case, correction, target=target, score=None, now=now)
    mark = Mark(position=Position.FIRST, marker=desk.marker.uuid, is_approved=True, sheet=correction.sheet)
    submissions = evidence_of(case, mark)
    recorded = evidence.record_many(session.connection(), case.organisation_id, [*submissions.values()], now=now)
    places = {part: each.uuid for part, each in zip(submissions, recorded, strict=True)}
    session.execute(row_of(case).values(evidence=places))
