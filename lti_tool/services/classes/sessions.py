"""Class sessions of a course: planned, opened, closed; what stands on the stage. Every change is a version of it.

Whoever changes a session reads its row locked, so two clicks of a teacher, or two teachers, come one after another.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassPoll, ClassSeat, ClassSession
from lti_tool.services.courses.members import Link
from qualoop.classroom.roll_call import ROTATION, short_code, token
from qualoop.classroom.session import (
    CODE_LENGTH,
    CODE_LETTERS,
    ClassClosedError,
    ClassMovedError,
    ClassRefusedError,
    PlanStep,
    SessionState,
    moved,
    read_plan,
)
from qualoop.classroom.votes import Limits
from qualoop.errors import QualoopError

MAX_TITLE: Final = 200
MAX_NOTES: Final = 5000
MAX_LATE: Final = 240
MAX_TIMER: Final = timedelta(hours=2)
EARLY: Final = timedelta(minutes=30)
"""How long before a class its code leads in: learners come before it is opened."""
MOST_LISTED: Final = 100
KEY_BYTES: Final = 32
DEFAULT_LIMITS: Final = Limits()


class ClassMissingError(QualoopError):
    """There is no such class session in this course."""

    code = "class-missing"


class ClassPeopledError(ClassRefusedError):
    """Somebody has come to this session already: it stays."""

    code = "class-peopled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPlan:
    """What a session begins with. ``late_minutes`` (0 to 240) after the roll call begins somebody is late."""

    title: str
    titles: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[PlanStep, ...] = ()
    notes: str = ""
    late_minutes: int = 10
    limits: Limits = DEFAULT_LIMITS
    starts_at: datetime | None = None


def cleaned_title(text: str) -> str:
    """Return a title as it is kept: in one line of at most 200 characters."""
    return " ".join(text.replace("\0", "").split())[:MAX_TITLE]


def typed_plan(
    titles: Mapping[str, str], steps: str, *, late_minutes: int, limits: Limits, notes: str = ""
) -> ClassPlan:
    """Return a plan as a form has it, cut to what is kept; of the titles by language the first one that is there leads."""
    kept = {language: title for language, text in titles.items() if (title := cleaned_title(text))}
    return ClassPlan(
        title=next(iter(kept.values()), ""),
        titles=kept,
        steps=read_plan(steps.replace("\0", "")),
        notes=_kept(notes),
        late_minutes=max(0, min(late_minutes, MAX_LATE)),
        limits=limits,
    )


def plan_session(
    session: Session, link: Link, plan: ClassPlan, *, now: datetime, flipped_unit_id: int | None = None
) -> ClassSession:
    """Add a planned session to the link's course and return its row."""
    row = ClassSession(
        organisation_id=link.organisation_id,
        uuid=str(uuid.uuid4()),
        context_id=link.context_id,
        registration_id=link.registration_id,
        flipped_unit_id=flipped_unit_id,
        title=plan.title,
        title_language=next((language for language, title in plan.titles.items() if title == plan.title), None),
        title_other=next((title for title in plan.titles.values() if title != plan.title), None),
        state=SessionState.PLANNED.value,
        code=_new_code(session),
        screen_key=secrets.token_urlsafe(KEY_BYTES),
        roll_key=secrets.token_hex(KEY_BYTES),
        plan=[asdict(step) for step in plan.steps],
        step=0,
        notes=plan.notes,
        low_share=plan.limits.low,
        high_share=plan.limits.high,
        late_minutes=plan.late_minutes,
        starts_at=plan.starts_at,
        version=1,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def list_sessions(session: Session, link: Link) -> Sequence[ClassSession]:
    """Return the course's sessions, newest first."""
    query = (
        select(ClassSession)
        .where(ClassSession.organisation_id == link.organisation_id, ClassSession.context_id == link.context_id)
        .order_by(ClassSession.id.desc())
        .limit(MOST_LISTED)
    )
    return session.scalars(query).all()


def get_session(session: Session, link: Link, session_uuid: str, *, locked: bool = False) -> ClassSession:
    """Return a session of the link's course; raise ClassMissingError. ``locked`` for whoever will change it."""
    query = select(ClassSession).where(
        ClassSession.organisation_id == link.organisation_id,
        ClassSession.context_id == link.context_id,
        ClassSession.uuid == plain(session_uuid),
    )
    row = session.scalar(query.with_for_update(key_share=True) if locked else query)
    if row is None:
        raise ClassMissingError
    return row


def get_by_uuid(session: Session, session_uuid: str, *, held: bool = False) -> ClassSession:
    """Return a session by its random uuid, for a page without a launch; raise ClassMissingError.

    ``held`` for whoever comes or scans: it is not closed, and no seat is confirmed, before the transaction ends.
    """
    query = select(ClassSession).where(ClassSession.uuid == plain(session_uuid))
    if held:
        query = query.with_for_update(read=True).execution_options(populate_existing=True)
    return _one(session.scalar(query))


def get_by_code(session: Session, code: str, now: datetime) -> ClassSession:
    """Return the session that a code leads to; raise ClassMissingError.

    It leads there from `EARLY` before the time that the class is planned for, without one from when it is opened, until
    it is closed: of the classes that are only planned, nobody finds one by trying codes.
    """
    row = _one(session.scalar(select(ClassSession).where(ClassSession.code == code)))
    if not code_leads_in(row, now):
        raise ClassMissingError
    return row


def code_leads_from(row: ClassSession) -> datetime | None:
    """Return from when a session's code leads in, though it is not opened yet; None for once it is opened."""
    return None if row.starts_at is None else row.starts_at - EARLY


def code_leads_in(row: ClassSession, now: datetime) -> bool:
    """Say whether the code of a session leads in now, as long as it has one."""
    since = code_leads_from(row)
    return row.state != SessionState.PLANNED or (since is not None and since <= now)


def get_by_screen(session: Session, key: str) -> ClassSession:
    """Return the session whose projector has this key; raise ClassMissingError."""
    return _one(session.scalar(select(ClassSession).where(ClassSession.screen_key == plain(key))))


def link_of_session(row: ClassSession) -> Link:
    """Return the course of a session as its platform's members are found in; no link of it is meant."""
    return Link(
        organisation_id=row.organisation_id,
        registration_id=row.registration_id,
        context_id=row.context_id,
        resource_link_id=0,
        activity_id=None,
    )


def open_session(row: ClassSession, now: datetime) -> None:
    """Open a planned session; raise ClassMovedError."""
    row.state = moved(SessionState(row.state), SessionState.OPEN).value
    row.opened_at = now
    touch(row)


def remove_session(session: Session, row: ClassSession) -> None:
    """Take a planned session out, with its questions; the row is locked against whoever comes.

    Raises ClassMovedError once it was opened, ClassPeopledError where somebody sits in it already.
    """
    session.refresh(row, with_for_update=True)
    if row.state != SessionState.PLANNED:
        raise ClassMovedError
    mine = (ClassSeat.organisation_id == row.organisation_id, ClassSeat.class_session_id == row.id)
    if session.scalar(select(ClassSeat.id).where(*mine).limit(1)) is not None:
        raise ClassPeopledError
    session.execute(
        delete(ClassPoll).where(ClassPoll.organisation_id == row.organisation_id, ClassPoll.class_session_id == row.id)
    )
    session.delete(row)
    session.flush()


def begin_roll(row: ClassSession, now: datetime) -> None:
    """Begin the roll call; whoever scanned early is present from now on. Raises ClassClosedError; a repeat does nothing."""
    require_open(row)
    if row.roll_opened_at is None:
        row.roll_opened_at, row.roll_late_at = now, now + timedelta(minutes=row.late_minutes)
        touch(row)


def set_step(row: ClassSession, step: int) -> None:
    """Let a step of the plan be on; raise ClassClosedError. What lies outside is the nearest one."""
    require_open(row)
    row.step = max(0, min(step, len(row.plan) - 1))
    touch(row)


def set_timer(row: ClassSession, length: timedelta, now: datetime) -> None:
    """Start the timer, at most two hours, or take it away with a length of none; raise ClassClosedError."""
    require_open(row)
    row.timer_at = now + min(length, MAX_TIMER) if length > timedelta(0) else None
    touch(row)


def set_notes(row: ClassSession, notes: str) -> None:
    """Keep the teacher's own notes, also of a closed session."""
    row.notes = _kept(notes)


def require_open(row: ClassSession) -> None:
    """Raise ClassClosedError unless the session is open."""
    if row.state != SessionState.OPEN:
        raise ClassClosedError


def touch(row: ClassSession) -> None:
    """Count a change that learners see."""
    row.version += 1


def shown_token(row: ClassSession, now: datetime) -> tuple[str, str, datetime]:
    """Return the token and the short code that the projector shows now, and until when."""
    key, window = row.roll_key.encode(), ROTATION.window(now)
    return token(key, window), short_code(key, window), ROTATION.ends(now)


def plain(text: str) -> str:
    """Return what came from an address or a form so that every database can be asked for it."""
    return text.replace("\0", "")


def _kept(notes: str) -> str:
    """Return notes as they are kept: no database takes a NUL."""
    return notes.replace("\r\n", "\n").replace("\0", "").strip()[:MAX_NOTES]


def _one(row: ClassSession | None) -> ClassSession:
    if row is None:
        raise ClassMissingError
    return row


def _new_code(session: Session) -> str:
    """Return six letters that no session which is not closed has; the constraint holds it where two are made at once."""
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if session.scalar(select(ClassSession.id).where(ClassSession.code == code)) is None:
            return code
