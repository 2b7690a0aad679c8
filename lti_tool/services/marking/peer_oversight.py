"""What staff see of reviewers and reviews, and what they do: leave a review out, or keep one that was flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import Session

from lti_tool.models import PeerReview, PeerScore, Person, SubmissionRow
from lti_tool.services.courses.members import Member, list_members
from lti_tool.services.marking.cases import Desk, read_comments
from lti_tool.services.marking.peer_pool import FLAGGED, KEPT, OUT, Pool, read_pool
from lti_tool.services.marking.peer_received import opened_text
from lti_tool.services.marking.peer_reviews import MAX_REASON, PeerMissingError, PeerRefusedError
from lti_tool.services.marking.peer_scores import known_reviewers, refresh
from lti_tool.services.marking.peer_setups import PeerPlan, get_plan, locked
from lti_tool.services.people.learner_keys import KeyOwner, sealed_bytes
from qualoop.assessment.marking import MarkSheet, Stage, sheet_of
from qualoop.assessment.peer_marks import AGREE_WITHIN, PeerRow, rows_of
from qualoop.assessment.peers import Calibration


class ReasonMissingError(PeerRefusedError):
    """Who leaves a review out says why."""

    code = "peer-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerLine:
    """A learner as a reviewer; ``calibration`` is None before the first sample."""

    member: Member
    has_work: bool
    samples: int
    calibration: Calibration | None
    done: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedWork:
    """A work with how many reviews it has, and what they say together; ``rows`` are empty before the first."""

    uuid: str
    member: Member | None
    reviews: int
    lacks: int
    stage: Stage
    rows: Sequence[PeerRow]
    stands: bool
    flagged: int

    @property
    def apart(self) -> int:
        """Return by how many levels reviewers differ at most in any row."""
        return max((row.apart for row in self.rows), default=0)

    @property
    def is_disputed(self) -> bool:
        """Say whether reviewers are further apart than who agrees."""
        return self.apart > AGREE_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffReview:
    """A review as staff read it: who gave it, what it says, what the author says of it, and why staff decided so."""

    uuid: str
    number: int
    reviewer: Member | None
    sheet: MarkSheet
    done_at: datetime
    standing: str
    flag: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    """All that staff see of the reviews at a link."""

    plan: PeerPlan
    reviewers: Sequence[ReviewerLine]
    works: Sequence[ReviewedWork]


def oversight(connection: Connection, desk: Desk, *, now: datetime) -> Oversight:
    """Return what staff see of the reviews at a link; raise PeersOffError."""
    link = desk.link
    plan = get_plan(connection, link.organisation_id, link.resource_link_id)
    pool = read_pool(connection, link, plan.rules, now)
    members = {member.subject.person_id: member for member in list_members(connection, link)}
    known = known_reviewers(connection, link, plan)
    reviewers = [_reviewer(member, pool, known, plan) for member in members.values()]
    return Oversight(plan=plan, reviewers=reviewers, works=_works(connection, desk, pool, members))


def _reviewer(member: Member, pool: Pool, known: Mapping[str, Calibration], plan: PeerPlan) -> ReviewerLine:
    own = pool.of_reviewer(member.subject.person_id)
    calibration = known.get(member.subject.uuid)
    rows = len(plan.rubric.rows)
    return ReviewerLine(
        member=member,
        has_work=pool.work_of(member.subject.person_id) is not None,
        samples=calibration.samples // rows if calibration else 0,
        calibration=calibration,
        done=pool.done(member.subject.person_id),
        late=sum(each.done_at is None and not each.counts(pool.rules, pool.now) for each in own),
    )


def _works(connection: Connection, desk: Desk, pool: Pool, members: Mapping[int, Member]) -> Sequence[ReviewedWork]:
    organisation_id = desk.link.organisation_id
    rows = connection.execute(
        select(SubmissionRow.id, SubmissionRow.uuid, SubmissionRow.stage, PeerScore.rows, PeerScore.stands)
        .join(
            PeerScore,
            (PeerScore.submission_id == SubmissionRow.id) & (PeerScore.organisation_id == organisation_id),
            isouter=True,
        )
        .where(
            SubmissionRow.organisation_id == organisation_id,
            SubmissionRow.resource_link_id == desk.link.resource_link_id,
            SubmissionRow.person_id != desk.marker.person_id,
        )
    )
    facts = {row.id: row for row in rows}
    lacking = pool.lacking()
    return [
        _work(facts[work.id], members.get(work.person_id), pool, lacks=lacking.get(work.id, 0))
        for work in pool.works
        if work.id in facts
    ]


def _work(row: Row[*tuple[object, ...]], member: Member | None, pool: Pool, *, lacks: int) -> ReviewedWork:
    given = [each for each in pool.reviews_of(row.id) if each.done_at is not None]
    return ReviewedWork(
        uuid=row.uuid,
        member=member,
        reviews=sum(each.standing != OUT for each in given),
        lacks=lacks,
        stage=Stage(row.stage),
        rows=rows_of(row.rows or ()),
        stands=bool(row.stands),
        flagged=sum(each.standing == FLAGGED for each in given),
    )


def reviews_of(connection: Connection, desk: Desk, submission_id: int, owner: KeyOwner) -> Sequence[StaffReview]:
    """Return the reviews of a work that the caller has opened for this desk, in the order in which they came."""
    organisation_id = desk.link.organisation_id
    members = {member.subject.person_id: member for member in list_members(connection, desk.link)}
    rows = connection.execute(
        select(PeerReview.__table__)
        .where(
            PeerReview.organisation_id == organisation_id,
            PeerReview.submission_id == submission_id,
            PeerReview.done_at.is_not(None),
        )
        .order_by(PeerReview.done_at, PeerReview.id)
    )
    return [
        StaffReview(
            uuid=row.uuid,
            number=number,
            reviewer=members.get(row.person_id),
            sheet=sheet_of(row.judged, read_comments(connection, owner, row.comments_sealed)),
            done_at=row.done_at,
            standing=row.standing,
            flag=opened_text(connection, owner, row.flag_sealed),
            reason=opened_text(connection, owner, row.reason_sealed),
        )
        for number, row in enumerate(rows, 1)
    ]


def settle(session: Session, desk: Desk, review: str, *, leave_out: bool, reason: str, now: datetime) -> None:
    """Leave a review of the desk's link out with a reason, or let it count (again); marks that are not released follow.

    Raises PeerMissingError for one of another link, of one's own work, or that is not handed in; ReasonMissingError;
    PeersOffError; LearnerErasedError.
    """
    organisation_id, link = desk.link.organisation_id, desk.link
    locked(session, organisation_id, link.resource_link_id)
    found = session.execute(
        select(PeerReview, Person.uuid)
        .join(SubmissionRow, SubmissionRow.id == PeerReview.submission_id)
        .join(Person, Person.id == SubmissionRow.person_id)
        .where(
            PeerReview.organisation_id == organisation_id,
            SubmissionRow.organisation_id == organisation_id,
            Person.organisation_id == organisation_id,
            SubmissionRow.resource_link_id == link.resource_link_id,
            SubmissionRow.person_id != desk.marker.person_id,
            PeerReview.uuid == review,
            PeerReview.done_at.is_not(None),
        )
        .with_for_update(of=PeerReview)
    ).first()
    if found is None:
        raise PeerMissingError
    words = reason.strip()[:MAX_REASON]
    if leave_out and not words:
        raise ReasonMissingError
    row: PeerReview = found[0]
    owner = KeyOwner(organisation_id=organisation_id, learner=found[1], secret=desk.secret)
    row.standing = OUT if leave_out else KEPT
    row.reason_sealed = sealed_bytes(session.connection(), owner, words.encode(), now) if words else None
    row.settled_by, row.settled_at = desk.marker.person_id, now
    session.flush()
    refresh(session, link, secret=desk.secret, now=now)
