"""The record of a teacher: entries that the teacher makes and somebody else confirms, what the database itself shows.

Everything that was written is under the teacher's own data key, as are the documents. Nothing is deleted by a click:
an entry is taken back, and can be restored for a month. Every change is an event that stays, with what stood there.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, undefer

from lti_tool.models import Person, TeacherEntryEvent, TeacherEntryRow
from lti_tool.services.attempts.submitted_work import NewFile
from lti_tool.services.people.learner_keys import BytesOpener, KeyOwner, bytes_opener, sealed_bytes
from qualoop.errors import QualoopError
from qualoop.records.teacher_record import Entry, EntryBody, EntryKind, EntryState, TeacherEntryRefusedError

MAX_FILE: Final = 5 * 1024 * 1024
MAX_FILES: Final = 50 * 1024 * 1024
"""Bytes of all documents of one record, sealed, also those of entries that were taken back and can be restored."""

MAX_ENTRIES: Final = 500
MAX_REASON: Final = 500
ADDED, CHANGED, CONFIRMED, REFUSED, TAKEN_BACK, RESTORED = (
    *("added", "changed", "confirmed", "refused", "taken-back", "restored"),
)


class TeacherEntryMissingError(QualoopError):
    """There is no such entry in this teacher's record."""

    code = "teacher-entry-missing"


class TeacherEntryMovedError(QualoopError):
    """Somebody changed or decided about the entry meanwhile: it does not stand as the page showed it."""

    code = "teacher-entry-moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose record it is; ``secret`` is the installation's."""

    organisation_id: int
    person_id: int
    uuid: str
    secret: str

    @property
    def key(self) -> KeyOwner:
        """Return under whose key everything is."""
        return KeyOwner(organisation_id=self.organisation_id, learner=self.uuid, secret=self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document beside an entry: its name, and the media type that its content showed."""

    name: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """An entry as a page shows it. ``reason`` is why it was refused, ``by`` who decided, both empty before."""

    entry: Entry
    revision: int
    document: Document | None
    by: str
    reason: str
    updated_at: datetime


def list_entries(session: Session, holder: Holder) -> Sequence[EntryLine]:
    """Return the entries of a record, the latest period first; nothing of an erased person."""
    rows = session.scalars(
        select(TeacherEntryRow)
        .where(TeacherEntryRow.organisation_id == holder.organisation_id, TeacherEntryRow.person_id == holder.person_id)
        .order_by(TeacherEntryRow.id)
    ).all()
    decided = _decided(session, holder, [row.id for row in rows])
    opened = bytes_opener(session.connection(), holder.key)
    lines = [_line(opened, row, decided.get(row.id, ("", b""))) for row in rows]
    found = [line for line in lines if line is not None]
    return sorted(found, key=lambda line: (line.entry.body.ends, line.entry.key), reverse=True)


def add(session: Session, holder: Holder, body: EntryBody, file: NewFile | None, *, now: datetime) -> str:
    """Make an entry and return its key. Raises TeacherEntryRefusedError, LearnerErasedError."""
    count = len(session.scalars(select(TeacherEntryRow.id).where(*_own(holder))).all())
    if count >= MAX_ENTRIES:
        raise TeacherEntryRefusedError({"": "many"})
    sealed = _sealed(session, holder, body, "", now=now)
    row = TeacherEntryRow(
        organisation_id=holder.organisation_id,
        uuid=str(uuid.uuid4()),
        person_id=holder.person_id,
        kind=body.kind.value,
        state=EntryState.CLAIMED.value,
        body_sealed=sealed,
        revision=0,
        created_at=now,
        updated_at=now,
    )
    _attach(session, holder, row, file, now=now)
    session.add(row)
    session.flush()
    _note(session, row, ADDED, "", sealed=sealed, now=now)
    return row.uuid


def change(
    session: Session, holder: Holder, key: str, body: EntryBody, *, file: NewFile | None, seen: int, now: datetime
) -> None:
    """Let an entry say something else: it is to be confirmed again. Raises as `add`, and the two of entries."""
    row = _get(session, holder, key, seen)
    if row.state == EntryState.TAKEN_BACK:
        raise TeacherEntryMovedError
    row.body_sealed, row.kind = _sealed(session, holder, body, "", now=now), body.kind.value
    row.state = EntryState.CLAIMED.value
    _attach(session, holder, row, file, now=now)
    _note(session, row, CHANGED, "", sealed=row.body_sealed, now=now)


def take_back(session: Session, holder: Holder, key: str, *, seen: int, now: datetime) -> None:
    """Take an entry back: it counts no more, and is deleted in a month. Raises the two errors of entries."""
    row = _get(session, holder, key, seen)
    if row.state == EntryState.TAKEN_BACK:
        raise TeacherEntryMovedError
    row.state = EntryState.TAKEN_BACK.value
    _note(session, row, TAKEN_BACK, "", sealed=row.body_sealed, now=now)


def restore(session: Session, holder: Holder, key: str, *, seen: int, now: datetime) -> None:
    """Let an entry that was taken back stand again; it is to be confirmed again. Raises the two errors of entries."""
    row = _get(session, holder, key, seen)
    if row.state != EntryState.TAKEN_BACK:
        raise TeacherEntryMovedError
    row.state = EntryState.CLAIMED.value
    _note(session, row, RESTORED, "", sealed=row.body_sealed, now=now)


def decide(
    session: Session, holder: Holder, key: str, *, confirmed: bool, reason: str, by: str, seen: int, now: datetime
) -> None:
    """Let somebody else confirm an entry, or refuse it for a reason, or think again. ``by`` names that person, never empty.

    Raises the two errors of entries, TeacherEntryRefusedError for a refusal without a reason.
    """
    row = _get(session, holder, key, seen)
    if not by or row.state == EntryState.TAKEN_BACK:
        raise TeacherEntryMovedError
    reason = reason.strip()
    if len(reason) > MAX_REASON or not (confirmed or reason):
        raise TeacherEntryRefusedError({"reason": "missing" if not reason else "long"})
    body = _body(bytes_opener(session.connection(), holder.key), row)
    row.state = (EntryState.CONFIRMED if confirmed else EntryState.REFUSED).value
    sealed = _sealed(session, holder, body, "" if confirmed else reason, now=now)
    _note(session, row, CONFIRMED if confirmed else REFUSED, by, sealed=sealed, now=now)


def get_file(session: Session, holder: Holder, key: str) -> tuple[Document, bytes]:
    """Return the document beside an entry; raise TeacherEntryMissingError where there is none."""
    query = select(TeacherEntryRow).where(*_own(holder), TeacherEntryRow.uuid == key)
    row = _find(session, query.options(undefer(TeacherEntryRow.file_sealed)), key)
    if row is None or row.file_sealed is None:
        raise TeacherEntryMissingError
    opened = bytes_opener(session.connection(), holder.key)
    document, data = _document(opened, row), opened(row.file_sealed)
    if document is None or data is None:
        raise TeacherEntryMissingError
    return document, data


def is_taken_back(session: Session, holder: Holder, key: str) -> bool:
    """Say whether an entry of a record was taken back; False where there is none."""
    row = _find(session, select(TeacherEntryRow).where(*_own(holder), TeacherEntryRow.uuid == key), key)
    return row is not None and row.state == EntryState.TAKEN_BACK


def find_holder(session: Session, organisation_id: int, person_uuid: str, secret: str) -> Holder | None:
    """Return whose record a pseudonym of the organisation leads to; None for nobody."""
    query = select(Person.id).where(Person.organisation_id == organisation_id, Person.uuid == person_uuid)
    person = None if "\0" in person_uuid else session.scalar(query)
    if person is None:
        return None
    return Holder(organisation_id=organisation_id, person_id=person, uuid=person_uuid, secret=secret)


def _body(opened: BytesOpener, row: TeacherEntryRow) -> EntryBody:
    """Return what an entry says; raise TeacherEntryMissingError where the key of its holder is destroyed."""
    plain = opened(row.body_sealed)
    if plain is None:
        raise TeacherEntryMissingError
    return _read(json.loads(plain), EntryKind(row.kind))


def _line(opened: BytesOpener, row: TeacherEntryRow, decided: tuple[str, bytes]) -> EntryLine | None:
    try:
        body = _body(opened, row)
    except TeacherEntryMissingError:
        return None
    by, sealed = decided if row.state in {EntryState.CONFIRMED, EntryState.REFUSED} else ("", b"")
    told = opened(sealed) if sealed else None
    return EntryLine(
        entry=Entry(key=row.uuid, body=body, state=EntryState(row.state)),
        revision=row.revision,
        document=_document(opened, row),
        by=by,
        reason=str(json.loads(told).get("reason", "")) if told else "",
        updated_at=row.updated_at,
    )


def _decided(session: Session, holder: Holder, rows: Sequence[int]) -> dict[int, tuple[str, bytes]]:
    """Return by entry who decided last about it, and the sealed body with the reason."""
    found: dict[int, tuple[str, bytes]] = {}
    for row in session.scalars(
        select(TeacherEntryEvent)
        .where(
            TeacherEntryEvent.organisation_id == holder.organisation_id,
            TeacherEntryEvent.teacher_entry_id.in_(rows),
            TeacherEntryEvent.act.in_((CONFIRMED, REFUSED)),
        )
        .order_by(TeacherEntryEvent.number)
    ):
        found[row.teacher_entry_id] = (row.by, row.body_sealed)
    return found


def _get(session: Session, holder: Holder, key: str, seen: int) -> TeacherEntryRow:
    """Return an entry, locked, as it was when a page showed its revision ``seen``."""
    query: Select[TeacherEntryRow] = select(TeacherEntryRow).where(*_own(holder), TeacherEntryRow.uuid == key)
    row = _find(session, query.with_for_update().execution_options(populate_existing=True), key)
    if row is None:
        raise TeacherEntryMissingError
    if row.revision != seen:
        raise TeacherEntryMovedError
    return row


def _find(session: Session, query: Select[TeacherEntryRow], key: str) -> TeacherEntryRow | None:
    """Return what a query by a key of an address finds; PostgreSQL takes no text with a zero byte, not even there."""
    return None if "\0" in key else session.scalar(query)


def _own(holder: Holder) -> tuple[Any, ...]:
    """Return the condition of the entries of a record."""
    return (TeacherEntryRow.organisation_id == holder.organisation_id, TeacherEntryRow.person_id == holder.person_id)


def _note(session: Session, row: TeacherEntryRow, act: str, by: str, *, sealed: bytes, now: datetime) -> None:
    """Count a change of an entry, with what it says from then on."""
    row.revision, row.updated_at = row.revision + 1, now
    session.add(
        TeacherEntryEvent(
            organisation_id=row.organisation_id,
            teacher_entry_id=row.id,
            number=row.revision,
            act=act,
            by=by[:255],
            body_sealed=sealed,
            at=now,
        )
    )
    session.flush()


def _attach(session: Session, holder: Holder, row: TeacherEntryRow, file: NewFile | None, *, now: datetime) -> None:
    """Put a document beside an entry, in the place of the one that is there; raise TeacherEntryRefusedError."""
    if file is None:
        return
    media_type = file.media_type
    if media_type is None or len(file.data) > MAX_FILE:
        raise TeacherEntryRefusedError({"file": "file"})
    if _bytes_beside(session, holder, row) + len(file.data) > MAX_FILES:
        raise TeacherEntryRefusedError({"file": "full"})
    connection = session.connection()
    row.file_sealed, row.file_type = sealed_bytes(connection, holder.key, file.data, now), media_type
    row.file_name_sealed = sealed_bytes(connection, holder.key, file.name[:200].encode(), now)


def _bytes_beside(session: Session, holder: Holder, row: TeacherEntryRow) -> int:
    """Return how many bytes the documents of a record's other entries have; reads lengths, not documents."""
    lengths = select(func.coalesce(func.sum(func.length(TeacherEntryRow.file_sealed)), 0)).where(*_own(holder))
    with session.no_autoflush:
        return int(session.scalar(lengths.where(TeacherEntryRow.uuid != row.uuid)) or 0)


def _document(opened: BytesOpener, row: TeacherEntryRow) -> Document | None:
    if row.file_name_sealed is None or row.file_type is None:
        return None
    name = opened(row.file_name_sealed)
    return Document(name=name.decode(), media_type=row.file_type) if name else None


def _sealed(session: Session, holder: Holder, body: EntryBody, reason: str, *, now: datetime) -> bytes:
    document = {
        "title": body.title,
        "place": body.place,
        "starts": body.starts.isoformat(),
        "ends": body.ends.isoformat(),
        "days": body.days,
        "link": body.link,
        "reason": reason,
    }
    plain = json.dumps(document, ensure_ascii=False).encode()
    return sealed_bytes(session.connection(), holder.key, plain, now)


def _read(document: dict[str, Any], kind: EntryKind) -> EntryBody:
    return EntryBody(
        kind=kind,
        title=document["title"],
        place=document["place"],
        starts=date.fromisoformat(document["starts"]),
        ends=date.fromisoformat(document["ends"]),
        days=document["days"],
        link=document["link"],
    )
