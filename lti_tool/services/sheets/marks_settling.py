"""What a teacher decides about rows of a recorded table that were nobody's for sure. It is recorded at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ImportRun, LedgerEvent
from lti_tool.services.evidence import evidence
from lti_tool.services.sheets.marks_files import Kept, MarkFileMovedError, find_kept, known_people, put_kept, read_kept
from lti_tool.services.sheets.marks_files_states import APPLIED
from lti_tool.services.sheets.marks_import import SOURCE, MarkImport, source_id
from lti_tool.services.sheets.marks_left import faults_of, note_left
from lti_tool.services.sheets.marks_rolls import SAID, Roll, find_taken_up
from lti_tool.services.sheets.marks_tasks import list_tasks
from qualoop.classroom.mark_heads import ATTENDANCE
from qualoop.classroom.mark_tables import Entry
from qualoop.errors import QualoopError


class RowRefusedError(QualoopError):
    """A row cannot be recorded so: ``reason`` says why. Nothing was."""

    code = "row-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def settle_rows(session: Session, importer: MarkImport, matches: Mapping[int, str], *, now: datetime) -> int:
    """Let rows that wait be of learners of the course, and record them as the import would have; return how many.

    The file's row is locked. Raises MarkFileMovedError where a row does not wait any more, RowRefusedError: nothing in it
    that can be recorded, a cell that cannot be, or the table has a mark of that learner already.
    """
    kept = _waiting(session, importer, matches)
    known = {each.uuid for each in known_people(session, importer.by.link)}
    if not matches or not set(matches.values()) <= known:
        raise RowRefusedError("row-nobody")
    found = read_kept(session, importer.by, importer.row, kept.only(frozenset(matches)), matches=matches)
    if faults_of(found, matches):
        raise RowRefusedError("row-wrong")
    if {each.row for each in found.entries} != set(matches):
        raise RowRefusedError("learner-twice" if len(set(matches.values())) < len(matches) else "row-nothing")
    _record(session, importer, found.entries, now)
    _leave(session, importer, kept, frozenset(matches), now=now)
    return len(matches)


def dismiss_rows(session: Session, importer: MarkImport, numbers: Collection[int], *, now: datetime) -> int:
    """Leave rows that wait out for good; return how many. Raises MarkFileMovedError."""
    kept = _waiting(session, importer, numbers)
    _leave(session, importer, kept, frozenset(numbers), now=now)
    return len(numbers)


def _waiting(session: Session, importer: MarkImport, numbers: Collection[int]) -> Kept:
    kept = find_kept(session, importer.by, importer.row) if importer.row.state == APPLIED else None
    if kept is None or not set(numbers) <= set(kept.table.numbers):
        raise MarkFileMovedError
    return kept


def _leave(session: Session, importer: MarkImport, kept: Kept, gone: frozenset[int], *, now: datetime) -> None:
    left = kept.only(frozenset(kept.table.numbers) - gone)
    put_kept(session, importer.by, importer.row, left, now=now)
    note_left(session, importer.row, len(left.table.rows), now=now)
    session.flush()


def _record(session: Session, importer: MarkImport, entries: Collection[Entry], now: datetime) -> None:
    row = importer.row
    run = session.scalars(
        select(ImportRun).where(ImportRun.organisation_id == row.organisation_id, ImportRun.id == row.import_id)
    ).one()
    # The class comes before the evidence, and whoever records in several steps before everybody else.
    held = find_taken_up(session, row.organisation_id, run.undo)
    evidence.hold_all(session.connection(), row.organisation_id)
    if row.kind != ATTENDANCE:
        tasks = list_tasks(session, row.organisation_id)
        wanted = {(each.learner, tasks[each.part].part, source_id(row, 0, tasks[each.part])) for each in entries}
        _refuse_twice(wanted & _recorded(session, importer))
        run.undo = {**run.undo, "events": [*run.undo["events"], *importer.record(session, entries, now)]}
        return
    if held is None:
        raise MarkFileMovedError
    said = {each.learner: each.said.value for each in entries if each.said}
    _refuse_twice(said.keys() & run.undo.get(SAID, {}).keys())
    roll = Roll(row=row, actor=importer.by.actor, secret=importer.by.secret, framework=importer.framework)
    roll.add(session, held, said, now)
    run.undo = {**run.undo, SAID: {**run.undo[SAID], **said}}


def _refuse_twice(twice: Collection[object]) -> None:
    if twice:
        raise RowRefusedError("learner-twice")


def _recorded(session: Session, importer: MarkImport) -> set[tuple[str, str, str]]:
    """Return of whom a table has recorded a mark for what part of what activity, as `source_id` of a row 0 names it."""
    query = select(LedgerEvent.learner, LedgerEvent.attempt, LedgerEvent.source_id).where(
        LedgerEvent.organisation_id == importer.row.organisation_id,
        LedgerEvent.source == SOURCE,
        LedgerEvent.source_id.startswith(f"{importer.row.uuid}:"),
    )
    found = set()
    for learner, part, source in session.execute(query):
        table, _, activity = source.split(":")
        found.add((learner or "", part, f"{table}:0:{activity}"))
    return found
