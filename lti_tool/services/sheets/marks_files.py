"""Tables of marks or of attendance: read, kept encrypted for the dry run, told whose rows and what its columns are."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import Identity, MarkFile
from lti_tool.services.courses.members import Link, list_members
from lti_tool.services.people.learner_keys import KeyOwner, open_bytes, sealed_bytes
from lti_tool.services.sheets.marks_files_states import READ
from lti_tool.services.sheets.marks_tasks import list_tasks, names_of
from qualoop.classroom.mark_heads import ATTENDANCE
from qualoop.classroom.mark_tables import Known, ReadTable, Terms, read_table
from qualoop.classroom.tables import Table
from qualoop.errors import QualoopError

MARKS: Final = "marks"
KINDS: Final = (MARKS, ATTENDANCE)
MOST_LISTED: Final = 50
_MAX_NAME: Final = 120


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
    """A table as it was sent and read: ``full`` is the full mark, ``held_at`` when it happened (never in the future)."""

    name: str
    table: Table
    kind: str
    full: Decimal
    held_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A table as it is kept: with what its columns are, by index, where a teacher has said so."""

    table: Table
    columns: Mapping[int, str] = field(default_factory=dict)

    def only(self, numbers: frozenset[int]) -> Kept:
        """Return the table with some of its rows, by number."""
        kept = [(number, row) for number, row in self.lines() if number in numbers]
        rows, places = tuple(row for _, row in kept), tuple(number for number, _ in kept)
        return replace(self, table=replace(self.table, rows=rows, numbers=places))

    def lines(self) -> Sequence[tuple[int, tuple[str, ...]]]:
        """Return the rows with their numbers."""
        return list(zip(self.table.numbers, self.table.rows, strict=True))


def keep(session: Session, by: Bringer, brought: Brought, *, now: datetime) -> MarkFile:
    """Keep a table for the dry run."""
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
    put_kept(session, by, row, Kept(table=brought.table), now=now)
    session.add(row)
    session.flush()
    return row


def put_kept(session: Session, by: Bringer, row: MarkFile, kept: Kept | None, *, now: datetime) -> None:
    """Keep a table, or what is left of it; None or no row: nothing of it."""
    if kept is None or not kept.table.rows:
        row.table_sealed = None
        return
    table = kept.table
    packed = {"cells": [table.header, table.rows, table.numbers], "columns": dict(kept.columns)}
    plain = json.dumps(packed, ensure_ascii=False).encode()
    row.table_sealed = sealed_bytes(session.connection(), _key(row, by.secret), plain, now)


def find_kept(session: Session, by: Bringer, row: MarkFile) -> Kept | None:
    """Return what is kept of a table; None where nothing is."""
    plain = open_bytes(session.connection(), _key(row, by.secret), row.table_sealed) if row.table_sealed else None
    if plain is None:
        return None
    packed = json.loads(plain)
    # As it was kept before a teacher could say what a column is.
    packed = packed if isinstance(packed, dict) else {"cells": packed, "columns": {}}
    header, rows, numbers = packed["cells"]
    return Kept(
        table=Table(header=tuple(header), rows=tuple(tuple(each) for each in rows), numbers=tuple(numbers)),
        columns={int(index): meaning for index, meaning in packed["columns"].items()},
    )


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
    """Return what is kept of a table says as the course is now; nothing once nothing is kept."""
    kept = find_kept(session, by, row)
    matches = {int(number): learner for number, learner in row.matches.items()}
    return read_kept(session, by, row, kept, matches=matches)


def read_kept(
    session: Session, by: Bringer, row: MarkFile, kept: Kept | None, *, matches: Mapping[int, str]
) -> ReadTable:
    """Return what a table says where some rows are of the learners that a teacher named."""
    if kept is None:
        return ReadTable(entries=(), problems=())
    tasks = {} if row.kind == ATTENDANCE else list_tasks(session, by.link.organisation_id)
    terms = Terms(
        parts=frozenset({ATTENDANCE}) if row.kind == ATTENDANCE else frozenset(tasks),
        full=Decimal(row.full),
        people=known_people(session, by.link),
        matches=matches,
        names=names_of(tasks.values()),
        columns=kept.columns,
    )
    return read_table(kept.table, terms)


def known_people(session: Session, link: Link) -> list[Known]:
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
    known = {each.uuid for each in known_people(session, by.link)}
    row.matches = row.matches | {str(number): learner for number, learner in matches.items() if learner in known}
    session.flush()


def set_columns(session: Session, by: Bringer, row: MarkFile, columns: Mapping[int, str], *, now: datetime) -> None:
    """Let columns of a read table be what a teacher says, by index; an empty word takes it back. Raises MarkFileMovedError."""
    kept = find_kept(session, by, row)
    if row.state != READ or kept is None:
        raise MarkFileMovedError
    said = {index: word for index, word in {**kept.columns, **columns}.items() if word}
    put_kept(session, by, row, replace(kept, columns=said), now=now)
    session.flush()
