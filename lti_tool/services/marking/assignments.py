"""Who marks what: a work is given to somebody, taken over, or marked by a second marker as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from lti_tool.models import MarkRow
from lti_tool.services.courses.members import Link
from lti_tool.services.courses.staff import CourseStaff, list_staff
from lti_tool.services.marking.cases import Case, Desk, Marker
from lti_tool.services.marking.level_limits import find_stuck
from lti_tool.services.marking.live_people import check_may_judge, may_judge
from lti_tool.services.marking.marking import locked_case, restage, row_of
from lti_tool.services.people.roles import Permission, may
from lti_tool.services.people.sessions import NotAllowedError
from qualoop.assessment.marking import (
    MarkFinalError,
    MarkingRefusedError,
    MarkNotYoursError,
    Position,
    may_go_on_with,
)


class MarkerUnknownError(MarkingRefusedError):
    """Nobody of that name marks in this course."""

    code = "marker-unknown"


def find_takeable(connection: Connection, desk: Desk, case: Case, *, day: date) -> Position | None:
    """Return which mark that somebody else has begun and not approved a marker may go on with, None for none.

    Whichever of the marks its holder is not qualified to approve on that day (`level_limits`), where this marker is; and
    to who leads the marking the first. Nobody goes on with what the own mark on the work would keep from giving.
    """
    marker = desk.marker
    led = [Position.FIRST] if marker.may_release and Position.FIRST in case.stored else []
    for position in (*find_stuck(connection, desk, case, day=day), *led):
        is_free = may_go_on_with(case.marking, position, marker.uuid, may_decide=marker.may_release)
        if is_free and (position is not Position.FIRST or may_judge(connection, case, marker)):
            return position
    return None


def take_over(session: Session, desk: Desk, *, now: datetime) -> None:
    """Go on with the mark of somebody who has not approved it (`find_takeable`); what it says so far stays a revision.

    Raises MarkingRefusedError, NotAllowedError.
    """
    marker = desk.marker
    case = locked_case(session, desk)
    position = find_takeable(session.connection(), desk, case, day=now.date())
    if position is None:
        _check_may_release(marker)
        check_may_judge(session.connection(), case, marker)
        raise MarkNotYoursError
    session.execute(
        update(MarkRow)
        .where(MarkRow.id == case.stored[position].id, MarkRow.organisation_id == case.organisation_id)
        .values(person_id=marker.person_id, enterprise="", updated_at=now)
    )


def ask_for_second(session: Session, desk: Desk, *, wanted: bool, now: datetime) -> None:
    """Have a work marked twice, or not after all, which is too late once the second mark was begun."""
    _check_may_release(desk.marker)
    case = locked_case(session, desk)
    if case.marking.is_released or Position.SECOND in case.stored:
        raise MarkFinalError
    session.execute(row_of(case).values(needs_second=wanted))
    restage(session, desk, now)


def assign(session: Session, desk: Desk, *, to: str) -> None:
    """Give a work to a marker of the course, by pseudonym; to nobody in particular where ``to`` is empty.

    Raises MarkerUnknownError.
    """
    _check_may_release(desk.marker)
    case = locked_case(session, desk)
    known = {each.uuid: each.person_id for each in list_markers(session.connection(), case.link)}
    if to and (to not in known or known[to] == case.person_id):
        raise MarkerUnknownError
    session.execute(row_of(case).values(assigned_to=known.get(to)))


def list_markers(connection: Connection, link: Link) -> Sequence[CourseStaff]:
    """Return who may mark in the link's course, by name."""
    return list_staff(connection, link, lambda roles: may(roles, Permission.MARK))


def last_enterprise(connection: Connection, organisation_id: int, person_id: int) -> str:
    """Return for which enterprise somebody judged last, to be offered again; empty before the first time."""
    found = connection.scalar(
        select(MarkRow.enterprise)
        .where(MarkRow.organisation_id == organisation_id, MarkRow.person_id == person_id, MarkRow.enterprise != "")
        .order_by(MarkRow.updated_at.desc())
        .limit(1)
    )
    return found or ""


def _check_may_release(marker: Marker) -> None:
    """Raise NotAllowedError for who marks and does not lead the marking."""
    if not marker.may_release:
        raise NotAllowedError
