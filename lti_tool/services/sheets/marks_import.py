"""Records a table of marks or of attendance in one transaction, and takes it back everywhere."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import ImportRun, MarkFile, Organisation
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.mechanisms import imports
from lti_tool.services.sheets import marks_rolls
from lti_tool.services.sheets.marks_files import (
    Bringer,
    MarkFileMovedError,
    MarkFileTwiceError,
    find_kept,
    put_kept,
    read_file,
)
from lti_tool.services.sheets.marks_files_states import APPLIED, KIND, READ, UNDONE
from lti_tool.services.sheets.marks_left import note_left, rows_left
from lti_tool.services.sheets.marks_tasks import Task, list_tasks
from qualoop.classroom.mark_heads import ATTENDANCE
from qualoop.classroom.mark_tables import Entry, ReadTable
from qualoop.classroom.roll_call import CAME
from qualoop.framework import Framework
from qualoop.ledger import CorrectionRefusedError, Evidence, EvidenceForm, Reason

SOURCE: Final = "marks-file"
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkImport:
    """A read table as an import (services.imports.Importer); ``by`` is who applies or undoes it.

    ``held`` is the class that a table of attendance is of: its uuid, or the title of one that was held elsewhere.
    """

    row: MarkFile
    by: Bringer
    framework: Framework | None
    held: marks_rolls.Held = marks_rolls.NOWHERE
    kind: str = KIND

    @property
    def source(self) -> str:
        """Return what it came from."""
        return self.row.uuid

    def diff(self, session: Session, organisation_id: int) -> Sequence[str]:
        """Say what would be recorded."""
        entries = read_file(session, self.by, self.row).entries
        if not entries:
            return ()
        learners = len({each.learner for each in entries})
        return (f"records {len(entries)} entries ({self.row.kind}) of {learners} learners",)

    def apply(self, session: Session, organisation_id: int, now: datetime) -> Mapping[str, Any]:
        """Record it."""
        found = read_file(session, self.by, self.row)
        table = fingerprint(session, self.by, self.row)
        if self.row.kind == ATTENDANCE:
            roll = marks_rolls.Roll(row=self.row, actor=self.by.actor, secret=self.by.secret, framework=self.framework)
            return {
                "events": [],
                "table": table,
                **roll.take_up(session, self.by.link, self.held, found.entries, now=now),
            }
        return {"events": self.record(session, found.entries, now=now), "table": table}

    def record(self, session: Session, entries: Iterable[Entry], now: datetime) -> list[str]:
        """Record marks as evidence; return the uuids of the events."""
        submissions = list(self._submissions(session, entries))
        done = evidence.record_many(session.connection(), self.row.organisation_id, submissions, now=now)
        return [each.uuid for each in done]

    def undo(self, session: Session, organisation_id: int, memory: Mapping[str, Any], now: datetime) -> None:
        """Void what was recorded, and let the roll call be as without it."""
        organisation = session.get_one(Organisation, organisation_id)
        if marks_rolls.SESSION in memory:
            roll = marks_rolls.Roll(row=self.row, actor=self.by.actor, secret=self.by.secret, framework=self.framework)
            roll.take_back(session, memory, now)
        for event in memory["events"]:
            request = corrections.Request(target=UUID(event), reason=Reason.ERROR, actor=self.by.actor)
            with suppress(CorrectionRefusedError):
                corrections.correct(session, organisation, request, secret=self.by.secret, now=now)

    def _submissions(self, session: Session, entries: Iterable[Entry]) -> Iterator[Submission]:
        tasks = list_tasks(session, self.row.organisation_id)
        for each in entries:
            task = tasks[each.part]
            yield Submission(
                learner=each.learner,
                evidence=Evidence(
                    activity=task.activity,
                    content=task.content,
                    part=task.part,
                    score=each.score,
                    form=EvidenceForm.PROCESS if task.is_preparation else EvidenceForm.PAPER,
                    rater=self.row.actor,
                    attempt=self.row.uuid,
                    tries=1,
                    hints=0,
                ),
                source=(SOURCE, source_id(self.row, each.row, task), task.part),
                occurred_at=self.row.held_at,
                actor=self.row.actor,
            )


def source_id(row: MarkFile, number: int, task: Task) -> str:
    """Return what names a row of a table as a source of marks of a task's activity: two may have parts of the same key."""
    return f"{row.uuid}:{number}:{task.content[:_DIGITS]}"


def counted(row: MarkFile, found: ReadTable) -> ReadTable:
    """Return what of a table is evidence: of attendance only presence, since absence is no evidence of anything."""
    if row.kind != ATTENDANCE:
        return found
    return replace(found, entries=tuple(each for each in found.entries if each.said in CAME))


def stands_already(session: Session, by: Bringer, row: MarkFile) -> bool:
    """Say whether a read table is recorded in its course: the same cells, of attendance on the same day."""
    said = fingerprint(session, by, row)
    query = (
        select(MarkFile.id)
        .join(ImportRun, ImportRun.id == MarkFile.import_id)
        .where(
            MarkFile.organisation_id == row.organisation_id,
            MarkFile.context_id == row.context_id,
            MarkFile.id != row.id,
            MarkFile.kind == row.kind,
            MarkFile.state == APPLIED,
            ImportRun.organisation_id == row.organisation_id,
            ImportRun.undo["table"].as_string() == said,
        )
    )
    return bool(said) and session.scalar(query.limit(1)) is not None


def fingerprint(session: Session, by: Bringer, row: MarkFile) -> str:
    """Return what tells a table from others and says nothing of it, under the installation's secret; empty once it is gone."""
    kept = find_kept(session, by, row)
    if kept is None:
        return ""
    table = kept.table
    cells = json.dumps([table.header, table.rows, table.numbers], ensure_ascii=False).encode()
    day = row.held_at.date().isoformat() if row.kind == ATTENDANCE else ""
    return hmac.digest(f"mark-file:{by.secret}:{day}".encode(), cells, "sha256").hex()


def apply_file(session: Session, importer: MarkImport, *, now: datetime) -> ImportRun | None:
    """Apply a read table whose row is locked; None where there is nothing to record. Rows of nobody go into the inbox.

    Raises MarkFileMovedError, MarkFileTwiceError, ClassMissingError; then the caller's transaction is to be given up.
    """
    row, by = importer.row, importer.by
    if row.state != READ:
        raise MarkFileMovedError
    left = rows_left(session, by, row)
    run = imports.apply(session, importer, row.organisation_id, now)
    # Asked afterwards, because whoever records of the same learners at the same time has come to an end by now.
    if run is not None and stands_already(session, by, row):
        raise MarkFileTwiceError
    if run is not None:
        put_kept(session, by, row, left, now=now)
        row.state, row.import_id, row.matches = APPLIED, run.id, {}
        note_left(session, row, len(left.table.rows) if left else 0, now=now)
        session.flush()
    return run


def undo_file(session: Session, importer: MarkImport, *, now: datetime) -> None:
    """Take an applied table back, or throw a read one away, its row locked; raise MarkFileMovedError."""
    row = importer.row
    if row.state not in {READ, APPLIED}:
        raise MarkFileMovedError
    if row.state == APPLIED:
        imports.undo(session, importer, row.organisation_id, now, run_id=row.import_id)
    row.state, row.table_sealed, row.matches = UNDONE, None, {}
    note_left(session, row, 0, now=now)
    session.flush()
