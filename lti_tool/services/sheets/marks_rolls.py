"""Attendance from a table goes into the roll call of a class: one that was held here, or one that the table is all there is of.

What the roll call knows by itself stays: a check-in, an answer, a mark by hand. Of several tables the newest that is not
taken back counts, so that taking one back loses nothing of another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lti_tool.models import ClassSeat, ClassSession, ImportRun, MarkFile, Person
from lti_tool.services.classes import closing
from lti_tool.services.classes.evidence import Corrector
from lti_tool.services.classes.seats import TABLE, Comer, find_seat, take_seat
from lti_tool.services.classes.sessions import MAX_TITLE, ClassPlan, get_session, plan_session, touch
from lti_tool.services.classes.taking_part import seats_that_took_part
from lti_tool.services.courses.members import Link
from lti_tool.services.evidence import evidence
from lti_tool.services.mechanisms.imports import APPLIED
from lti_tool.services.sheets.marks_files_states import KIND
from qualoop.classroom.mark_tables import Entry
from qualoop.classroom.session import ClassRefusedError, SessionState
from qualoop.framework import Framework

SESSION, SAID = "session", "said"
"""What an import remembers: the id of the class, and what it said of whom (pseudonym -> presence)."""
_MADE, _ROLLED = "made", "rolled"


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
        evidence.hold_all(session.connection(), self.row.organisation_id)
        row = get_session(session, link, held.uuid, locked=True) if held.uuid else self._made(session, link, held, now)
        if row.state != SessionState.CLOSED:
            raise ClassRefusedError
        is_rolled = row.roll_opened_at is None
        if is_rolled:
            row.roll_opened_at = row.opened_at or self.row.held_at
        said = {each.learner: each.said.value for each in entries if each.said}
        self.add(session, row, said, now)
        return {SESSION: row.id, SAID: said, _MADE: not held.uuid, _ROLLED: is_rolled}

    def add(self, session: Session, row: ClassSession, said: Mapping[str, str], now: datetime) -> None:
        """Let a class take up some more of a table."""
        _set_marks(session, row, said, said, now=now)
        self._record(session, row, now)

    def take_back(self, session: Session, memory: Mapping[str, Any], now: datetime) -> None:
        """Let the roll call be as it is without this table; a class that only the table told of goes with it."""
        evidence.hold_all(session.connection(), self.row.organisation_id)
        row = session.scalar(
            select(ClassSession)
            .where(ClassSession.organisation_id == self.row.organisation_id, ClassSession.id == memory[SESSION])
            .with_for_update(key_share=True)
        )
        if row is None:
            return
        others = _runs(session, row, without=self.row.import_id)
        words = {learner: word for run in others for learner, word in run.undo[SAID].items()}
        _set_marks(session, row, memory[SAID], words, now=now)
        self._record(session, row, now)
        if not others and memory[_MADE] and not _is_used(session, row):
            mine = (ClassSeat.organisation_id == row.organisation_id, ClassSeat.class_session_id == row.id)
            session.execute(delete(ClassSeat).where(*mine))
            session.delete(row)
        elif not others and memory[_ROLLED] and not memory[_MADE]:
            row.roll_opened_at = row.roll_late_at = None
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


def _runs(session: Session, row: ClassSession, *, without: int | None = None) -> Sequence[ImportRun]:
    """Return the imports that stand of what a class has taken up, in their order."""
    query = select(ImportRun).where(
        ImportRun.organisation_id == row.organisation_id,
        ImportRun.kind == KIND,
        ImportRun.state == APPLIED,
        ImportRun.undo[SESSION].as_integer() == row.id,
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
        seat = take_seat(session, row, comer, now) if word else find_seat(session, row, comer)
        if seat is None or (seat.mark and seat.way != TABLE):
            continue
        knows = seat.checked_at is not None or seat.id in active
        seat.mark = "" if knows else word
        if not knows:
            seat.way = TABLE if word else ""
    session.flush()


def _is_used(session: Session, row: ClassSession) -> bool:
    """Say whether a class has anything of its own by now: a mark by hand, or somebody who came."""
    query = select(ClassSeat.id).where(
        ClassSeat.organisation_id == row.organisation_id,
        ClassSeat.class_session_id == row.id,
        (ClassSeat.mark != "") | ClassSeat.checked_at.is_not(None),
    )
    return session.scalar(query.limit(1)) is not None
