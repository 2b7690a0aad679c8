"""What a teacher sees of the competencies of a class's Moodle: what matches, what was rated, what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import MoodleMatch, MoodleRating, MoodleService, OutboxRow
from lti_tool.services.courses.lessons import course_lessons
from lti_tool.services.courses.members import Link, Member, list_members
from lti_tool.services.mechanisms.delivery_reasons import Reason, find_reason
from lti_tool.services.mechanisms.outbox import State as RowState
from lti_tool.services.moodle.check import Finding, State, read_findings
from lti_tool.services.moodle.matching import failure_words
from lti_tool.services.moodle.ratings import CHANNEL, Scope, send_again
from lti_tool.services.moodle.sites import find_service
from qualoop.framework import Framework, KnowledgePoint

SHOWN: Final = 50
"""How many entries of a list, and how many learners in difficulty, are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLine:
    """A knowledge point of the course, with its match (None: there is none).

    Of the class, ``competent`` learners are rated so, ``fallen`` no longer; ``last`` is when the newest rating went.
    """

    point: KnowledgePoint
    match: MoodleMatch | None
    competent: int = 0
    fallen: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A rating that waits for a person, or is tried again; then ``next_at`` is when."""

    member: Member
    code: str
    reason: Reason | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One list of the last matching: how many there are, and the first of them."""

    count: int
    entries: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodleOverview:
    """The page of one class. ``failure`` is why the last matching failed: sentence and remedy, msgids.

    ``waiting`` counts ratings that are on their way; ``stuck`` holds those that wait for a person or for another try.
    """

    service: MoodleService | None
    lines: Sequence[PointLine] = ()
    lists: Mapping[str, Listed]
    failure: tuple[str, str] | None = None
    missing: Sequence[Finding] = ()
    stuck: Sequence[Stuck] = ()
    waiting: int = 0

    @property
    def is_connected(self) -> bool:
        """Say whether there is a token."""
        return self.service is not None and self.service.token_encrypted is not None

    @property
    def given_up(self) -> int:
        """How many of the ratings wait for a person."""
        return sum(each.next_at is None for each in self.stuck)


def moodle_overview(session: Session, framework: Framework | None, link: Link) -> MoodleOverview:
    """Return what there is to see of the link's course; of other courses nobody is in it."""
    service = find_service(session, link.organisation_id, link.registration_id)
    members = {member.subject.person_id: member for member in list_members(session.connection(), link)}
    matches = _matches(session, link)
    stuck, waiting = _outgoing(session, link, matches, members)
    return MoodleOverview(
        service=service,
        lines=_lines(session, framework, link, matches, members=members),
        lists=_lists(service),
        failure=_failure(service),
        missing=[each for each in read_findings(service.findings) if each.state is State.BAD] if service else (),
        stuck=stuck,
        waiting=waiting,
    )


def send_class_again(session: Session, link: Link, *, now: datetime) -> int:
    """Let every rating of the class that was given up be tried again; return how many that is."""
    people = [member.subject.person_id for member in list_members(session.connection(), link)]
    scope = Scope(organisation_id=link.organisation_id, registration_id=link.registration_id)
    return send_again(session, scope, people=people, now=now)


def _matches(session: Session, link: Link) -> Mapping[str, MoodleMatch]:
    rows = session.scalars(
        select(MoodleMatch).where(
            MoodleMatch.organisation_id == link.organisation_id,
            MoodleMatch.registration_id == link.registration_id,
            MoodleMatch.is_current,
        )
    )
    return {row.code: row for row in rows}


def _lines(
    session: Session,
    framework: Framework | None,
    link: Link,
    matches: Mapping[str, MoodleMatch],
    *,
    members: Mapping[int, Member],
) -> Sequence[PointLine]:
    """Return the knowledge points that the course's activities serve, in the framework's order."""
    if framework is None:
        return ()
    served = course_lessons(session.connection(), link)
    rated = _rated(session, link, members)
    lines = []
    for code in (code for code in framework.knowledge_points if code in served):
        match = matches.get(code)
        grades = rated.get(match.id, {}) if match else {}
        lines.append(
            PointLine(
                point=framework.get_knowledge_point(code),
                match=match,
                competent=grades[match.competent][0] if match and match.competent in grades else 0,
                fallen=sum(count for grade, (count, _) in grades.items() if match and grade == match.not_yet),
                last=max((at for _, at in grades.values()), default=None),
            )
        )
    return lines


def _rated(
    session: Session, link: Link, members: Mapping[int, Member]
) -> Mapping[int, Mapping[int, tuple[int, datetime]]]:
    """Return by match and grade how many of the class have it, and when the newest was sent."""
    rows = session.execute(
        select(MoodleRating.match_id, MoodleRating.grade, func.count(), func.max(MoodleRating.sent_at))
        .where(MoodleRating.organisation_id == link.organisation_id, MoodleRating.person_id.in_(list(members)))
        .group_by(MoodleRating.match_id, MoodleRating.grade)
    )
    found: dict[int, dict[int, tuple[int, datetime]]] = {}
    for match, grade, count, at in rows:
        found.setdefault(match, {})[grade] = count, at
    return found


def _outgoing(
    session: Session, link: Link, matches: Mapping[str, MoodleMatch], members: Mapping[int, Member]
) -> tuple[Sequence[Stuck], int]:
    """Return what has a reason not to be there yet, those that wait for a person first; and how many are just under way."""
    codes = {match.id: code for code, match in matches.items()}
    rows = session.scalars(
        select(OutboxRow)
        .where(
            OutboxRow.organisation_id == link.organisation_id,
            OutboxRow.channel == CHANNEL,
            OutboxRow.target.in_(list(codes)),
            OutboxRow.subject.in_(list(members)),
            OutboxRow.state != RowState.DONE.value,
        )
        .order_by(OutboxRow.state.desc(), OutboxRow.id)
    ).all()
    stuck = [
        Stuck(
            member=members[row.subject],
            code=codes[row.target],
            reason=find_reason(row.last_error),
            next_at=row.next_at if row.state == RowState.DUE else None,
        )
        for row in rows
        if row.last_error is not None
    ]
    return stuck, len(rows) - len(stuck)


def _lists(service: MoodleService | None) -> Mapping[str, Listed]:
    """Return the lists of the last matching."""
    report = service.report if service else {}
    found = {name: report.get(name, {}) for name in ("missing", "foreign", "duplicates", "similar", "no_scale")}
    return {
        name: Listed(count=each.get("count", 0), entries=each.get("listed", [])[:SHOWN]) for name, each in found.items()
    }


def _failure(service: MoodleService | None) -> tuple[str, str] | None:
    if service is None or service.failure is None:
        return None
    return failure_words(service.failure) or failure_words("moodle")
