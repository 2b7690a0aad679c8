"""The ledger in the database: append-only whatever is tried, idempotent, sealed, verifiable."""

from __future__ import annotations

import json

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DatabaseError

from lti_tool.models import InboxItem, LedgerEvent, LedgerSeal, Organisation
from lti_tool.services.ledger import ledger
from lti_tool.services.platforms import tool_keys
from qualoop.ledger import EventType, StoredEvent, body_hash, verify_seals
from tests.factories.tool import SECRET, Tool

APPEND_ONLY = "append-only"


def append(tool: Tool, source_id: str, body: dict[str, object]) -> int | None:
    with tool.runtime.database.connection() as connection:
        event = ledger.new_event(
            connection,
            tool.organisation_id,
            EventType.POLICY_ADOPTED,
            body,
            source=("test", source_id, ""),
            now=tool.clock.now,
        )
        return ledger.append(connection, tool.organisation_id, event)


def seal(tool: Tool) -> object:
    with tool.runtime.database.transaction() as session:
        organisation = session.scalars(select(Organisation)).one()
        key = tool_keys.ensure_key(session, tool_keys.LEDGER, secret=SECRET, now=tool.clock.now)
        return ledger.seal(session, organisation, key, tool.clock.now)


def first_break(tool: Tool) -> object:
    with tool.runtime.database.reading() as session:
        organisation = session.scalars(select(Organisation)).one()
        seals = [ledger.as_seal(organisation.uuid, row) for row in session.scalars(select(LedgerSeal))]
        events = [
            StoredEvent(
                seq=row.id,
                body_hash=row.body_hash,
                found_hash=body_hash(ledger.as_event(organisation.uuid, row, json.loads(row.body))),
            )
            for row in session.scalars(select(LedgerEvent).order_by(LedgerEvent.id))
        ]
        return verify_seals(organisation.uuid, seals, events)


@pytest.mark.parametrize("table", [LedgerEvent, LedgerSeal])
def test_update_and_delete_are_refused(tool: Tool, table: type[LedgerEvent | LedgerSeal]) -> None:
    append(tool, "1", {"n": 1})
    seal(tool)
    for statement in (update(table).values(organisation_id=9), delete(table)):
        with pytest.raises(DatabaseError, match=APPEND_ONLY), tool.runtime.database.transaction() as session:
            session.execute(statement)


def test_insert_or_replace_is_refused(tool: Tool) -> None:
    seq = append(tool, "1", {"n": 1})
    database = tool.runtime.database
    columns = (
        "organisation_id, uuid, type, actor, occurred_at, recorded_at, source, source_id, attempt, body, body_hash"
    )
    copied = columns.replace(" uuid", " 'another'").replace("body,", "'{}',")
    verb = "INSERT OR REPLACE" if database.is_sqlite else "INSERT"
    for key, value in (("id, ", f"{seq}, "), ("", "")):
        statement = (
            f"{verb} INTO ledger_event ({key}{columns}) SELECT {value}{copied} FROM ledger_event WHERE id = {seq}"
        )
        refused = APPEND_ONLY if database.is_sqlite else "duplicate key"
        with pytest.raises(DatabaseError, match=refused), database.transaction() as session:
            session.execute(text(statement))


def test_truncate_is_refused_on_postgresql(tool: Tool) -> None:
    if tool.runtime.database.is_sqlite:
        return  # SQLite has no TRUNCATE; DELETE is refused above.
    with pytest.raises(DatabaseError, match=APPEND_ONLY), tool.runtime.database.transaction() as session:
        session.execute(text("TRUNCATE ledger_event"))


def test_a_repeat_makes_no_second_event(tool: Tool) -> None:
    assert append(tool, "1", {"n": 1}) is not None
    assert append(tool, "1", {"n": 1}) is None
    with tool.runtime.database.reading() as session:
        assert session.scalar(select(func.count()).where(LedgerEvent.source == "test")) == 1
        assert session.scalar(select(func.count()).select_from(InboxItem)) == 0


def test_another_payload_under_the_same_key_goes_to_the_inbox(tool: Tool) -> None:
    append(tool, "1", {"n": 1})
    assert append(tool, "1", {"n": 2}) is None
    with tool.runtime.database.reading() as session:
        item = session.scalars(select(InboxItem)).one()
        stands = session.scalars(select(LedgerEvent.uuid).where(LedgerEvent.source == "test")).one()
        assert (item.reason, item.details) == ("evidence-conflict", {"event": stands, "body": {"n": 2}})


def test_everything_is_sealed_once_and_verifies(tool: Tool) -> None:
    append(tool, "1", {"n": 1})
    first = seal(tool)
    assert seal(tool) is None
    append(tool, "2", {"n": 2})
    second = seal(tool)
    assert (getattr(first, "number", 0), getattr(second, "number", 0)) == (1, 2)
    assert first_break(tool) is None


def test_a_changed_row_is_named(tool: Tool) -> None:
    seq = append(tool, "1", {"n": 1})
    seal(tool)
    with tool.runtime.database.reading() as session:
        organisation = session.scalars(select(Organisation)).one()
        row = session.get_one(LedgerEvent, seq)
        event = ledger.as_event(organisation.uuid, row, {"n": 7})
        rows = [
            StoredEvent(seq=r.id, body_hash=r.body_hash, found_hash=body_hash(event) if r.id == seq else r.body_hash)
            for r in session.scalars(select(LedgerEvent).order_by(LedgerEvent.id))
        ]
        seals = [ledger.as_seal(organisation.uuid, row) for row in session.scalars(select(LedgerSeal))]
        broken = verify_seals(organisation.uuid, seals, rows)
    assert broken
    assert (broken.first_seq, broken.reason) == (seq, "event-changed")


def test_the_roots_are_published(tool: Tool) -> None:
    append(tool, "1", {"n": 1})
    seal(tool)
    with tool.runtime.database.reading() as session:
        organisation = session.scalars(select(Organisation)).one()
    answer = tool.browser().get(f"/ledger/roots/{organisation.uuid}").get_json()
    assert [row["number"] for row in answer["seals"]] == [1]
    keys = KeySet.import_key_set(tool.browser().get("/ledger/keys").get_json())
    seal_row = answer["seals"][0]
    signed = jws.deserialize_compact(seal_row["signature"], keys)
    assert signed.payload.decode() == f"{organisation.uuid}.1.{seal_row['chain_hash']}"
