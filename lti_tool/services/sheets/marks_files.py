"""Marks and attendance from a table: read, problems, dry run, applied in one transaction, undone by voiding."""

from __future__ import annotations

import hmac
import io
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Activity as ActivityRow
from lti_tool.models import ContentVersion, Identity, ImportRun, MarkFile, Organisation
from lti_tool.services.classes.questions import register_attendance
from lti_tool.services.courses.members import Link, list_members
from lti_tool.services.evidence import corrections, evidence
from lti_tool.services.evidence.evidence import Submission
from lti_tool.services.mechanisms import imports
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes, sealed_bytes
from lti_tool.services.sheets.extra import workbook_reader
from lti_tool.services.sheets.marks_files_states import APPLIED, READ, UNDONE
from qualoop.classroom.mark_tables import ATTENDANCE, Known, ReadTable, Terms, read_table
from qualoop.classroom.tables import MAX_COLUMNS, Table, TableRefusedError, number_text, read_csv
from qualoop.errors import QualoopError
from qualoop.framework import Framework
from qualoop.ledger import CorrectionRefusedError, Evidence, EvidenceForm, Reason

MARKS: Final = "marks"
KINDS: Final = (MARKS, ATTENDANCE)
SOURCE: Final = "marks-file"
MAX_BYTES: Final = 2 * 1024 * 1024
MOST_LISTED: Final = 50
_MAX_NAME: Final = 120
_MAX_UNPACKED: Final = 60 * 1024 * 1024
"""What a workbook may unpack to: it is a zip file, and zip files can hold bombs."""
_ZIP: Final = b"PK\x03\x04"


class MarkFileMissingError(QualoopError):
    """There is no such table in this course."""

    code = "mark-file-missing"


class MarkFileTwiceError(QualoopError):
    """The same table is recorded already in this course. It can be taken back first."""

    code = "mark-file-twice"


class MarkFileMovedError(QualoopError):
    """The table stands otherwise than the page showed: it was applied or undone."""

    code = "mark-file-moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringer:
    """Who brings a table, as a pseudonym, to which course; ``secret`` is the installation's."""

    link: Link
    actor: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A table as it was sent: ``full`` is the full mark, ``held_at`` when it happened (never in the future)."""

    name: str
    data: bytes
    kind: str
    full: Decimal
    held_at: datetime


def keep(session: Session, by: Bringer, brought: Brought, *, now: datetime) -> MarkFile:
    """Read a table and keep it for the dry run; raise TableRefusedError, PaperUnavailableError for a workbook."""
    table = _read(brought.data)
    row = MarkFile(
        organisation_id=by.link.organisation_id,
        uuid=str(uuid.uuid4()),
        context_id=by.link.context_id,
        import_id=None,
        actor=by.actor,
        kind=brought.kind,
        name="".join(each for each in brought.name if each.isprintable())[-_MAX_NAME:],
        full=str(brought.full),
        held_at=min(brought.held_at, now),
        state=READ,
        matches={},
        created_at=now,
    )
    packed = json.dumps([table.header, table.rows, table.numbers], ensure_ascii=False).encode()
    row.table_sealed = sealed_bytes(session.connection(), _key(row, by.secret), packed, now)
    session.add(row)
    session.flush()
    return row


def _read(data: bytes) -> Table:
    if len(data) > MAX_BYTES:
        raise TableRefusedError("too-large")
    return _workbook(data) if data.startswith(_ZIP) else read_csv(data)


def _workbook(data: bytes) -> Table:
    """Return the first sheet of a workbook: values, never formulas."""
    reader = workbook_reader()
    try:
        _check_unpacked(data)
        book = reader.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What it says of its own size can be wrong, and rows beyond that would be lost in silence.
        sheet.reset_dimensions()
        return Table.of([_shown(cell) for cell in row[: MAX_COLUMNS + 1]] for row in sheet.iter_rows())
    except TableRefusedError:
        raise
    # A damaged workbook fails anywhere in it, in whatever way.
    except Exception as error:
        raise TableRefusedError("unreadable") from error


def _shown(cell: Any) -> Any:
    """Return the value of a cell, a share as the per cent that it is shown as."""
    value = cell.value
    if type(value) in {int, float} and "%" in (cell.number_format or ""):
        return f"{number_text(100 * value)}%"
    return value


def _check_unpacked(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > _MAX_UNPACKED:
            raise TableRefusedError("too-large")


def _key(row: MarkFile, secret: str) -> KeyOwner:
    return KeyOwner(organisation_id=row.organisation_id, learner=row.uuid, secret=secret)


def get_file(session: Session, link: Link, file_uuid: str, *, locked: bool = False) -> MarkFile:
    """Return a table of the link's course; raise MarkFileMissingError."""
    query = select(MarkFile).where(
        MarkFile.organisation_id == link.organisation_id,
        MarkFile.context_id == link.context_id,
        MarkFile.uuid == file_uuid,
    )
    row = session.scalar(query.with_for_update(key_share=True) if locked else query)
    if row is None:
        raise MarkFileMissingError
    return row


def list_files(session: Session, link: Link) -> Sequence[MarkFile]:
    """Return the tables of the link's course, the newest first."""
    return session.scalars(
        select(MarkFile)
        .where(MarkFile.organisation_id == link.organisation_id, MarkFile.context_id == link.context_id)
        .order_by(MarkFile.id.desc())
        .limit(MOST_LISTED)
    ).all()


def read_file(session: Session, by: Bringer, row: MarkFile) -> ReadTable:
    """Return what a table says as the course is now; nothing once it was applied or thrown away."""
    plain = open_bytes(session.connection(), _key(row, by.secret), row.table_sealed) if row.table_sealed else None
    if plain is None:
        return ReadTable(entries=(), problems=())
    header, rows, numbers = json.loads(plain)
    table = Table(header=tuple(header), rows=tuple(tuple(each) for each in rows), numbers=tuple(numbers))
    parts = frozenset({ATTENDANCE} if row.kind == ATTENDANCE else _parts(session, by.link.organisation_id))
    terms = Terms(
        parts=parts,
        full=Decimal(row.full),
        people=_people(session, by.link),
        matches={int(number): learner for number, learner in row.matches.items()},
    )
    return read_table(table, terms)


def _parts(session: Session, organisation_id: int) -> Mapping[str, tuple[str, str, str]]:
    """Return the parts of what is installed by how a column names them: activity/part -> (activity, content, part)."""
    rows = session.execute(
        select(ActivityRow.key, ContentVersion.hash, ContentVersion.manifest)
        .join(ContentVersion, ContentVersion.id == ActivityRow.version_id)
        .where(ActivityRow.organisation_id == organisation_id, ContentVersion.organisation_id == organisation_id)
    )
    return {
        f"{key}/{part['key']}": (key, content, part["key"])
        for key, content, manifest in rows
        for part in manifest["parts"]
    }


def _people(session: Session, link: Link) -> list[Known]:
    """Return who learns in the course, with what the platform tells of each."""
    members = list_members(session.connection(), link)
    people = [member.subject.person_id for member in members]
    told = {
        person_id: (subject, email)
        for person_id, subject, email in session.execute(
            select(Identity.person_id, Identity.subject, Identity.email).where(
                Identity.organisation_id == link.organisation_id,
                Identity.registration_id == link.registration_id,
                Identity.person_id.in_(people),
            )
        )
    }
    known = []
    for member in members:
        subject, email = told.get(member.subject.person_id, ("", ""))
        known.append(
            Known(
                uuid=member.subject.uuid,
                name=member.name or "",
                numbers=(subject,) if subject else (),
                emails=(email,) if email else (),
            )
        )
    return known


def match(session: Session, by: Bringer, row: MarkFile, matches: Mapping[int, str]) -> None:
    """Let rows of a read table be of learners of the course; raise MarkFileMovedError."""
    if row.state != READ:
        raise MarkFileMovedError
    known = {each.uuid for each in _people(session, by.link)}
    row.matches = row.matches | {str(number): learner for number, learner in matches.items() if learner in known}
    session.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkImport:
    """A read table as an import (services.imports.Importer); ``by`` is who applies or undoes it."""

    row: MarkFile
    by: Bringer
    framework: Framework | None
    kind: str = "marks"

    @property
    def source(self) -> str:
        """Return what it came from."""
        return self.row.uuid

    def diff(self, session: Session, organisation_id: int) -> Sequence[str]:
        """Say what would be recorded."""
        entries = counted(self.row, read_file(session, self.by, self.row))
        if not entries.entries:
            return ()
        learners = len({each.learner for each in entries.entries})
        return (f"records {len(entries.entries)} entries ({self.row.kind}) of {learners} learners",)

    def apply(self, session: Session, organisation_id: int, now: datetime) -> Mapping[str, Any]:
        """Record it."""
        found = counted(self.row, read_file(session, self.by, self.row))
        submissions = list(self._submissions(session, found, now))
        done = evidence.record_many(session.connection(), organisation_id, submissions, now=now)
        return {"events": [each.uuid for each in done], "table": _fingerprint(session, self.by, self.row)}

    def undo(self, session: Session, organisation_id: int, memory: Mapping[str, Any], now: datetime) -> None:
        """Void what was recorded."""
        organisation = session.get_one(Organisation, organisation_id)
        for event in memory["events"]:
            request = corrections.Request(target=UUID(event), reason=Reason.ERROR, actor=self.by.actor)
            with suppress(CorrectionRefusedError):
                corrections.correct(session, organisation, request, secret=self.by.secret, now=now)

    def _submissions(self, session: Session, found: ReadTable, now: datetime) -> Iterator[Submission]:
        is_attendance = self.row.kind == ATTENDANCE
        named = (
            {ATTENDANCE: register_attendance(session, self.row.organisation_id, self.framework, now)}
            if is_attendance
            else _parts(session, self.row.organisation_id)
        )
        for each in found.entries:
            activity, content, part = named[each.part]
            yield Submission(
                learner=each.learner,
                evidence=Evidence(
                    activity=activity,
                    content=content,
                    part=part,
                    score=each.score,
                    form=EvidenceForm.ATTENDANCE if is_attendance else EvidenceForm.PAPER,
                    rater=self.row.actor,
                    attempt=self.row.uuid,
                    tries=1,
                    hints=0,
                ),
                source=(SOURCE, f"{self.row.uuid}:{each.row}", part),
                occurred_at=self.row.held_at,
                actor=self.row.actor,
            )


def counted(row: MarkFile, found: ReadTable) -> ReadTable:
    """Return what of a table is recorded: of attendance only presence, since absence is no evidence of anything."""
    if row.kind != ATTENDANCE:
        return found
    return replace(found, entries=tuple(each for each in found.entries if each.score))


def stands_already(session: Session, by: Bringer, row: MarkFile) -> bool:
    """Say whether a read table is recorded in its course: the same cells, of attendance on the same day."""
    said = _fingerprint(session, by, row)
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


def _fingerprint(session: Session, by: Bringer, row: MarkFile) -> str:
    """Return what tells a table from others and says nothing of it, under the installation's secret; empty once it is gone."""
    plain = open_bytes(session.connection(), _key(row, by.secret), row.table_sealed) if row.table_sealed else None
    if plain is None:
        return ""
    day = row.held_at.date().isoformat() if row.kind == ATTENDANCE else ""
    return hmac.digest(f"mark-file:{by.secret}:{day}".encode(), plain, "sha256").hex()


def apply_file(session: Session, importer: MarkImport, *, now: datetime) -> ImportRun | None:
    """Apply a read table whose row is locked; None where there is nothing to record.

    Raises MarkFileMovedError, MarkFileTwiceError; then the caller's transaction is to be given up.
    """
    row = importer.row
    if row.state != READ:
        raise MarkFileMovedError
    run = imports.apply(session, importer, row.organisation_id, now)
    # Asked afterwards, because whoever records of the same learners at the same time has come to an end by now.
    if run is not None and stands_already(session, importer.by, row):
        raise MarkFileTwiceError
    if run is not None:
        row.state, row.import_id, row.table_sealed = APPLIED, run.id, None
        session.flush()
    return run


def undo_file(session: Session, importer: MarkImport, *, now: datetime) -> None:
    """Take an applied table back, or throw a read one away, its row locked; raise MarkFileMovedError."""
    row = importer.row
    if row.state not in {READ, APPLIED}:
        raise MarkFileMovedError
    if row.state == APPLIED:
        imports.undo(session, importer, row.organisation_id, now, run_id=row.import_id)
    row.state, row.table_sealed = UNDONE, None
    session.flush()
