"""The ledger in the database: append once, seal soon. Nothing here updates or deletes; the database refuses it anyway."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from joserfc import jws
from sqlalchemy import ColumnElement, Connection, Row, literal_column, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Direct, Driver, Prepared, micros
from lti_tool.lti.tool_keys import ALGORITHM, ToolKey
from lti_tool.models import LedgerEvent, LedgerSeal, Organisation
from lti_tool.services.mechanisms import inbox
from qualoop.ledger import Event, EventType, Seal, body_hash, canonical_body, seal_events, signed_text

SYSTEM: Final = "qualoop"
SEAL_AT_MOST: Final = 50_000

_KNOWN = Direct(
    "SELECT body, learner FROM ledger_event WHERE organisation_id = ? AND source = ? AND source_id = ? AND attempt = ?"
)
# On SQLite a trigger refuses a repeat before its conflict is looked at.
_APPEND = Direct(
    "INSERT INTO ledger_event (organisation_id, source, source_id, attempt, uuid, type, learner, actor, occurred_at, "
    "recorded_at, body, body_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (organisation_id, source, source_id, attempt) DO NOTHING RETURNING id"
)
_ORGANISATION = Prepared(text("SELECT uuid FROM organisation WHERE id = :organisation_id"))


def organisation_pseudonym(connection: Connection, organisation_id: int) -> str:
    """Return the uuid under which the ledger knows an organisation; it never changes."""
    row = _ORGANISATION.one(connection, {"organisation_id": organisation_id})
    if row is None:
        raise LookupError("no such organisation")
    return str(row[0])


def new_event(
    connection: Connection,
    organisation_id: int,
    kind: EventType,
    body: dict[str, Any],
    *,
    source: tuple[str, str, str],
    now: datetime,
    learner: str | None = None,
    actor: str = SYSTEM,
) -> Event:
    """Return an event of the present moment; ``source`` is (source, source id, attempt), the key of repeats."""
    return Event(
        uuid=new_uuid(now),
        type=kind,
        organisation=organisation_pseudonym(connection, organisation_id),
        learner=learner,
        actor=actor,
        occurred_at=now,
        recorded_at=now,
        source=source[0],
        source_id=source[1],
        attempt=source[2],
        body=body,
    )


def new_uuid(now: datetime) -> uuid.UUID:
    """Return a new random uuid of version 7 (RFC 9562): those of one time stand side by side in an index."""
    milliseconds = micros(now) // 1000 & (1 << 48) - 1
    random = int.from_bytes(os.urandom(10), "big") & ~(0b11 << 62 | 0b1111 << 76) | 0b10 << 62 | 7 << 76
    return uuid.UUID(int=milliseconds << 80 | random)


def append(connection: Connection, organisation_id: int, event: Event, *, canonical: bytes | None = None) -> int | None:
    """Append an event and return its sequence number; None for a repeat, which makes no second event.

    The same key with another payload goes to the inbox, never over the event that stands. ``canonical`` is the
    `canonical_body` of the event where the caller has it.
    """
    canonical = canonical_body(event.body) if canonical is None else canonical
    body = canonical.decode()
    key = (organisation_id, event.source, event.source_id, event.attempt)
    driver = Driver(connection)
    seq = _insert(driver, key, event, body=body, digest=body_hash(event, canonical))
    if seq is not None:
        return seq
    if driver.one(_KNOWN, key) != (body, event.learner):
        _note_conflict(connection, organisation_id, event)
    return None


def _insert(driver: Driver, key: tuple[int, str, str, str], event: Event, *, body: str, digest: str) -> int | None:
    """Insert an event; return its sequence number, or None where its key is taken."""
    row = (
        *key,
        str(event.uuid),
        event.type.value,
        event.learner,
        event.actor,
        micros(event.occurred_at),
        micros(event.recorded_at),
        body,
        digest,
    )
    try:
        made = driver.one(_APPEND, row)
    except sqlite3.IntegrityError:
        if driver.one(_KNOWN, key) is None:
            raise
        return None
    return None if made is None else int(made[0])


def seal(session: Session, organisation: Organisation, key: ToolKey, now: datetime) -> Seal | None:
    """Chain and seal what an organisation's ledger holds since its last seal; None where there is nothing new."""
    _wait_for_writers(session)
    previous = find_last_seal(session, organisation)
    rows: Sequence[tuple[int, str]] = [
        (row[0], row[1])
        for row in session.execute(
            select(LedgerEvent.id, LedgerEvent.body_hash)
            .where(in_order(session, organisation.id), LedgerEvent.id > (previous.to_seq if previous else 0))
            .order_by(LedgerEvent.id)
            .limit(SEAL_AT_MOST)
        )
    ]
    if not rows:
        return None
    made = seal_events(previous, rows, organisation=organisation.uuid, sealed_at=now)
    signature = jws.serialize_compact({"alg": ALGORITHM, "kid": key.kid}, signed_text(made), key.private)
    session.add(
        LedgerSeal(
            organisation_id=organisation.id,
            number=made.number,
            from_seq=made.from_seq,
            to_seq=made.to_seq,
            count=made.count,
            prev_hash=made.prev_hash,
            chain_hash=made.chain_hash,
            merkle_root=made.merkle_root,
            signature=signature,
            sealed_at=now,
        )
    )
    session.flush()
    return made


def in_order(session: Session, organisation_id: int) -> ColumnElement[bool]:
    """Return the condition that an event is of an organisation, for whoever reads the ledger by its numbers.

    SQLite would take an index that begins with the organisation, and sort everything that it holds, for each page that
    is read. The plus sign hides the column from that index, so that it goes along the numbers. PostgreSQL knows better.
    """
    if session.get_bind().dialect.name == "sqlite":
        hidden: ColumnElement[int] = literal_column("+ledger_event.organisation_id")
        return hidden == organisation_id
    return LedgerEvent.organisation_id == organisation_id


def find_last_seal(session: Session, organisation: Organisation) -> Seal | None:
    """Return the newest seal of an organisation."""
    row = session.scalar(
        select(LedgerSeal)
        .where(LedgerSeal.organisation_id == organisation.id)
        .order_by(LedgerSeal.number.desc())
        .limit(1)
    )
    return None if row is None else as_seal(organisation.uuid, row)


def as_seal(organisation: str, row: LedgerSeal) -> Seal:
    """Return a stored seal as a value."""
    return Seal(
        organisation=organisation,
        number=row.number,
        from_seq=row.from_seq,
        to_seq=row.to_seq,
        count=row.count,
        prev_hash=row.prev_hash,
        chain_hash=row.chain_hash,
        merkle_root=row.merkle_root,
        sealed_at=row.sealed_at,
    )


def as_event(organisation: str, row: LedgerEvent | Row[Any], body: dict[str, Any]) -> Event:
    """Return a stored event as a value, from its object or from a row with the same columns."""
    return Event(
        uuid=uuid.UUID(row.uuid),
        type=EventType(row.type),
        organisation=organisation,
        learner=row.learner,
        actor=row.actor,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        source=row.source,
        source_id=row.source_id,
        attempt=row.attempt,
        body=body,
    )


def _wait_for_writers(session: Session) -> None:
    """Wait until no event below the newest is still being written.

    Sequence numbers are given before the commit: without this a seal could pass over one that commits later. SQLite
    has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ledger_event IN SHARE MODE"))


def _note_conflict(connection: Connection, organisation_id: int, event: Event) -> None:
    """Put a message that contradicts the ledger into the inbox, with the uuid of the event that it contradicts."""
    with Session(connection) as session:
        stands = session.scalar(
            select(LedgerEvent.uuid).where(
                LedgerEvent.organisation_id == organisation_id,
                LedgerEvent.source == event.source,
                LedgerEvent.source_id == event.source_id,
                LedgerEvent.attempt == event.attempt,
            )
        )
        inbox.put(
            session,
            organisation_id=organisation_id,
            reason="evidence-conflict",
            subject=f"{event.source}:{event.source_id}:{event.attempt}"[: inbox.MAX_SUBJECT],
            details={"event": stands, "body": dict(event.body)},
            owner_role="administrator",
            actions=["keep", "revise"],
            now=event.recorded_at,
        )
