"""Ends a class session: what is open is closed, votes, answers and presence go into the ledger, the code leads nowhere."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.models import ClassSession
from lti_tool.services.classes import evidence as class_evidence
from lti_tool.services.classes import polls, team_checks, team_evidence, team_scores
from lti_tool.services.classes.devices import Device, adopt, confirm, get_person, list_sat
from lti_tool.services.classes.evidence import SYSTEM, Corrector
from lti_tool.services.classes.roll_call import mark, mark_joined
from lti_tool.services.classes.seats import has_checked
from lti_tool.services.classes.sessions import begin_roll, touch
from lti_tool.services.courses.members import Member
from lti_tool.services.evidence import evidence
from qualoop.classroom.session import SessionState, moved
from qualoop.framework import Framework


def close_session(
    session: Session, row: ClassSession, framework: Framework | None, *, by: Corrector, now: datetime
) -> None:
    """Close an open session, in one transaction; raise ClassMovedError.

    Where the roll call was never begun, whoever checked in was there.
    """
    state = moved(SessionState(row.state), SessionState.CLOSED)
    # What closes a round records its votes at once.
    evidence.hold_all(session.connection(), row.organisation_id)
    if row.roll_opened_at is None and has_checked(session, row):
        begin_roll(row, now)
    polls.close_all(session, row, now=now)
    team_checks.close_all(session, row, now=now)
    row.state, row.closed_at, row.code, row.timer_at = state.value, now, None, None
    touch(row)
    session.flush()
    record_class(session, row, framework, by=by, now=now)


def confirm_seat(
    session: Session,
    row: ClassSession,
    seat: tuple[int, Member],
    framework: Framework | None,
    *,
    by: Corrector,
    now: datetime,
) -> None:
    """Let a seat be a learner's for sure, and record what it did in this session so far; raise SeatMissingError."""
    seat_id, member = seat
    person = get_person(session, row.organisation_id, member.subject.person_id)
    confirm(session, row, seat_id, person, secret=by.secret, now=now)
    record_class(session, row, framework, by=by, now=now)
    touch(row)


def bring_along(
    session: Session, device: Device, person_id: int, framework: Framework | None, *, secret: str, now: datetime
) -> None:
    """Let what a device did in its course as nobody's be a learner's, with the evidence of it.

    In sessions that are over, too: signing in may take its time, and costs nobody the mark.
    """
    by, sat = Corrector(actor=SYSTEM, secret=secret), list_sat(session, device)
    rows = [row for row in sat if adopt(session, row, device.id, person_id, secret=secret, now=now)]
    for row in rows:
        record_class(session, row, framework, by=by, now=now)
        touch(row)


def mark_member(
    session: Session,
    row: ClassSession,
    marked: tuple[Member, str],
    framework: Framework | None,
    *,
    by: Corrector,
    now: datetime,
) -> None:
    """Mark a learner by hand; of a closed session the ledger follows. Raises ClassRefusedError."""
    member, wanted = marked
    mark(session, row, member, wanted, now=now)
    record_class(session, row, framework, by=by, now=now)
    touch(row)


def mark_who_joined(
    session: Session,
    row: ClassSession,
    marked: tuple[Collection[str], str],
    framework: Framework | None,
    *,
    by: Corrector,
    now: datetime,
) -> None:
    """Mark those of some learners, by pseudonym, who joined and of whom nothing else is known; raise ClassRefusedError."""
    people, wanted = marked
    mark_joined(session, row, wanted, people, now=now)
    record_class(session, row, framework, by=by, now=now)
    touch(row)


def record_class(
    session: Session, row: ClassSession, framework: Framework | None, *, by: Corrector, now: datetime
) -> None:
    """Record what a session has that the ledger has not yet: what is closed of an open one, all of one that is over."""
    evidence.hold_all(session.connection(), row.organisation_id)
    class_evidence.record_votes(session, row, now=now)
    team_evidence.record_answers(session, row, now=now)
    class_evidence.record_attendance(session, row, framework, by=by, now=now)
    team_scores.record_scores(session, row, framework, by=by, now=now)
