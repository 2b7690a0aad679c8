"""Two organisations in one installation, full of rows, with the same ids for everything that a platform names.

Each has two registrations: at a platform of its own, and at one that both share as Canvas's cloud is shared, where
only the client_id tells them apart. Every text of the second that may be shown holds the canary.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import JSON, Column, ForeignKey, String, Table, Text, insert, select, update
from sqlalchemy.orm import Session

from lti_tool.db import Instant
from lti_tool.models import Base, Organisation
from lti_tool.services.mechanisms import imports
from tests.factories.choosing import Chooser, open_chooser
from tests.factories.classrooms import Seat, enter
from tests.factories.launches import LaunchingPlatform, rsa_key
from tests.factories.tool import NOON, Tool, register_platform, shipped

CANARY: Final = "CANARY0theirs"
SHARED: Final = "https://canvas.example.test"
#: Content that both organisations install from the same packages: it is no secret of either.
CONTENT: Final = frozenset({"activity", "content_version", "content_asset", "tag_set", "framework_version"})
#: Texts that people read: in every row of theirs the canary stands in them.
READ: Final = frozenset(
    {
        "name",
        "title",
        "email",
        "message",
        "made_by",
        "source",
        "resolution",
        "competent_name",
        "not_yet_name",
        "framework",
    }
)
#: What stands in columns of filled rows that are read as one of several words.
WORDS: Final = {
    "outcome": "done",
    "effect": "advise",
    "state": "done",
    "status": "open",
    "language": "en",
    "tags": "1",
    "subject": "kp",
    "detail": "refused",
}
#: Hashes and signatures that are published for everybody, and name nobody.
PUBLISHED: Final = "ledger_seal"


@dataclass(frozen=True)
class Tenant:
    """One organisation: its tool as each of its platforms launches it, a teacher, a learner, a choice of content."""

    tool: Tool
    at_shared: Tool
    organisation_id: int
    teacher: Seat
    learner: Seat
    chooser: Chooser

    def one(self, table: str, column: str = "id") -> Any:
        """Return a value of the organisation's first row of a table."""
        found = Base.metadata.tables[table]
        with self.tool.runtime.database.reading() as session:
            query = select(found.c[column]).where(found.c.organisation_id == self.organisation_id).order_by(found.c.id)
            return session.scalars(query).first()

    def uuid_of(self, seat: Seat) -> str:
        return seat.page.split("/")[2]


def two_tenants(tool: Tool) -> tuple[Tenant, Tenant]:
    """Return our organisation and theirs."""
    with tool.runtime.database.transaction() as session:
        other = Organisation(
            uuid=str(uuid.uuid4()), key="theirs", name=f"{CANARY} school", kind="school", created_at=NOON
        )
        session.add(other)
        session.flush()
        imports.apply(session, shipped(), other.id, NOON)
        there = other.id
    own = replace(tool.platform, issuer="https://theirs.example.test", key=rsa_key("theirs"))
    return (
        _tenant(tool, tool.organisation_id, own=tool.platform, client="canvas-ours", canary="", is_registered=True),
        _tenant(tool, there, own=own, client="canvas-theirs", canary=CANARY, is_registered=False),
    )


def _tenant(
    tool: Tool, organisation_id: int, *, own: LaunchingPlatform, client: str, canary: str, is_registered: bool
) -> Tenant:
    shared = replace(own, issuer=SHARED, client_id=client, key=rsa_key("shared"))
    with tool.runtime.database.transaction() as session:
        for platform in (shared,) if is_registered else (own, shared):
            register_platform(tool.runtime, platform, organisation_id, session=session)
    tool.runtime.registrations.forget()
    for platform in (own, shared):
        tool.keys.documents[platform.jwks_url] = platform.jwks()
    here = replace(tool, platform=own, organisation_id=organisation_id)
    at_shared = replace(here, platform=shared)
    learner = enter(here, "s-1", name=f"{canary or 'our'} learner")
    learner.answer(right=[True, False, True])
    enter(at_shared, "s-1", name=f"{canary or 'our'} second").answer(right=[False, True])
    made = Tenant(
        here, at_shared, organisation_id, enter(here, "t-1", name=f"{canary or 'our'} t", role="teacher"), learner,
        open_chooser(here),
    )  # fmt: skip
    with tool.runtime.database.transaction() as session:
        if canary:
            _fill(session, organisation_id, canary, here.clock.now)
            _mark(session, organisation_id, canary)
    return made


def _fill(session: Session, organisation_id: int, canary: str, now: datetime) -> None:
    """Give the organisation a row in every table that still has none."""
    for table in Base.metadata.sorted_tables:
        if "organisation_id" in table.columns and _first(session, table, organisation_id) is None:
            values = {column.name: _value(session, column, organisation_id, canary, now) for column in table.columns}
            session.execute(insert(table).values({name: each for name, each in values.items() if each is not None}))


def _value(session: Session, column: Column[Any], organisation_id: int, canary: str, now: datetime) -> Any:
    if column.name == "organisation_id":
        return organisation_id
    if column.foreign_keys:
        return _referenced(session, next(iter(column.foreign_keys)), organisation_id)
    if column.name == "id" or (column.nullable and not isinstance(column.type, String | Text | Instant)):
        return None
    return _made_up(column, canary, now)


def _made_up(column: Column[Any], canary: str, now: datetime) -> Any:
    """Return a value of a column that refers to nothing."""
    if isinstance(column.type, Instant):
        return now
    if isinstance(column.type, String | Text):
        if column.table.name == PUBLISHED:
            return "0"
        usual = str(uuid.uuid4()) if column.name.endswith("uuid") else f"{canary}-{column.table.name}"
        return WORDS.get(column.name, usual)[: column.type.length]
    if isinstance(column.type, JSON):
        return {"note": canary}
    return {bytes: canary.encode(), bool: False, date: now.date()}.get(column.type.python_type, 1)


def _referenced(session: Session, key: ForeignKey, organisation_id: int) -> Any:
    table = key.column.table
    row = _first(session, table, organisation_id) if "organisation_id" in table.columns else None
    return row[key.column.name] if row is not None else None


def _first(session: Session, table: Table, organisation_id: int) -> Mapping[str, Any] | None:
    query = select(table).where(table.c.organisation_id == organisation_id).limit(1)
    return session.execute(query).mappings().first()


def _mark(session: Session, organisation_id: int, canary: str) -> None:
    """Put the canary into every text that people read."""
    for table in Base.metadata.sorted_tables:
        if "organisation_id" not in table.columns or table.name in CONTENT or table.name.startswith("ledger"):
            continue
        texts = {
            column.name: f"{canary} {column.name}"[: column.type.length]
            for column in table.columns
            if isinstance(column.type, String | Text) and column.name in READ and not column.unique
        }
        if texts:
            session.execute(update(table).where(table.c.organisation_id == organisation_id).values(texts))


def checksums(tool: Tool, organisation_id: int) -> dict[str, tuple[int, str]]:
    """Return table -> (number of rows, checksum of all that is in them) of an organisation."""
    found = {}
    with tool.runtime.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if "organisation_id" in table.columns and table.name not in CONTENT:
                rows = sorted(repr(tuple(row)) for row in session.execute(
                    select(table).where(table.c.organisation_id == organisation_id)
                ))  # fmt: skip
                found[table.name] = (len(rows), sha256("\n".join(rows).encode()).hexdigest())
    return found
