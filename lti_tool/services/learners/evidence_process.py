"""The process of a course, learner by learner: readiness, votes, presence, works, reviews of peers. Counts, and what they count.

Reads only, in a handful of statements whatever the size of the class. Process evidence alone never makes anybody competent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from lti_tool.models import (
    Attempt,
    ClassPoll,
    ClassSeat,
    ClassSession,
    ClassVote,
    FlippedStep,
    FlippedUnit,
    LiveEntry,
    LiveProjectRow,
    PeerReview,
    ResourceLink,
    SubmissionRow,
)
from lti_tool.services.classes.roll_call import Seated, stands, way_of
from lti_tool.services.classes.taking_part import seats_that_took_part
from lti_tool.services.courses.joining import joined
from qualoop.assessment import AttemptState
from qualoop.assessment.live import Act
from qualoop.classroom.flipped_unit import StepKind, from_document
from qualoop.classroom.roll_call import CAME, Presence
from qualoop.classroom.session import ClassTitle, SessionState
from qualoop.values import Score, Text

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Whose rows are read: a course of an organisation."""

    organisation_id: int
    context_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDone:
    """A readiness check that was handed in, with its score; None where that is held back from the reader."""

    unit: Text
    score: Score | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSession:
    """A class session whose roll was called, and the learner in it: how many questions were asked and answered.

    ``way`` says how it is known where the learner stood (`classes.roll_call.way_of`).
    """

    uuid: str
    title: ClassTitle
    at: datetime
    presence: Presence
    way: str
    asked: int
    voted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """Work at a link that people judge: how many works, attempts or tasks of a live project, and when the last came.

    A work counts once, however often it was handed in again.
    """

    link: str
    works: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What one learner did in a course; ``units`` is how many of its units have a readiness check.

    ``reviews`` is how many works of peers the learner was given, ``reviewed`` the moments at which one was done.
    """

    units: int
    checks: Sequence[CheckDone] = ()
    sessions: Sequence[HeldSession] = ()
    works: Sequence[WorkDone] = ()
    reviews: int = 0
    reviewed: Sequence[datetime] = ()

    @property
    def mean_check(self) -> Score | None:
        """The mean score of the checks that were handed in, as far as it may be seen; None where there is none."""
        return Score.mean(check.score for check in self.checks if check.score is not None)

    @property
    def expected(self) -> int:
        """At how many sessions the learner was expected: those from which nobody excused the learner."""
        return sum(each.presence is not Presence.EXCUSED for each in self.sessions)

    @property
    def came(self) -> int:
        """At how many sessions the learner was there, in time or late."""
        return sum(each.presence in CAME for each in self.sessions)

    @property
    def asked(self) -> int:
        """How many questions were asked in the sessions at which the learner was there."""
        return sum(each.asked for each in self.sessions if each.presence in CAME)

    @property
    def voted(self) -> int:
        """How many of them the learner answered."""
        return sum(each.voted for each in self.sessions if each.presence in CAME)

    @property
    def handed_in(self) -> int:
        """How many works were handed in, each once."""
        return sum(work.works for work in self.works)


def read_process(
    session: Session, course: Course, people: Collection[int], *, hidden: Collection[str] = ()
) -> dict[int, Process]:
    """Return what each of some people did in a course, by person; of the attempts ``hidden`` no score is told."""
    connection = session.connection()
    units, checks = _checks(connection, course, hidden)
    sessions = _sessions(session, course, people)
    works, reviews = _works(connection, course), _reviews(connection, course)
    return {
        person: Process(
            units=units,
            checks=checks.get(person, ()),
            sessions=sessions[person],
            works=works.get(person, ()),
            reviews=len(reviews.get(person, ())),
            reviewed=[at for at in reviews.get(person, ()) if at is not None],
        )
        for person in people
    }


def _checks(
    connection: Connection, course: Course, hidden: Collection[str]
) -> tuple[int, Mapping[int, Sequence[CheckDone]]]:
    """Return how many units of the course have a check, and of each learner and unit the best that may be seen."""
    links = {
        link: from_document(plan).title
        for link, plan in connection.execute(
            select(FlippedStep.resource_link_id, FlippedUnit.plan)
            .join(FlippedUnit, FlippedUnit.id == FlippedStep.flipped_unit_id)
            .where(
                FlippedStep.organisation_id == course.organisation_id,
                FlippedUnit.organisation_id == course.organisation_id,
                FlippedUnit.context_id == course.context_id,
                FlippedStep.key == StepKind.CHECK.value,
            )
            .order_by(FlippedUnit.id)
        )
    }
    best: dict[tuple[int, int], CheckDone] = {}
    for person, link, uuid, score, submitted, updated in connection.execute(
        select(
            Attempt.person_id,
            Attempt.resource_link_id,
            Attempt.uuid,
            Attempt.score,
            Attempt.submitted_at,
            Attempt.updated_at,
        ).where(
            Attempt.organisation_id == course.organisation_id,
            Attempt.resource_link_id.in_(links),
            Attempt.status != AttemptState.ACTIVE.value,
        )
    ):
        seen = None if uuid in hidden else Score(score)
        done = CheckDone(unit=links[link], score=seen, at=submitted or updated)
        known = best.get((person, link))
        best[person, link] = done if known is None or _is_better(done, known) else known
    return len(links), _grouped((person, done) for (person, _), done in sorted(best.items(), key=lambda row: row[0]))


def _is_better(done: CheckDone, known: CheckDone) -> bool:
    return done.score is not None and (known.score is None or done.score > known.score)


def _sessions(session: Session, course: Course, people: Collection[int]) -> Mapping[int, Sequence[HeldSession]]:
    """Return the sessions whose roll was called and that are over, in the order in which they were held.

    Those that were held before somebody joined the course are not that learner's, unless the learner was there.
    """
    held = session.scalars(
        select(ClassSession)
        .where(
            ClassSession.organisation_id == course.organisation_id,
            ClassSession.context_id == course.context_id,
            ClassSession.state == SessionState.CLOSED.value,
            ClassSession.roll_opened_at.is_not(None),
        )
        .order_by(ClassSession.opened_at, ClassSession.id)
    ).all()
    ids = [row.id for row in held]
    seats, active = _seats(session, course, ids), seats_that_took_part(session, course.organisation_id, ids)
    since = joined(session, (course.organisation_id, course.context_id), people)
    asked, voted = _votes(session.connection(), course, ids)
    found: dict[int, Sequence[HeldSession]] = {}
    for person in people:
        lines = []
        for row in held:
            seat, at = seats.get((row.id, person)), row.opened_at or row.created_at
            if seat is None and person in since and at < since[person]:
                continue
            lines.append(
                HeldSession(
                    uuid=row.uuid,
                    title=row.titles,
                    at=at,
                    presence=stands(row, seat, active) if seat else Presence.ABSENT,
                    way=way_of(seat, active) if seat else "",
                    asked=asked.get(row.id, 0),
                    voted=voted.get(seat.id, 0) if seat else 0,
                )
            )
        found[person] = lines
    return found


def _seats(session: Session, course: Course, sessions: Sequence[int]) -> Mapping[tuple[int, int], Seated]:
    """Return the seat of each learner for sure, by session and person."""
    query = select(
        ClassSeat.class_session_id,
        ClassSeat.person_id,
        ClassSeat.id,
        ClassSeat.checked_at,
        ClassSeat.joined_at,
        ClassSeat.mark,
        ClassSeat.way,
    ).where(
        ClassSeat.organisation_id == course.organisation_id,
        ClassSeat.class_session_id.in_(sessions),
        ClassSeat.is_confirmed.is_(True),
        ClassSeat.person_id.is_not(None),
    )
    return {
        (row.class_session_id, row.person_id): Seated(row.id, row.checked_at, row.joined_at, row.mark, row.way)
        for row in session.execute(query)
    }


def _votes(
    connection: Connection, course: Course, sessions: Sequence[int]
) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Return how many questions were asked, by session, and how many each seat answered, in either round."""
    asked = (
        select(ClassPoll.class_session_id, func.count())
        .where(
            ClassPoll.organisation_id == course.organisation_id,
            ClassPoll.class_session_id.in_(sessions),
            ClassPoll.first_opened_at.is_not(None),
        )
        .group_by(ClassPoll.class_session_id)
    )
    voted = (
        select(ClassVote.class_seat_id, func.count(ClassVote.class_poll_id.distinct()))
        .join(ClassPoll, ClassPoll.id == ClassVote.class_poll_id)
        .where(
            ClassVote.organisation_id == course.organisation_id,
            ClassPoll.organisation_id == course.organisation_id,
            ClassPoll.class_session_id.in_(sessions),
        )
        .group_by(ClassVote.class_seat_id)
    )
    return dict(connection.execute(asked).all()), dict(connection.execute(voted).all())


def _works(connection: Connection, course: Course) -> Mapping[int, Sequence[WorkDone]]:
    """Return what was handed in, by link: work that is judged, and the tasks of live projects."""
    links = select(ResourceLink.id).where(
        ResourceLink.organisation_id == course.organisation_id, ResourceLink.context_id == course.context_id
    )
    submitted = (
        select(
            SubmissionRow.person_id,
            ResourceLink.title,
            ResourceLink.id,
            func.count(),
            func.max(SubmissionRow.submitted_at),
        )
        .join(ResourceLink, ResourceLink.id == SubmissionRow.resource_link_id)
        .where(SubmissionRow.organisation_id == course.organisation_id, SubmissionRow.resource_link_id.in_(links))
        .group_by(SubmissionRow.person_id, ResourceLink.title, ResourceLink.id)
    )
    live = (
        select(
            LiveProjectRow.person_id,
            ResourceLink.title,
            ResourceLink.id,
            func.count(LiveEntry.step.distinct()),
            func.max(LiveEntry.at),
        )
        .join(LiveEntry, LiveEntry.live_project_id == LiveProjectRow.id)
        .join(ResourceLink, ResourceLink.id == LiveProjectRow.resource_link_id)
        .where(
            LiveProjectRow.organisation_id == course.organisation_id,
            LiveEntry.organisation_id == course.organisation_id,
            LiveProjectRow.resource_link_id.in_(links),
            LiveEntry.act == Act.HAND_IN.value,
        )
        .group_by(LiveProjectRow.person_id, ResourceLink.title, ResourceLink.id)
    )
    found: dict[tuple[int, int], WorkDone] = {}
    for person, title, link, works, at in [*connection.execute(submitted), *connection.execute(live)]:
        # A live project has a submission too: its tasks say more.
        found[person, link] = WorkDone(link=title, works=works, at=at)
    return _grouped((person, work) for (person, _), work in sorted(found.items(), key=lambda row: row[0]))


def _reviews(connection: Connection, course: Course) -> Mapping[int, Sequence[datetime | None]]:
    """Return the reviews that each learner was given: when each was done, None for not yet."""
    rows = connection.execute(
        select(PeerReview.person_id, PeerReview.done_at)
        .join(SubmissionRow, SubmissionRow.id == PeerReview.submission_id)
        .join(ResourceLink, ResourceLink.id == SubmissionRow.resource_link_id)
        .where(
            PeerReview.organisation_id == course.organisation_id,
            SubmissionRow.organisation_id == course.organisation_id,
            ResourceLink.context_id == course.context_id,
        )
        .order_by(PeerReview.id)
    )
    return _grouped((person, at) for person, at in rows)


def _grouped(rows: Iterable[tuple[int, Each]]) -> dict[int, list[Each]]:
    found: dict[int, list[Each]] = defaultdict(list)
    for person, each in rows:
        found[person].append(each)
    return found
