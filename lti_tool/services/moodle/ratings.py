"""Which rating each person is to have in Moodle, compared with the one that Moodle acknowledged last.

Every rating adds a row of evidence in Moodle, also one that changes nothing. So nothing is sent where it would change
nothing, and whoever was never rated is rated only when competent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, select
from sqlalchemy.orm import Session

from lti_tool.lti.moodle_web_services import is_user_id
from lti_tool.models import Identity, MoodleMatch, MoodleRating, MoodleService, OutboxRow, Person
from lti_tool.services.classes.status import STATUSES, error_table, flag_statuses, status_table
from lti_tool.services.content.contents import Contents
from lti_tool.services.evidence.critical_errors import read_open_errors
from lti_tool.services.grades import outbox_decisions, scores
from lti_tool.services.ledger.flags import read_flags
from lti_tool.services.mastery.class_cells import read_cells
from lti_tool.services.mechanisms.outbox import State
from qualoop.records import Status

CHANNEL: Final = "moodle_competency"
PEOPLE_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One registration of one organisation: all that is read and enqueued lies in it."""

    organisation_id: int
    registration_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of one person on one knowledge point, and from how many answers."""

    status: Status
    answers: int


NOWHERE: Final = Standing(Status.NO_EVIDENCE, 0)


def wanted_grade(status: Status, sent: int | None, *, competent: int, not_yet: int | None, falls: bool) -> int | None:
    """Return the grade that a person is to have; None: whatever stands there is left alone.

    ``sent`` is the grade that Moodle acknowledged last, None for none. Only what we have rated falls: a review that is
    due, a withdrawal, evidence that was corrected away. While an appeal is open nothing changes.
    """
    if status is Status.COMPETENT:
        return competent
    if status is Status.UNDER_APPEAL or sent is None or not falls:
        return None
    return not_yet


def read_standings(
    connection: Connection,
    contents: Contents,
    organisation_id: int,
    people: Sequence[str],
    *,
    codes: Sequence[str],
    now: datetime,
) -> Mapping[tuple[str, str], Standing]:
    """Return how people (uuids) stand on knowledge points; those without evidence and without a flag are left out."""
    framework = contents.find_framework(connection, organisation_id)
    points = [framework.find_knowledge_point(code) if framework else None for code in codes]
    cells = read_cells(connection, organisation_id, people, codes=codes, now=now)
    errors = error_table(read_open_errors(connection, organisation_id, people), people, codes=codes)
    months = [point.review_after_months if point else None for point in points]
    status = status_table(cells, months, now=now, errors=errors)
    flag_statuses(status, read_flags(connection, organisation_id, people), people, codes=codes)
    none = STATUSES.index(Status.NO_EVIDENCE)
    return {
        (people[row], codes[column]): Standing(STATUSES[status[row, column]], int(cells.n[row, column]))
        for row, column in zip(*(status != none).nonzero(), strict=True)
    }


def enqueue_changes(
    connection: Connection,
    contents: Contents,
    scope: Scope,
    *,
    learners: Iterable[str] | None = None,
    after: int = 0,
    now: datetime,
) -> int | None:
    """Enqueue every rating of some people that differs from the one acknowledged.

    ``learners`` are uuids; with None it is the next PEOPLE_AT_ONCE people behind the identity ``after``, and the return
    value is the last of them, None behind the last. What waits for a person is left alone then: looked at every day, it
    would be tried again every day.
    """
    with Session(connection) as session:
        service = session.scalar(
            select(MoodleService).where(
                MoodleService.organisation_id == scope.organisation_id,
                MoodleService.registration_id == scope.registration_id,
                MoodleService.token_encrypted.is_not(None),
            )
        )
        matches = _matches(session, scope)
        if service is None or not matches:
            return None
        people, last = _people(session, scope, learners, after)
        _enqueue(session, contents, service, matches, people=people, is_daily=learners is None, now=now)
    return last


def send_again(session: Session, scope: Scope, *, people: Sequence[int] | None = None, now: datetime) -> int:
    """Let everything that was given up (of some ``people``) be tried again at once; return how many ratings that is."""
    matches = select(MoodleMatch.id).where(
        MoodleMatch.organisation_id == scope.organisation_id, MoodleMatch.registration_id == scope.registration_id
    )
    given_up = and_(OutboxRow.channel == CHANNEL, OutboxRow.target.in_(matches), outbox_decisions.has_failed())
    if people is not None:
        given_up = and_(given_up, OutboxRow.subject.in_(people))
    return outbox_decisions.send_again(session, scope.organisation_id, given_up, now=now)


def _matches(session: Session, scope: Scope) -> Mapping[str, MoodleMatch]:
    """Return the matches of a registration by code."""
    rows = session.scalars(
        select(MoodleMatch)
        .where(
            MoodleMatch.organisation_id == scope.organisation_id,
            MoodleMatch.registration_id == scope.registration_id,
            MoodleMatch.is_current,
        )
        .order_by(MoodleMatch.code)
    )
    return {row.code: row for row in rows}


def _people(
    session: Session, scope: Scope, learners: Iterable[str] | None, after: int
) -> tuple[dict[str, int], int | None]:
    """Return person ids by uuid, and the last identity looked at; who is no user of Moodle's is left out."""
    query = (
        select(Identity.id, Person.uuid, Person.id, Identity.subject)
        .join(Person, Person.id == Identity.person_id)
        .where(
            Identity.organisation_id == scope.organisation_id,
            Identity.registration_id == scope.registration_id,
            Person.organisation_id == scope.organisation_id,
        )
        .order_by(Identity.id)
    )
    if learners is None:
        rows = session.execute(query.where(Identity.id > after).limit(PEOPLE_AT_ONCE)).all()
    else:
        rows = session.execute(query.where(Person.uuid.in_(list(learners)))).all()
    last = rows[-1][0] if learners is None and len(rows) == PEOPLE_AT_ONCE else None
    return {uuid: person for _, uuid, person, subject in rows if is_user_id(subject)}, last


def _enqueue(
    session: Session,
    contents: Contents,
    service: MoodleService,
    matches: Mapping[str, MoodleMatch],
    *,
    people: Mapping[str, int],
    is_daily: bool,
    now: datetime,
) -> None:
    """Enqueue what differs; and, of people who have just moved, what is on its way: it may bear an older rating."""
    if not people:
        return
    connection, organisation_id = session.connection(), service.organisation_id
    standings = read_standings(connection, contents, organisation_id, list(people), codes=list(matches), now=now)
    acknowledged = _acknowledged(session, organisation_id, matches, people)
    waiting = _waiting(session, organisation_id, matches, people)
    for uuid, person in people.items():
        for code, match in matches.items():
            sent = acknowledged.get((match.id, person))
            wanted = wanted_grade(
                standings.get((uuid, code), NOWHERE).status,
                sent,
                competent=match.competent,
                not_yet=match.not_yet,
                falls=service.falls,
            )
            state = waiting.get((match.id, person))
            differs = wanted not in {None, sent}
            if (differs and not (is_daily and state)) or (state == State.DUE and not is_daily):
                scores.enqueue(connection, organisation_id, channel=CHANNEL, target=match.id, subject=person, now=now)


def _acknowledged(
    session: Session, organisation_id: int, matches: Mapping[str, MoodleMatch], people: Mapping[str, int]
) -> Mapping[tuple[int, int], int]:
    """Return the acknowledged grade by match and person; of a competency that was replaced in Moodle there is none."""
    competencies = {match.id: match.competency_id for match in matches.values()}
    rows = session.execute(
        select(MoodleRating.match_id, MoodleRating.person_id, MoodleRating.competency_id, MoodleRating.grade).where(
            MoodleRating.organisation_id == organisation_id,
            MoodleRating.match_id.in_(list(competencies)),
            MoodleRating.person_id.in_(list(people.values())),
        )
    )
    return {(match, person): grade for match, person, of, grade in rows if competencies[match] == of}


def _waiting(
    session: Session, organisation_id: int, matches: Mapping[str, MoodleMatch], people: Mapping[str, int]
) -> Mapping[tuple[int, int], str]:
    """Return the state of whatever is not done, by match and person."""
    rows = session.execute(
        select(OutboxRow.target, OutboxRow.subject, OutboxRow.state).where(
            OutboxRow.organisation_id == organisation_id,
            OutboxRow.channel == CHANNEL,
            OutboxRow.target.in_([match.id for match in matches.values()]),
            OutboxRow.subject.in_(list(people.values())),
            OutboxRow.state != State.DONE.value,
        )
    )
    return {(target, subject): state for target, subject, state in rows}
