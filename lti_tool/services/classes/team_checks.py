"""Team checks of a class session: planned from items of lessons, led from the individual test to the team's.

A move reads the check's row alone, an answer and a scratch read it shared: what comes late finds it closed whatever a
page showed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassSession, ClassTeamCheck, FlippedUnit
from lti_tool.services.classes import polls as class_polls
from lti_tool.services.classes import team_evidence
from lti_tool.services.classes.sessions import ClassMissingError, plain, require_open, touch
from lti_tool.services.classes.team_items import find_item
from lti_tool.services.classes.teams import list_teams
from lti_tool.services.flipped.units import plan_of
from qualoop.classroom.session import ClassClosedError, ClassMovedError, SessionState
from qualoop.classroom.team_check import (
    RUNNING,
    CheckItem,
    CheckRefusedError,
    CheckState,
    closed_when_over,
    moved_check,
    require_items,
)
from qualoop.classroom.teams import TeamsRefusedError
from qualoop.classroom.votes import PollState, open_round

MOST_CHECKS: Final = 5
READ: Final = "read"
SHARED: Final = "shared"
ALONE: Final = "alone"
KEPT: Final = 64
"""Checks whose items are kept at hand."""

_MOMENTS: Final = {
    CheckState.INDIVIDUAL: "individual_opened_at",
    CheckState.INDIVIDUAL_CLOSED: "individual_closed_at",
    CheckState.TEAM: "team_opened_at",
    CheckState.DONE: "done_at",
}


def plan_check(
    session: Session, row: ClassSession, named: Sequence[tuple[str, str]], *, now: datetime
) -> ClassTeamCheck:
    """Add a check of 3 to 10 installed items, each named by activity and item; the session's row is the caller's to lock.

    Raises CheckRefusedError for another number of items, for one that is named twice and for one that cannot be
    scratched; ClassMissingError where one is not installed; ClassClosedError.
    """
    if row.state == SessionState.CLOSED:
        raise ClassClosedError
    require_items(len(named))
    count, last = session.execute(
        select(func.count(), func.max(ClassTeamCheck.number)).where(
            ClassTeamCheck.organisation_id == row.organisation_id, ClassTeamCheck.class_session_id == row.id
        )
    ).one()
    if count >= MOST_CHECKS or len(set(named)) < len(named):
        raise CheckRefusedError
    items = [find_item(session, row.organisation_id, activity, item) for activity, item in named]
    check = ClassTeamCheck(
        organisation_id=row.organisation_id,
        class_session_id=row.id,
        uuid=str(uuid.uuid4()),
        number=(last or 0) + 1,
        state=CheckState.PLANNED.value,
        items=[item.to_document() for item in items],
        is_on_stage=False,
        recording=0,
        created_at=now,
    )
    session.add(check)
    session.flush()
    touch(row)
    return check


def items_of_unit(session: Session, row: ClassSession) -> list[tuple[str, str]]:
    """Return the items of the readiness check of the session's flipped unit, by activity and item; none without a unit."""
    if row.flipped_unit_id is None:
        return []
    unit = session.scalar(
        select(FlippedUnit).where(
            FlippedUnit.organisation_id == row.organisation_id, FlippedUnit.id == row.flipped_unit_id
        )
    )
    return [(each.activity, each.item) for each in plan_of(unit).check] if unit else []


def list_checks(session: Session, row: ClassSession) -> Sequence[ClassTeamCheck]:
    """Return the team checks of a session in their order."""
    query = select(ClassTeamCheck).where(
        ClassTeamCheck.organisation_id == row.organisation_id, ClassTeamCheck.class_session_id == row.id
    )
    return session.scalars(query.order_by(ClassTeamCheck.number)).all()


def get_check(session: Session, row: ClassSession, check_uuid: str, lock: str = READ) -> ClassTeamCheck:
    """Return a check of a session: shared or alone until the transaction ends, or just read. Raises ClassMissingError."""
    query = select(ClassTeamCheck).where(
        ClassTeamCheck.organisation_id == row.organisation_id,
        ClassTeamCheck.class_session_id == row.id,
        ClassTeamCheck.uuid == plain(check_uuid),
    )
    if lock != READ:
        query = query.with_for_update(read=lock == SHARED).execution_options(populate_existing=True)
    check = session.scalar(query)
    if check is None:
        raise ClassMissingError
    return check


def find_on_stage(session: Session, row: ClassSession) -> ClassTeamCheck | None:
    """Return the check that learners see; a question that is on the stage comes before it."""
    if row.poll_id is not None:
        return None
    query = select(ClassTeamCheck).where(
        ClassTeamCheck.organisation_id == row.organisation_id,
        ClassTeamCheck.class_session_id == row.id,
        ClassTeamCheck.is_on_stage.is_(True),
    )
    return session.scalar(query.order_by(ClassTeamCheck.number.desc()).limit(1))


def move_check(
    session: Session, row: ClassSession, check_uuid: str, wanted: CheckState, *, now: datetime
) -> ClassTeamCheck:
    """Let a check go on to ``wanted``; what it closes is recorded, in this transaction. It takes the stage.

    Raises ClassClosedError, ClassMovedError (a second click; a question takes votes, or another check is on),
    TeamsRefusedError where the team test would open without a team, ClassMissingError.
    """
    require_open(row)
    check = get_check(session, row, check_uuid, ALONE)
    state = moved_check(CheckState(check.state), wanted)
    if state in RUNNING:
        _require_stage(session, row, check)
    if state is CheckState.TEAM and not any(team.people for team in list_teams(session, row)):
        raise TeamsRefusedError
    for other in list_checks(session, row):
        other.is_on_stage = other.id == check.id
    row.poll_id = None
    _set(session, row, check, state, now=now)
    touch(row)
    session.flush()
    return check


def leave_stage(session: Session, row: ClassSession, check_uuid: str) -> None:
    """Take a check that is done off the stage; raise ClassMovedError while it is on."""
    check = get_check(session, row, check_uuid, ALONE)
    if CheckState(check.state) in RUNNING:
        raise ClassMovedError
    check.is_on_stage = False
    touch(row)
    session.flush()


def remove_check(session: Session, row: ClassSession, check_uuid: str) -> None:
    """Take out a check that nobody was asked yet; raise ClassMovedError for any other."""
    check = get_check(session, row, check_uuid, ALONE)
    if check.state != CheckState.PLANNED:
        raise ClassMovedError
    session.delete(check)
    touch(row)
    session.flush()


def require_none_running(session: Session, row: ClassSession) -> None:
    """Raise ClassMovedError while a check takes answers or scratches: a room answers one thing at a time."""
    if any(CheckState(check.state) in RUNNING for check in list_checks(session, row)):
        raise ClassMovedError


def close_all(session: Session, row: ClassSession, *, now: datetime) -> None:
    """Close whatever still takes answers or scratches, because the class is over."""
    for each in list_checks(session, row):
        check = get_check(session, row, each.uuid, ALONE)
        _set(session, row, check, closed_when_over(CheckState(check.state)), now=now)
    session.flush()


def read_items(check: ClassTeamCheck) -> tuple[CheckItem, ...]:
    """Return the items of a check; the first has the number 1."""
    return _parsed(json.dumps(check.items))


def seed_of(check: ClassTeamCheck) -> int:
    """Return the seed of the order of options: the same on every phone, on the projector and on paper."""
    return int(check.uuid[:8], 16)


@lru_cache(maxsize=KEPT)
def _parsed(documents: str) -> tuple[CheckItem, ...]:
    """Return items of their documents: hundreds of phones ask for the same ones at once."""
    return tuple(CheckItem.from_document(document) for document in json.loads(documents))


def _require_stage(session: Session, row: ClassSession, check: ClassTeamCheck) -> None:
    polls = class_polls.list_polls(session, row)
    others = [each for each in list_checks(session, row) if each.id != check.id]
    if any(open_round(PollState(poll.state)) for poll in polls) or any(
        CheckState(other.state) in RUNNING for other in others
    ):
        raise ClassMovedError


def _set(session: Session, row: ClassSession, check: ClassTeamCheck, state: CheckState, *, now: datetime) -> None:
    if check.state == state:
        return
    check.state = state.value
    setattr(check, _MOMENTS[state], now)
    session.flush()
    if state is CheckState.INDIVIDUAL_CLOSED:
        team_evidence.record_answers(session, row, now=now)
