"""What a teacher sees of one resource link: who did what. What they know is `level_map`.

Reads only, and in few statements: none is made for each learner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from lti_tool.models import Activity, Attempt, LineItem, LinkScore
from lti_tool.services.content.contents import Contents
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.courses.titles import find_title
from qualoop.assessment import AttemptState
from qualoop.values import Score, Text


class Progress(StrEnum):
    """How far a learner is with a link."""

    NOT_STARTED = "not-started"
    STARTED = "started"
    FINISHED = "finished"
    TRYING_AGAIN = "trying-again"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """One attempt of a learner at the link, without its answers."""

    number: int
    status: AttemptState
    score: Score
    done: int
    total: int
    started_at: datetime
    updated_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerLine:
    """What one learner did at the link.

    ``attempts`` are in order; ``score`` is that of the attempt that counts, None before the first answer.
    """

    member: Member
    attempts: tuple[AttemptLine, ...]
    score: Score | None

    @property
    def progress(self) -> Progress:
        """How far the learner is."""
        if not self.attempts:
            return Progress.NOT_STARTED
        finished = [attempt.status is not AttemptState.ACTIVE for attempt in self.attempts]
        if finished[-1]:
            return Progress.FINISHED
        return Progress.TRYING_AGAIN if any(finished) else Progress.STARTED

    @property
    def has_finished(self) -> bool:
        """Say whether any attempt was handed in."""
        return self.progress in {Progress.FINISHED, Progress.TRYING_AGAIN}

    @property
    def last(self) -> datetime | None:
        """When the learner was last active here."""
        return max((attempt.updated_at for attempt in self.attempts), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOverview:
    """A class at one link: learners by name."""

    course: str
    takes_grades: bool
    learners: tuple[LearnerLine, ...]

    @property
    def started(self) -> int:
        """How many have begun."""
        return sum(bool(line.attempts) for line in self.learners)

    @property
    def finished(self) -> int:
        """How many have handed an attempt in."""
        return sum(line.has_finished for line in self.learners)

    @property
    def mean(self) -> Score | None:
        """The mean score of those who have finished."""
        return Score.mean(line.score for line in self.learners if line.has_finished and line.score is not None)


def class_overview(connection: Connection, link: Link, *, people: Collection[int] | None = None) -> ClassOverview:
    """Return everything that a class page shows of one link but for the deliveries (`delivery_status`).

    Of ``people`` only, where given: the members of a group.
    """
    attempts, scores = _attempts(connection, link), _scores(connection, link)
    lines = [
        LearnerLine(
            member=member,
            attempts=tuple(attempts.get(member.subject.person_id, ())),
            score=scores.get(member.subject.person_id),
        )
        for member in list_members(connection, link, people=people)
    ]
    column = select(LineItem.id).where(
        LineItem.resource_link_id == link.resource_link_id, LineItem.organisation_id == link.organisation_id
    )
    return ClassOverview(
        course=find_title(connection, (link.organisation_id, link.context_id)),
        takes_grades=connection.scalar(column) is not None,
        learners=tuple(lines),
    )


def learner_line(connection: Connection, link: Link, member: Member) -> LearnerLine:
    """Return what one learner did at the link; what the learner knows is told by `learner_records.points_record`."""
    person = member.subject.person_id
    return LearnerLine(
        member=member,
        attempts=tuple(_attempts(connection, link, person).get(person, ())),
        score=_scores(connection, link, person).get(person),
    )


def find_activity_title(connection: Connection, contents: Contents, link: Link, *, language: str) -> str | None:
    """Return the title of what the link shows now; None where nothing was chosen for it."""
    version_id = connection.scalar(
        select(Activity.version_id).where(
            Activity.id == link.activity_id, Activity.organisation_id == link.organisation_id
        )
    )
    if version_id is None:
        return None
    title: Text = contents.get(connection, link.organisation_id, version_id).content.title
    return title[language]


def _attempts(connection: Connection, link: Link, person: int | None = None) -> Mapping[int, Sequence[AttemptLine]]:
    """Return the attempts at the link by person, in order; the answers stay where they are."""
    query = (
        select(
            Attempt.person_id,
            Attempt.number,
            Attempt.status,
            Attempt.score,
            Attempt.done,
            Attempt.total,
            Attempt.started_at,
            Attempt.updated_at,
            Attempt.submitted_at,
        )
        .where(Attempt.organisation_id == link.organisation_id, Attempt.resource_link_id == link.resource_link_id)
        .order_by(Attempt.person_id, Attempt.number)
    )
    if person is not None:
        query = query.where(Attempt.person_id == person)
    found: dict[int, list[AttemptLine]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.person_id].append(
            AttemptLine(
                number=row.number,
                status=AttemptState(row.status),
                score=Score(row.score),
                done=row.done,
                total=row.total,
                started_at=row.started_at,
                updated_at=row.updated_at,
                submitted_at=row.submitted_at,
            )
        )
    return found


def _scores(connection: Connection, link: Link, person: int | None = None) -> Mapping[int, Score]:
    """Return the scores that count by person."""
    query = select(LinkScore.person_id, LinkScore.value).where(
        LinkScore.organisation_id == link.organisation_id, LinkScore.resource_link_id == link.resource_link_id
    )
    if person is not None:
        query = query.where(LinkScore.person_id == person)
    return {person_id: Score(value) for person_id, value in connection.execute(query)}
