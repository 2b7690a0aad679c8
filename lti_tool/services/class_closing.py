"""Ends a class session: rounds that are open are closed, votes and presence go into the ledger, the code leads nowhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.models import ClassSession
from lti_tool.services import class_evidence, class_polls
from lti_tool.services.class_devices import adopt, confirm, get_person
from lti_tool.services.class_evidence import Corrector
from lti_tool.services.class_members import Member
from lti_tool.services.class_roll_call import mark
from lti_tool.services.class_sessions import touch
from qualoop.classroom.session import SessionState, moved
from qualoop.framework import Framework


def close_session(
    session: Session, row: ClassSession, framework: Framework | None, *, by: Corrector, now: datetime
) -> None:
    """Close an open session, in one transaction; raise ClassMovedError."""
    state = moved(SessionState(row.state), SessionState.CLOSED)
    class_polls.close_all(session, row, now=now)
    row.state, row.closed_at, row.code, row.timer_at = state.value, now, None, None
    touch(row)
    session.flush()
    class_evidence.record_attendance(session, row, framework, by=by, now=now)


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
    class_evidence.record_votes(session, row, now=now)
    class_evidence.record_attendance(session, row, framework, by=by, now=now)
    touch(row)


def bring_along(
    session: Session, row: ClassSession, device_id: int, person_id: int, *, secret: str, now: datetime
) -> None:
    """Let what a device did in an open session as nobody's be a learner's, votes of closed rounds with their evidence."""
    if row.state != SessionState.CLOSED and adopt(session, row, device_id, person_id, secret=secret, now=now):
        class_evidence.record_votes(session, row, now=now)
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
    class_evidence.record_attendance(session, row, framework, by=by, now=now)
