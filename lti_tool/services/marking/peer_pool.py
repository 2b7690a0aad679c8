"""The works of a link that learners review, who reviews what, and which work comes next for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from lti_tool.models import Attempt, CourseGroup, CourseGroupMember, MarketRoom, PeerReview, RoomSeat, SubmissionRow
from lti_tool.services.courses.members import Link
from qualoop.assessment.marking import Stage
from qualoop.assessment.peer_assignment import PeerWork, Reviewer, next_work, still_lacking
from qualoop.assessment.peer_rules import EXTRA, PeerRules

FLAGGED, KEPT, OUT = "flagged", "kept", "out"
"""Standings of a review: the author says it is not fair; staff keep it; staff leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledWork:
    """A learner's work that is reviewed here: the one that was, else the newest."""

    id: int
    person_id: int
    submitted_at: datetime
    is_released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A work that was given to a reviewer, and how far that is."""

    id: int
    uuid: str
    submission_id: int
    person_id: int
    assigned_at: datetime
    done_at: datetime | None
    standing: str

    def counts(self, rules: PeerRules, now: datetime) -> bool:
        """Say whether the work has this review, or can still hope for it."""
        if self.done_at is not None:
            return self.standing != OUT
        return rules.due(self.assigned_at) > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """All that decides who reviews what at a link at a moment. Teams are keys by person."""

    rules: PeerRules
    now: datetime
    works: Sequence[PooledWork]
    given: Sequence[Given]
    teams: Mapping[int, frozenset[str]]

    def of_reviewer(self, person_id: int) -> Sequence[Given]:
        """Return what somebody was given, in that order."""
        return [each for each in self.given if each.person_id == person_id]

    def reviews_of(self, submission_id: int) -> Sequence[Given]:
        """Return who was given a work."""
        return [each for each in self.given if each.submission_id == submission_id]

    def work_of(self, person_id: int) -> PooledWork | None:
        """Return the work of a learner that is reviewed here."""
        return next((work for work in self.works if work.person_id == person_id), None)

    def done(self, person_id: int) -> int:
        """Return how many reviews somebody has handed in."""
        return sum(each.done_at is not None for each in self.of_reviewer(person_id))

    def needs(self, work: PooledWork) -> int:
        """Return how many reviews a work lacks and nobody is at."""
        if work.is_released:
            return 0
        has = sum(each.counts(self.rules, self.now) for each in self.reviews_of(work.id))
        return max(self.rules.reviews - has, 0)

    def lacking(self) -> Mapping[int, int]:
        """Return by submission how many reviews will be missing though everybody who can be counted on keeps the promise."""
        short = still_lacking([self._reviewer(work.person_id) for work in self.works], self._peer_works())
        return {int(key): missing for key, missing in short.items()}

    def choose(self, person_id: int) -> int | None:
        """Return the work that somebody reviews next, None where none is to be had; whether works are given out is not asked."""
        asking = self._reviewer(person_id, is_asking=True)
        if asking.left < 1:
            return None
        others = [self._reviewer(work.person_id) for work in self.works if work.person_id != person_id]
        works = self._peer_works()
        if self.done(person_id) >= self.rules.reviews and not self.rules.nears_the_end(self.now):
            short = still_lacking(others, works)
            works = [work for work in works if work.key in short]
        found = next_work(asking, others, works)
        return None if found is None else int(found)

    def _reviewer(self, person_id: int, *, is_asking: bool = False) -> Reviewer:
        """Return somebody with what is still owed; on who is late nobody counts, but who asks is there again."""
        own = self.of_reviewer(person_id)
        waiting = [each for each in own if each.done_at is None]
        left = self.rules.reviews - len(own)
        if is_asking:
            left = max(left, 1 if len(own) < self.rules.reviews + EXTRA else 0)
        elif any(not each.counts(self.rules, self.now) for each in waiting):
            left = 0
        return Reviewer(
            key=str(person_id),
            left=max(left, 0),
            teams=self.teams.get(person_id, frozenset()),
            seen=frozenset(str(each.submission_id) for each in own),
        )

    def _peer_works(self) -> Sequence[PeerWork]:
        return [
            PeerWork(
                key=str(work.id),
                author=str(work.person_id),
                needs=self.needs(work),
                teams=self.teams.get(work.person_id, frozenset()),
            )
            for work in self.works
        ]


def read_pool(connection: Connection, link: Link, rules: PeerRules, now: datetime) -> Pool:
    """Return the pool of a link."""
    given = _given(connection, link)
    return Pool(
        rules=rules,
        now=now,
        works=_works(connection, link, {each.submission_id for each in given}),
        given=given,
        teams=_teams(connection, link, by_group=rules.apart),
    )


def _works(connection: Connection, link: Link, reviewed: Iterable[int]) -> Sequence[PooledWork]:
    """Return one work of each learner, oldest first; those of erased learners are nobody's any more."""
    rows = connection.execute(
        select(
            SubmissionRow.id,
            SubmissionRow.person_id,
            SubmissionRow.submitted_at,
            SubmissionRow.stage,
        )
        .join(Attempt, Attempt.id == SubmissionRow.attempt_id)
        .where(
            SubmissionRow.organisation_id == link.organisation_id,
            Attempt.organisation_id == link.organisation_id,
            SubmissionRow.resource_link_id == link.resource_link_id,
            SubmissionRow.work_sealed.is_not(None),
            SubmissionRow.stage != Stage.PREPARING.value,
        )
        .order_by(Attempt.number)
    )
    known: frozenset[int] = frozenset(reviewed)
    chosen: dict[int, PooledWork] = {}
    for row in rows:
        before = chosen.get(row.person_id)
        if before is None or before.id not in known:
            chosen[row.person_id] = PooledWork(
                id=row.id,
                person_id=row.person_id,
                submitted_at=row.submitted_at,
                is_released=row.stage == Stage.RELEASED.value,
            )
    return sorted(chosen.values(), key=lambda work: (work.submitted_at, work.id))


def _given(connection: Connection, link: Link) -> Sequence[Given]:
    rows = connection.execute(
        select(
            PeerReview.id,
            PeerReview.uuid,
            PeerReview.submission_id,
            PeerReview.person_id,
            PeerReview.assigned_at,
            PeerReview.done_at,
            PeerReview.standing,
        )
        .join(SubmissionRow, SubmissionRow.id == PeerReview.submission_id)
        .where(
            PeerReview.organisation_id == link.organisation_id,
            SubmissionRow.organisation_id == link.organisation_id,
            SubmissionRow.resource_link_id == link.resource_link_id,
            # What came to nothing, since the author was erased or the marks are out, keeps nobody from the next work.
            or_(
                PeerReview.done_at.is_not(None),
                SubmissionRow.work_sealed.is_not(None) & (SubmissionRow.stage != Stage.RELEASED.value),
            ),
        )
        .order_by(PeerReview.id)
    ).mappings()
    return [Given(**row) for row in rows]


def _teams(connection: Connection, link: Link, *, by_group: bool) -> Mapping[int, frozenset[str]]:
    """Return the teams in which people of a link work, and where that is asked for the groups of the course."""
    found: dict[int, set[str]] = defaultdict(set)
    seats = connection.execute(
        select(RoomSeat.person_id, RoomSeat.room_id, RoomSeat.team)
        .join(MarketRoom, MarketRoom.id == RoomSeat.room_id)
        .where(
            RoomSeat.organisation_id == link.organisation_id,
            MarketRoom.organisation_id == link.organisation_id,
            MarketRoom.resource_link_id == link.resource_link_id,
        )
    )
    for seat in seats:
        found[seat.person_id].add(f"team {seat.room_id}:{seat.team}")
    if by_group:
        members = connection.execute(
            select(CourseGroupMember.person_id, CourseGroupMember.group_id)
            .join(CourseGroup, CourseGroup.id == CourseGroupMember.group_id)
            .where(
                CourseGroupMember.organisation_id == link.organisation_id,
                CourseGroup.organisation_id == link.organisation_id,
                CourseGroup.context_id == link.context_id,
            )
        )
        for member in members:
            found[member.person_id].add(f"group {member.group_id}")
    return {person: frozenset(teams) for person, teams in found.items()}
