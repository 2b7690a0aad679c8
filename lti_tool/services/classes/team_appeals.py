"""What a team says against a question of a check, once, and what the teacher answers, once. Both are seen by both.

The text is under the data key of who wrote it, and so is the answer to it: erasing the writer erases both.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ClassAppeal, ClassSeat, ClassSession, ClassTeam, ClassTeamCheck, Person
from lti_tool.services.classes.sessions import ClassMissingError, plain, require_open, touch
from lti_tool.services.classes.team_answers import require_confirmed, require_team
from lti_tool.services.classes.team_checks import SHARED, get_check
from lti_tool.services.classes.team_scores import ACCEPT, DECLINE
from lti_tool.services.classes.teams import Team, touch_team
from lti_tool.services.people.learner_keys import KeyOwner, open_text, sealed_text
from qualoop.classroom.session import ClassMovedError, ClassRefusedError
from qualoop.classroom.team_check import MAX_APPEAL, MAX_REASON, CheckState


class AppealRefusedError(ClassRefusedError):
    """An appeal is a text of at most 1000 characters, written once for a question, after the end; an answer needs its reason."""

    code = "class-appeal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal as it is read; texts are empty where their writer was erased."""

    uuid: str
    team_id: int
    number: int
    text: str
    decision: str
    reason: str


def write(
    session: Session,
    row: ClassSession,
    seat: ClassSeat,
    *,
    named: tuple[str, int],
    words: str,
    secret: str,
    now: datetime,
) -> Team:
    """Keep a team's appeal against the item (check uuid, number). Return the team.

    Raises AppealRefusedError for an empty or too long text and where the team has written one; UnconfirmedError,
    TeamMissingError, ClassMovedError before the end, ClassClosedError, ClassMissingError.
    """
    check_uuid, number = named
    check = get_check(session, row, check_uuid, SHARED)
    require_open(row)
    if check.state != CheckState.DONE:
        raise ClassMovedError
    words, person_id = _cleaned(words, MAX_APPEAL), require_confirmed(seat)
    team = require_team(session, row, person_id)
    if not 1 <= number <= len(check.items) or _find(session, check, team.row, number) is not None:
        raise AppealRefusedError
    owner = _owner(session, row.organisation_id, person_id, secret)
    session.add(
        ClassAppeal(
            organisation_id=row.organisation_id,
            check_id=check.id,
            team_id=team.row.id,
            person_id=person_id,
            uuid=str(uuid.uuid4()),
            number=number,
            text_sealed=sealed_text(session.connection(), owner, words, now),
            decision="",
            written_at=now,
        )
    )
    touch_team(team.row)
    return team


def decide(
    session: Session,
    row: ClassSession,
    appeal_uuid: str,
    *,
    decision: str,
    reason: str,
    secret: str,
    now: datetime,
) -> None:
    """Answer an appeal, once: accept, which gives the points as if right at once, or decline, with the reason.

    The session's row is the caller's to lock, and what is due in the ledger the caller's to record. Raises
    AppealRefusedError, ClassMovedError where it was answered before, ClassMissingError.
    """
    appeal = session.scalar(
        select(ClassAppeal)
        .join(ClassTeamCheck, ClassTeamCheck.id == ClassAppeal.check_id)
        .where(
            ClassAppeal.organisation_id == row.organisation_id,
            ClassTeamCheck.class_session_id == row.id,
            ClassAppeal.uuid == plain(appeal_uuid),
        )
        .with_for_update(of=ClassAppeal)
    )
    if appeal is None:
        raise ClassMissingError
    if appeal.decision:
        raise ClassMovedError
    if decision not in {ACCEPT, DECLINE}:
        raise AppealRefusedError
    words = _cleaned(reason, MAX_REASON)
    owner = _owner(session, row.organisation_id, appeal.person_id, secret)
    # Of an erased writer nothing was there to be answered, and nothing new is written down.
    if appeal.text_sealed is not None:
        appeal.reason_sealed = sealed_text(session.connection(), owner, words, now)
    appeal.decision, appeal.decided_at = decision, now
    touch(row)
    session.flush()


def read_appeals(
    session: Session, check: ClassTeamCheck, *, secret: str, team_id: int | None = None
) -> Sequence[Appeal]:
    """Return the appeals of a check in the order of writing, of one team where it is named."""
    query = (
        select(ClassAppeal, Person.uuid)
        .join(Person, Person.id == ClassAppeal.person_id)
        .where(ClassAppeal.organisation_id == check.organisation_id, ClassAppeal.check_id == check.id)
        .order_by(ClassAppeal.id)
    )
    if team_id is not None:
        query = query.where(ClassAppeal.team_id == team_id)
    connection, found = session.connection(), []
    for each, learner in session.execute(query):
        owner = KeyOwner(organisation_id=check.organisation_id, learner=learner, secret=secret)
        texts = [
            open_text(connection, owner, token) if token else None for token in (each.text_sealed, each.reason_sealed)
        ]
        found.append(
            Appeal(
                uuid=each.uuid,
                team_id=each.team_id,
                number=each.number,
                text=texts[0] or "",
                decision=each.decision,
                reason=texts[1] or "",
            )
        )
    return found


def _find(session: Session, check: ClassTeamCheck, team: ClassTeam, number: int) -> int | None:
    return session.scalar(
        select(ClassAppeal.id).where(
            ClassAppeal.organisation_id == check.organisation_id,
            ClassAppeal.check_id == check.id,
            ClassAppeal.team_id == team.id,
            ClassAppeal.number == number,
        )
    )


def _cleaned(words: str, most: int) -> str:
    cleaned = plain(words).replace("\r\n", "\n").strip()
    if not cleaned or len(cleaned) > most:
        raise AppealRefusedError
    return cleaned


def _owner(session: Session, organisation_id: int, person_id: int, secret: str) -> KeyOwner:
    learner = session.scalar(
        select(Person.uuid).where(Person.organisation_id == organisation_id, Person.id == person_id)
    )
    return KeyOwner(organisation_id=organisation_id, learner=learner or "", secret=secret)
