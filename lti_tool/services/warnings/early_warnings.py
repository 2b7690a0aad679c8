"""Early warnings of a course: the list, what a person decides, who owns one, taking a decision back.

No mark, no access and no record follows from a warning. Notes, and what the teacher writes to the learner, are under the
learner's data key. How warnings come about: `looking`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from lti_tool.models import EarlyWarning, Enrolment, Person, WarningEvent
from lti_tool.services.courses.joining import joining
from lti_tool.services.courses.members import Link
from lti_tool.services.courses.staff import CourseStaff, list_staff
from lti_tool.services.people.learner_keys import KeyOwner, sealed_text
from lti_tool.services.people.roles import Permission, Role, may
from lti_tool.services.warnings.rules import lock_setting
from qualoop.errors import QualoopError
from qualoop.records.early_warning import Reason, reason_from

OPEN, DECIDED, WITHDRAWN = "open", "decided", "withdrawn"
MAX_NOTE: Final = 2000
LATEST_DUE: Final = timedelta(days=90)


class Act(StrEnum):
    """What happens to a warning. The values stand in the database and never change."""

    OPENED = "opened"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"
    TAKEN_BACK = "taken-back"
    ARRANGED = "arranged"


class Decision(StrEnum):
    """What a person decided."""

    TALKED = "talked"
    PLAN = "plan"
    NO_ACTION = "no-action"
    FALSE_ALARM = "false-alarm"


class WarningMissingError(QualoopError):
    """There is no such warning in this course."""

    code = "warning-missing"


class WarningMovedError(QualoopError):
    """Somebody decided meanwhile, or the facts were corrected: the warning does not stand as the page showed it."""

    code = "warning-moved"


class WarningRefusedError(QualoopError):
    """A decision needs to be one of those that there are, and a note; whoever owns a warning is staff of the course."""

    code = "warning-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """Who decides what. ``note`` is for staff, ``words`` for the learner, empty for none; ``secret`` is the installation's."""

    by: int
    decision: str
    note: str
    words: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to a warning, by row; ``details`` hold no words."""

    warning: int
    act: Act
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningLine:
    """A warning in a list; ``learner`` is the pseudonym of whom it is about, ``owner`` who is to decide, None for nobody."""

    row: EarlyWarning
    learner: str
    reasons: Sequence[Reason]
    owner: CourseStaff | None

    def is_overdue(self, now: datetime) -> bool:
        """Say whether somebody was to decide by now."""
        return self.row.state == OPEN and self.row.due_at < now


def list_warnings(
    session: Session, link: Link, *, state: str, limit: int, after: int = 0, owner: int | None = None
) -> Sequence[WarningLine]:
    """Return the warnings of the link's course in a state, those that are due first; closed ones newest first.

    The first ``after`` are left out; where an owner is given, so are all others'.
    """
    order = (
        (EarlyWarning.due_at, EarlyWarning.id) if state == OPEN else (EarlyWarning.closed_at.desc(), EarlyWarning.id)
    )
    rows = session.execute(
        select(EarlyWarning, Person.uuid)
        .join(Person, Person.id == EarlyWarning.person_id)
        .where(
            EarlyWarning.organisation_id == link.organisation_id,
            EarlyWarning.context_id == link.context_id,
            EarlyWarning.state == state,
            *([] if owner is None else [EarlyWarning.owner_id == owner]),
        )
        .order_by(*order)
        .offset(after)
        .limit(limit)
    ).all()
    staff = {each.person_id: each for each in list_owners(session, link)}
    return [_line(row, learner, staff) for row, learner in rows]


def count_by_state(session: Session, link: Link) -> Mapping[str, int]:
    """Return how many warnings of the link's course stand how."""
    query = (
        select(EarlyWarning.state, func.count())
        .where(EarlyWarning.organisation_id == link.organisation_id, EarlyWarning.context_id == link.context_id)
        .group_by(EarlyWarning.state)
    )
    return dict(session.execute(query).all())


def count_open(session: Session, link: Link) -> int:
    """Return how many warnings of the link's course are open."""
    query = select(func.count()).where(
        EarlyWarning.organisation_id == link.organisation_id,
        EarlyWarning.context_id == link.context_id,
        EarlyWarning.state == OPEN,
    )
    return session.scalar(query) or 0


def open_people(session: Session, link: Link) -> Mapping[int, str]:
    """Return the learners of whom a warning is open, each with its uuid."""
    query = select(EarlyWarning.person_id, EarlyWarning.uuid).where(
        EarlyWarning.organisation_id == link.organisation_id,
        EarlyWarning.context_id == link.context_id,
        EarlyWarning.state == OPEN,
    )
    return dict(session.execute(query).all())


def get_warning(session: Session, link: Link, warning: str) -> WarningLine:
    """Return a warning of the link's course by its uuid; raise WarningMissingError."""
    row = _get(session, link, warning)
    learner = session.scalar(
        select(Person.uuid).where(Person.id == row.person_id, Person.organisation_id == link.organisation_id)
    )
    return _line(row, learner or "", {each.person_id: each for each in list_owners(session, link)})


def list_owners(session: Session, link: Link) -> Sequence[CourseStaff]:
    """Return who of the link's course may own a warning, by name."""
    return list_staff(session.connection(), link, lambda roles: may(roles, Permission.DECIDE_WARNINGS))


def default_owner(session: Session, link: Link) -> int | None:
    """Return who owns a warning at first: the teacher who is in the course longest; None where it has none."""
    rows = session.execute(
        select(Enrolment.person_id, Enrolment.roles)
        .join(Person, Person.id == Enrolment.person_id)
        .where(
            Person.organisation_id == link.organisation_id,
            Enrolment.organisation_id == link.organisation_id,
            Enrolment.context_id == link.context_id,
            Enrolment.left_at.is_(None),
        )
        .order_by(joining(), Enrolment.id)
    )
    return next((person for person, roles in rows if Role.TEACHER.value in roles.split(",")), None)


def decide(session: Session, link: Link, warning: str, deciding: Deciding, *, now: datetime) -> None:
    """Close an open warning with what a person decided.

    Raises WarningMissingError, WarningMovedError, WarningRefusedError, LearnerErasedError.
    """
    row = _get(session, link, warning, locked=True)
    if row.state != OPEN:
        raise WarningMovedError
    note, words = deciding.note.strip(), deciding.words.strip()
    is_known = deciding.decision in {each.value for each in Decision}
    if not is_known or not note or max(len(note), len(words)) > MAX_NOTE:
        raise WarningRefusedError
    owner = owner_of_key(session, row, deciding.secret)
    connection = session.connection()
    row.state, row.decision, row.closed_at = DECIDED, deciding.decision, now
    add_event(
        session,
        row,
        Act.DECIDED,
        by=deciding.by,
        details={"decision": deciding.decision},
        note=sealed_text(connection, owner, note, now),
        words=sealed_text(connection, owner, words, now) if words else None,
        now=now,
    )


def take_back(session: Session, link: Link, warning: str, *, by: int, now: datetime) -> None:
    """Open a decided warning again; what was written to the learner is not shown any more.

    Raises WarningMissingError, WarningMovedError where it is not decided, or another one of the learner is open by now.
    """
    # Nobody looks meanwhile: a look could open another one of the learner.
    lock_setting(session, link, now)
    row = _get(session, link, warning, locked=True)
    if row.state != DECIDED or row.person_id in open_people(session, link):
        raise WarningMovedError
    row.state, row.decision, row.closed_at = OPEN, "", None
    add_event(session, row, Act.TAKEN_BACK, by=by, now=now)


def arrange(
    session: Session, link: Link, warning: str, *, owner: str, due_at: datetime, by: int, now: datetime
) -> None:
    """Hand an open warning over to somebody of the course's staff, by pseudonym, and say until when to decide.

    Raises WarningMissingError, WarningMovedError, WarningRefusedError.
    """
    row = _get(session, link, warning, locked=True)
    if row.state != OPEN:
        raise WarningMovedError
    person = next((each.person_id for each in list_owners(session, link) if each.uuid == owner), None)
    # Who hands over what is overdue already need not set another day.
    is_kept = due_at.date() == row.due_at.date()
    if person is None or not (is_kept or now <= due_at <= now + LATEST_DUE):
        raise WarningRefusedError
    if (row.owner_id, row.due_at) != (person, due_at):
        row.owner_id, row.due_at = person, due_at
        add_event(session, row, Act.ARRANGED, by=by, details={"owner": person, "due": due_at.isoformat()}, now=now)


def add_event(
    session: Session,
    row: EarlyWarning,
    act: Act,
    *,
    by: int | None,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    note: str | None = None,
    words: str | None = None,
) -> None:
    """Add to what happened to a warning that is locked, or new; notes are sealed already."""
    last = session.scalar(
        select(func.max(WarningEvent.number)).where(
            WarningEvent.organisation_id == row.organisation_id, WarningEvent.early_warning_id == row.id
        )
    )
    session.add(
        WarningEvent(
            organisation_id=row.organisation_id,
            early_warning_id=row.id,
            number=(last or 0) + 1,
            act=act.value,
            by_person_id=by,
            details=dict(details or {}),
            note_sealed=note,
            words_sealed=words,
            at=now,
        )
    )
    session.flush()


def add_events(
    session: Session, organisation_id: int, happened: Sequence[Happening], *, by: int | None, now: datetime
) -> None:
    """Add to what happened to warnings that are locked, or new, in a few statements; to each of them in the given order."""
    session.flush()
    if not happened:
        return
    ids = {each.warning for each in happened}
    query = select(WarningEvent.early_warning_id, func.max(WarningEvent.number)).where(
        WarningEvent.organisation_id == organisation_id, WarningEvent.early_warning_id.in_(ids)
    )
    last: dict[int, int] = dict(session.execute(query.group_by(WarningEvent.early_warning_id)).all())
    rows = []
    for each in happened:
        last[each.warning] = last.get(each.warning, 0) + 1
        rows.append(
            {
                "organisation_id": organisation_id,
                "early_warning_id": each.warning,
                "number": last[each.warning],
                "act": each.act.value,
                "by_person_id": by,
                "details": dict(each.details),
                "at": now,
            }
        )
    session.execute(insert(WarningEvent), rows)


def owner_of_key(session: Session, row: EarlyWarning, secret: str) -> KeyOwner:
    """Return under whose key the notes of a warning are: the learner's."""
    learner = session.scalar(
        select(Person.uuid).where(Person.id == row.person_id, Person.organisation_id == row.organisation_id)
    )
    return KeyOwner(organisation_id=row.organisation_id, learner=learner or "", secret=secret)


def _get(session: Session, link: Link, warning: str, *, locked: bool = False) -> EarlyWarning:
    query: Select[EarlyWarning] = select(EarlyWarning).where(
        EarlyWarning.organisation_id == link.organisation_id,
        EarlyWarning.context_id == link.context_id,
        EarlyWarning.uuid == warning,
    )
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    # PostgreSQL takes no text with a zero byte, not even to compare with.
    row = None if "\0" in warning else session.scalar(query)
    if row is None:
        raise WarningMissingError
    return row


def _line(row: EarlyWarning, learner: str, staff: Mapping[int, CourseStaff]) -> WarningLine:
    reasons = [reason_from(document) for document in row.reasons]
    return WarningLine(row=row, learner=learner, reasons=reasons, owner=staff.get(row.owner_id or 0))
