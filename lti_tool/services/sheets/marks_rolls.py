"""Attendance from a table goes into the roll call of a class: one that was held here, or one that the table is all there is of.

What the roll call knows by itself stays: a check-in, an answer, a mark by hand. Of several tables the newest that is not
taken back counts, so that taking one back loses nothing of another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, true
from sqlalchemy.orm import Session

from lti_tool.models import (
    ClassGroupTask,
    ClassPoll,
    ClassSeat,
    ClassSession,
    ClassTeam,
    ClassTeamCheck,
    ClassTeamMember,
    ImportRun,
    MarkFile,
    Person,
)
from lti_tool.services.classes import closing
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.classes.roll_call import mark
from lti_tool.services.classes.seats import HAND, TABLE, Comer, find_seat, take_seat
from lti_tool.services.classes.sessions import MAX_TITLE, ClassPlan, get_session, plan_session, touch
from lti_tool.services.classes.taking_part import seats_that_took_part
from lti_tool.services.courses.members import Link, Member
from lti_tool.services.evidence import evidence
from lti_tool.services.mechanisms.imports import APPLIED, UNDONE
from lti_tool.services.sheets.marks_files_states import KIND
from qualoop.classroom.mark_tables import Entry
from qualoop.classroom.session import ClassRefusedError, SessionState
from qualoop.framework import Framework

SESSION, SAID = "session", "said"
"""What an import remembers: the uuid of the class, and what it said of whom (pseudonym -> presence)."""
_MADE, _ROLLED = "made", "rolled"
OF_A_CLASS: Final = (ClassSeat, ClassPoll, ClassTeam, ClassTeamMember, ClassTeamCheck, ClassGroupTask)
"""All that refers to a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The class that a table is of: the uuid of one that was held here, else the title of another."""

    uuid: str = ""
    title: str = ""


NOWHERE: Final = Held()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Brings what a table says into the roll call, in the name of ``actor``."""

    row: MarkFile
    actor: str
    secret: str
    framework: Framework | None

    def take_up(
        self, session: Session, link: Link, held: Held, entries: Iterable[Entry], *, now: datetime
    ) -> Mapping[str, Any]:
        """Let a class take up what a table says; return what `take_back` needs. Raises ClassMissingError, ClassRefusedError."""
        # The class comes before the evidence, as wherever else a class is changed.
        row = get_session(session, link, held.uuid, locked=True) if held.uuid else self._made(session, link, held, now)
        evidence.hold_all(session.connection(), self.row.organisation_id)
        if row.state != SessionState.CLOSED:
            raise ClassRefusedError
        is_rolled = row.roll_opened_at is None
        if is_rolled:
            row.roll_opened_at = row.opened_at or self.row.held_at
        said = {each.learner: each.said.value for each in entries if each.said}
        self.add(session, row, said, now)
        return {SESSION: row.uuid, SAID: said, _MADE: not held.uuid, _ROLLED: is_rolled}

    def add(self, session: Session, row: ClassSession, said: Mapping[str, str], now: datetime) -> None:
        """Let a class take up some more of a table."""
        _set_marks(session, row, said, said, now=now)
        self._record(session, row, now)

    def take_back(self, session: Session, memory: Mapping[str, Any], now: datetime) -> None:
        """Let the roll call be as it is without this table; a class that only the table told of goes with it."""
        row = find_taken_up(session, self.row.organisation_id, memory)
        if row is None:
            return
        evidence.hold_all(session.connection(), self.row.organisation_id)
        others = _runs(session, row, without=self.row.import_id)
        _set_marks(session, row, memory[SAID], _words(others), now=now)
        past = _runs(session, row, states=(APPLIED, UNDONE))
        is_made, is_rolled = (any(run.undo[each] for run in past) for each in (_MADE, _ROLLED))
        if not others and is_rolled and not is_made:
            row.roll_opened_at = row.roll_late_at = None
        self._record(session, row, now)
        if not others and is_made and not _is_used(session, row):
            mine = (ClassSeat.organisation_id == row.organisation_id, ClassSeat.class_session_id == row.id)
            session.execute(delete(ClassSeat).where(*mine))
            session.delete(row)
        session.flush()

    def _made(self, session: Session, link: Link, held: Held, now: datetime) -> ClassSession:
        title = " ".join(held.title.replace("\0", "").split())[:MAX_TITLE] or self.row.name
        row = plan_session(session, link, ClassPlan(title=title), now=now)
        row.state, row.code = SessionState.CLOSED.value, None
        row.opened_at = row.roll_opened_at = row.closed_at = self.row.held_at
        session.flush()
        return row

    def _record(self, session: Session, row: ClassSession, now: datetime) -> None:
        by = Corrector(actor=self.actor, secret=self.secret)
        closing.record_class(session, row, self.framework, by=by, now=now)
        touch(row)


def tables_of(session: Session, row: ClassSession) -> Sequence[MarkFile]:
    """Return the tables that a class has taken up, the oldest first."""
    runs = [run.id for run in _runs(session, row)]
    query = select(MarkFile).where(MarkFile.organisation_id == row.organisation_id, MarkFile.import_id.in_(runs))
    return session.scalars(query.order_by(MarkFile.import_id)).all() if runs else []


def find_taken_up(session: Session, organisation_id: int, memory: Mapping[str, Any]) -> ClassSession | None:
    """Return the class that has taken up a table, by what its import remembers, locked; None where it is gone."""
    return session.scalar(
        select(ClassSession)
        .where(ClassSession.organisation_id == organisation_id, ClassSession.uuid == memory.get(SESSION))
        .with_for_update(key_share=True)
    )


def unmark(
    session: Session,
    row: ClassSession,
    member: Member,
    framework: Framework | None,
    *,
    by: Corrector,
    now: datetime,
) -> None:
    """Take the mark of a learner by hand back: what the tables say of the learner that stand counts again."""
    mark(session, row, member, "", now=now)
    _set_marks(session, row, [member.subject.uuid], _words(_runs(session, row)), now=now)
    closing.record_class(session, row, framework, by=by, now=now)
    touch(row)


def _words(runs: Iterable[ImportRun]) -> Mapping[str, str]:
    """Return what tables say of whom, the newest the last word."""
    return {learner: word for run in runs for learner, word in run.undo[SAID].items()}


def _runs(
    session: Session, row: ClassSession, *, without: int | None = None, states: Collection[str] = (APPLIED,)
) -> Sequence[ImportRun]:
    """Return the imports that a class has taken up, in their order; those alone that stand unless other ``states`` are asked for."""
    query = select(ImportRun).where(
        ImportRun.organisation_id == row.organisation_id,
        ImportRun.kind == KIND,
        ImportRun.state.in_(states),
        ImportRun.undo[SESSION].as_string() == row.uuid,
    )
    return [run for run in session.scalars(query.order_by(ImportRun.id)) if run.id != without]


def _set_marks(
    session: Session, row: ClassSession, people: Collection[str], words: Mapping[str, str], *, now: datetime
) -> None:
    """Let the seats of some learners, by pseudonym, say what tables say, unless the roll call knows it by itself."""
    query = select(Person.uuid, Person.id).where(Person.organisation_id == row.organisation_id, Person.uuid.in_(people))
    active = seats_that_took_part(session, row.organisation_id, [row.id])
    for learner, person in session.execute(query.order_by(Person.id)).all():
        word, comer = words.get(learner, ""), Comer(person_id=person)
        seat = find_seat(session, row, comer) or (take_seat(session, row, comer, now) if word else None)
        # To a seat that a mark by hand had made nobody has come, and no table says anything of it.
        if seat is None or (seat.mark and seat.way != TABLE) or (seat.way == HAND and not word):
            continue
        if seat.way == HAND:
            # Nobody had come to it, which shows by the moment alone from now on.
            seat.joined_at = now
        knows = seat.checked_at is not None or seat.id in active
        seat.mark = "" if knows else word
        if not knows:
            seat.way = TABLE if word else ""
    session.flush()


def _is_used(session: Session, row: ClassSession) -> bool:
    """Say whether a class has anything of its own by now: a mark by hand, somebody who came, a team, a task, a question."""
    came = (ClassSeat.mark != "") | ClassSeat.checked_at.is_not(None)
    return any(
        session.scalar(
            select(each.id)
            .where(
                each.organisation_id == row.organisation_id,
                each.class_session_id == row.id,
                came if each is ClassSeat else true(),
            )
            .limit(1)
        )
        is not None
        for each in OF_A_CLASS
    )
