"""What reviews say together, worked out anew whenever one comes, goes, or is flagged; from the release on it stays.

Every change weighs the whole class again, since who is strict or careless is told by comparison. Works whose marks are
released keep what they had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from lti_tool.models import PeerReview, PeerSample, PeerScore, Person, SubmissionRow
from lti_tool.services.content import rubrics
from lti_tool.services.courses.members import Link
from lti_tool.services.marking.cases import Desk
from lti_tool.services.marking.live_people import is_live
from lti_tool.services.marking.marking import restage_by_id
from lti_tool.services.marking.peer_pool import FLAGGED, OUT
from lti_tool.services.marking.peer_setups import PeerPlan, get_plan, locked, save_rules
from qualoop.assessment.marking import MarkSheet, Stage, sheet_of
from qualoop.assessment.peer_marks import agree, calibrations, peer_rows, rows_body
from qualoop.assessment.peer_rules import Effect, PeerRules, PeerRulesError
from qualoop.assessment.peers import Calibration


@dataclass(slots=True)
class _Reviewed:
    """A work with the reviews that count: levels by reviewer, and whether one of them waits for staff's decision."""

    submission_id: int
    rubric_version_id: int
    needs_second: bool
    reviews: dict[str, MarkSheet] = field(default_factory=dict)
    is_flagged: bool = False


def known_reviewers(
    connection: Connection, link: Link, plan: PeerPlan, *, others: Sequence[str] = ()
) -> Mapping[str, Calibration]:
    """Return the calibration of everybody who has rated a sample at a link, and of ``others``, by pseudonym."""
    rows = connection.execute(
        select(Person.uuid, PeerSample.sample, PeerSample.judged)
        .join(Person, Person.id == PeerSample.person_id)
        .where(
            PeerSample.organisation_id == link.organisation_id,
            Person.organisation_id == link.organisation_id,
            PeerSample.resource_link_id == link.resource_link_id,
            PeerSample.hash == plan.hash,
        )
    )
    ratings: dict[str, dict[str, MarkSheet]] = {reviewer: {} for reviewer in others}
    for row in rows:
        ratings.setdefault(row.uuid, {})[row.sample] = sheet_of(row.judged, {})
    return calibrations(plan.rubric, plan.samples, ratings)


def refresh(session: Session, link: Link, *, secret: str, now: datetime) -> None:
    """Work out anew what the reviews of every unreleased work at a link say together, and where its marking stands.

    Raises PeersOffError.
    """
    locked(session, link.organisation_id, link.resource_link_id)
    session.flush()
    connection = session.connection()
    plan = get_plan(connection, link.organisation_id, link.resource_link_id)
    works = _works(connection, link)
    known = known_reviewers(connection, link, plan, others=[each for work in works for each in work.reviews])
    stored = {
        row.submission_id: row
        for row in session.scalars(
            select(PeerScore).where(
                PeerScore.organisation_id == link.organisation_id,
                PeerScore.submission_id.in_([work.submission_id for work in works]),
            )
        )
    }
    changed = [
        work.submission_id for work in works if _store(session, link, plan, work, stored=stored, known=known, now=now)
    ]
    session.flush()
    for submission_id in changed:
        restage_by_id(session, link.organisation_id, submission_id, secret=secret, now=now)


def _works(connection: Connection, link: Link) -> Sequence[_Reviewed]:
    """Return the works at a link that somebody reviewed and whose marks are not released, in order."""
    rows = connection.execute(
        select(
            SubmissionRow.id,
            SubmissionRow.rubric_version_id,
            SubmissionRow.needs_second,
            PeerReview.judged,
            PeerReview.standing,
            Person.uuid,
        )
        .join(SubmissionRow, SubmissionRow.id == PeerReview.submission_id)
        .join(Person, Person.id == PeerReview.person_id)
        .where(
            PeerReview.organisation_id == link.organisation_id,
            SubmissionRow.organisation_id == link.organisation_id,
            Person.organisation_id == link.organisation_id,
            SubmissionRow.resource_link_id == link.resource_link_id,
            SubmissionRow.stage != Stage.RELEASED.value,
            PeerReview.revision > 0,
        )
        .add_columns(PeerReview.done_at)
        .order_by(SubmissionRow.id, PeerReview.id)
    )
    works: dict[int, _Reviewed] = {}
    for row in rows:
        work = works.setdefault(
            row.id,
            _Reviewed(submission_id=row.id, rubric_version_id=row.rubric_version_id, needs_second=row.needs_second),
        )
        if row.done_at is not None and row.standing != OUT:
            work.reviews[row.uuid] = sheet_of(row.judged, {})
            work.is_flagged = work.is_flagged or row.standing == FLAGGED
    return list(works.values())


def _store(
    session: Session,
    link: Link,
    plan: PeerPlan,
    work: _Reviewed,
    *,
    stored: Mapping[int, PeerScore],
    known: Mapping[str, Calibration],
    now: datetime,
) -> bool:
    """Keep what the reviews of a work say together; say whether that is something new."""
    row = stored.get(work.submission_id)
    if not work.reviews:
        if row is not None:
            session.execute(
                delete(PeerScore).where(PeerScore.organisation_id == link.organisation_id, PeerScore.id == row.id)
            )
        return row is not None
    rubric = rubrics.get(session.connection(), link.organisation_id, work.rubric_version_id).rubric
    rows = peer_rows(rubric, work.reviews, known)
    stands = (
        plan.rules.effect is Effect.STAND
        and not work.is_flagged
        # What falls into the share that is marked twice shows how good marks are: markers give it.
        and not work.needs_second
        and agree(rubric, rows, enough=plan.rules.enough)
    )
    body = rows_body(rows)
    if row is not None and row.rows == body and row.stands == stands:
        return False
    if row is None:
        row = PeerScore(organisation_id=link.organisation_id, submission_id=work.submission_id)
        session.add(row)
    row.rows, row.stands, row.updated_at = body, stands, now
    return True


def apply_rules(session: Session, desk: Desk, rules: PeerRules, *, now: datetime) -> None:
    """Set how learners review each other at the desk's link, and let marks that are not released follow.

    Raises PeerRulesError where reviewers' mark may not stand: of a live project it needs a mentor's.
    """
    link = desk.link
    if rules.effect is Effect.STAND and is_live(session.connection(), link):
        raise PeerRulesError
    save_rules(session, link, rules, by=desk.marker.person_id, now=now)
    if rules.is_on:
        refresh(session, link, secret=desk.secret, now=now)
    else:
        _withdraw(session, link, secret=desk.secret, now=now)


def _withdraw(session: Session, link: Link, *, secret: str, now: datetime) -> None:
    """Let no mark of reviewers stand any more that is not released."""
    standing = session.scalars(
        select(PeerScore)
        .join(SubmissionRow, SubmissionRow.id == PeerScore.submission_id)
        .where(
            PeerScore.organisation_id == link.organisation_id,
            SubmissionRow.organisation_id == link.organisation_id,
            SubmissionRow.resource_link_id == link.resource_link_id,
            SubmissionRow.stage != Stage.RELEASED.value,
            PeerScore.stands,
        )
        .order_by(PeerScore.submission_id)
    ).all()
    for row in standing:
        row.stands = False
    session.flush()
    for row in standing:
        restage_by_id(session, link.organisation_id, row.submission_id, secret=secret, now=now)
