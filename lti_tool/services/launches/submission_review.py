"""What one person handed in at a link, for those who may look at it: teachers of the course, and the person.

Reads only. Whose work it is comes from a platform's message or from an address, so it is looked for within the
registration and the course of the session, and nowhere else. Whoever has left the course is still found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from lti_tool.models import Attempt, Enrolment, Identity, LinkScore, Person
from lti_tool.services.courses.members import Link, Member
from lti_tool.services.evidence.corrected import CorrectedEntry, list_corrected
from lti_tool.services.launches.launches import Opened
from lti_tool.services.people.roles import Permission, may
from lti_tool.services.people.sessions import NotAllowedError
from lti_tool.services.records.records import RecordMissingError, Subject
from qualoop.assessment import AttemptState
from qualoop.player import State
from qualoop.values import Score


class ReviewRefusedError(NotAllowedError):
    """Only teachers of the course may look at what somebody else handed in."""

    code = "review-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedAttempt:
    """One attempt, with all that was answered; ``counts`` says whether its score is the grade."""

    uuid: str
    number: int
    version_id: int
    status: AttemptState
    state: State
    score: Score
    done: int
    total: int
    started_at: datetime
    submitted_at: datetime | None
    counts: bool

    @property
    def is_over(self) -> bool:
        """Say whether it was handed in."""
        return self.status is not AttemptState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """All attempts of somebody at a link, in order, and the score that counts, None before the first answer."""

    member: Member
    attempts: Sequence[ReviewedAttempt]
    score: Score | None

    def find_attempt(self, number: int | None) -> ReviewedAttempt | None:
        """Return the attempt of a number, else the one that counts, else the newest; None where there is none."""
        if not self.attempts:
            return None
        named = (attempt for attempt in self.attempts if attempt.number == number)
        counting = (attempt for attempt in self.attempts if attempt.counts)
        return next(named, None) or next(counting, None) or self.attempts[-1]


def find_reviewed(connection: Connection, opened: Opened, for_user: str) -> str:
    """Return the pseudonym of whose work a launch is to show; empty where the course knows nobody of that subject.

    Raises ReviewRefusedError for who is no teacher and looks for somebody else: whether there is such a person, or
    not, is answered alike.
    """
    link = Link(
        organisation_id=opened.organisation_id,
        registration_id=opened.registration_id,
        context_id=opened.context_id,
        resource_link_id=opened.resource_link_id,
        activity_id=opened.activity_id,
    )
    row = connection.execute(_people(link).where(Identity.subject == for_user)).first()
    check_may_review(opened.roles, own=row is not None and row.id == opened.person_id)
    return "" if row is None else str(row.uuid)


def check_may_review(roles: Iterable[str], *, own: bool) -> None:
    """Raise ReviewRefusedError unless these roles may look at somebody's work, or (``own``) at their own."""
    if not may(roles, Permission.VIEW_CLASS) and not (own and may(roles, Permission.VIEW_OWN_RECORD)):
        raise ReviewRefusedError


def get_submission(connection: Connection, link: Link, person_uuid: str) -> Submission:
    """Return what a person of the link's course did at the link; raise RecordMissingError for anybody else."""
    row = connection.execute(_people(link).where(Person.uuid == person_uuid)).first()
    if row is None:
        raise RecordMissingError
    subject = Subject(organisation_id=link.organisation_id, person_id=row.id, uuid=row.uuid)
    member = Member(subject=subject, name=row.name or None, has_launched=row.launch_roles is not None)
    counting = connection.execute(
        select(LinkScore.attempt_id, LinkScore.value).where(
            LinkScore.organisation_id == link.organisation_id,
            LinkScore.resource_link_id == link.resource_link_id,
            LinkScore.person_id == row.id,
        )
    ).first()
    return Submission(
        member=member,
        attempts=_attempts(connection, link, row.id, counting=counting.attempt_id if counting else None),
        score=Score(counting.value) if counting else None,
    )


def corrections_of(
    connection: Connection, submission: Submission, attempt: ReviewedAttempt
) -> Sequence[CorrectedEntry]:
    """Return the corrections of what was answered in an attempt, the newest first."""
    subject = submission.member.subject
    found = list_corrected(connection, subject.organisation_id, subject.uuid)
    return [each for each in found if each.entry.evidence.attempt == attempt.uuid]


def _people(link: Link) -> Select[*tuple[Any, ...]]:
    """Return the query of everybody whom the link's platform names and its course knows, by whatever role."""
    return (
        select(Person.id, Person.uuid, Identity.name, Enrolment.launch_roles)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(Identity, Identity.person_id == Person.id)
        .where(
            Person.organisation_id == link.organisation_id,
            Enrolment.organisation_id == link.organisation_id,
            Enrolment.context_id == link.context_id,
            Identity.organisation_id == link.organisation_id,
            Identity.registration_id == link.registration_id,
        )
    )


def _attempts(connection: Connection, link: Link, person: int, *, counting: int | None) -> Sequence[ReviewedAttempt]:
    """Return the attempts of a person at the link, in order."""
    rows = connection.execute(
        select(Attempt.__table__)
        .where(
            Attempt.organisation_id == link.organisation_id,
            Attempt.resource_link_id == link.resource_link_id,
            Attempt.person_id == person,
        )
        .order_by(Attempt.number)
    ).mappings()
    return [
        ReviewedAttempt(
            uuid=row["uuid"],
            number=row["number"],
            version_id=row["version_id"],
            status=AttemptState(row["status"]),
            state=row["state"],
            score=Score(row["score"]),
            done=row["done"],
            total=row["total"],
            started_at=row["started_at"],
            submitted_at=row["submitted_at"],
            counts=row["id"] == counting,
        )
        for row in rows
    ]
