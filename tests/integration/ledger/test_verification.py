"""Whatever somebody with the database does to a ledger, `verify` says where: the first event, or the stretch."""

from __future__ import annotations

import uuid

import pytest
from joserfc.jwk import KeySet
from sqlalchemy import select

from lti_tool.lti.tool_keys import make_tool_key
from lti_tool.models import LedgerEvent, LedgerSeal, Organisation
from lti_tool.services.ledger import verification
from lti_tool.services.ledger.verification import Broken, Verified
from lti_tool.services.records.ledger_download import published_keys
from qualoop.ledger import Event
from tests.integration.ledger.conftest import School

LEARNER = str(uuid.UUID(int=5))


@pytest.fixture
def recorded(school: School) -> list[Event]:
    """Six events: a seal over one, over three, over one, and the last that is not sealed."""
    school.record(str(uuid.UUID(int=6)), "p-0")
    school.seal()
    events = [school.record(LEARNER, f"p-{number}") for number in range(3)]
    school.seal()
    events.append(school.record(LEARNER, "p-3"))
    school.seal()
    events.append(school.record(LEARNER, "p-4"))
    return events


def verify(school: School, *, kept: dict[int, str] | None = None, keys: KeySet | None = None) -> Verified | Broken:
    with school.tool.runtime.database.reading() as session:
        organisation = session.get_one(Organisation, school.tool.organisation_id)
        published = keys or KeySet.import_key_set({"keys": [dict(key) for key in published_keys(session)]})
        return verification.verify(session, organisation, published, kept=kept)


def seq_of(school: School, event: Event) -> int:
    with school.tool.runtime.database.reading() as session:
        return session.scalars(select(LedgerEvent.id).where(LedgerEvent.uuid == str(event.uuid))).one()


def seals(school: School) -> list[LedgerSeal]:
    with school.tool.runtime.database.reading() as session:
        return list(session.scalars(select(LedgerSeal).order_by(LedgerSeal.number)))


def test_an_untouched_ledger_is_as_recorded(school: School, recorded: list[Event]) -> None:
    found = verify(school)
    assert isinstance(found, Verified)
    assert (found.seals, found.unsealed) == (3, 1)
    assert verify(school, kept={row.number: row.chain_hash for row in seals(school)}) == found


@pytest.mark.parametrize(
    "change",
    [
        "body = replace(body, '0.5', '0.9')",
        "body = replace(body, ',', ', ')",
        "learner = '00000000-0000-0000-0000-000000000009'",
        "occurred_at = occurred_at - 1",
        "actor = 'somebody'",
        "type = 'no.such.type'",
        "body_hash = replace(body_hash, substr(body_hash, 1, 1), 'g')",
    ],
)
def test_a_changed_event_is_named(school: School, recorded: list[Event], change: str) -> None:
    event = recorded[1]
    school.tamper(f"UPDATE ledger_event SET {change} WHERE uuid = :uuid", uuid=str(event.uuid))
    seq = seq_of(school, event)
    assert verify(school) == Broken(first_seq=seq, last_seq=seq, uuid=str(event.uuid), seal=2, reason="event-changed")


def test_an_event_that_is_not_sealed_yet_is_checked_too(school: School, recorded: list[Event]) -> None:
    school.tamper("UPDATE ledger_event SET actor = 'somebody' WHERE uuid = :uuid", uuid=str(recorded[4].uuid))
    found = verify(school)
    assert isinstance(found, Broken)
    assert (found.uuid, found.seal, found.reason) == (str(recorded[4].uuid), None, "event-changed")


def test_the_first_of_two_is_named(school: School, recorded: list[Event]) -> None:
    school.tamper("UPDATE ledger_event SET actor = 'somebody' WHERE learner = :learner", learner=LEARNER)
    found = verify(school)
    assert isinstance(found, Broken)
    assert found.uuid == str(recorded[0].uuid)


def test_an_event_taken_out_shows_in_its_seal(school: School, recorded: list[Event]) -> None:
    school.tamper("DELETE FROM ledger_event WHERE uuid = :uuid", uuid=str(recorded[1].uuid))
    found = verify(school)
    assert isinstance(found, Broken)
    assert (found.seal, found.reason, found.uuid) == (2, "events-taken-out", None)
    assert (found.first_seq, found.last_seq) == (seq_of(school, recorded[0]), seq_of(school, recorded[2]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("merkle_root = chain_hash", "seal-differs"),
        ("sealed_at = sealed_at + 1", "seal-differs"),
        ("signature = 'abc'", "signature-wrong"),
        ("signature = (SELECT signature FROM ledger_seal WHERE number = 1)", "signature-wrong"),
    ],
)
def test_a_changed_seal_is_named(school: School, recorded: list[Event], change: str, reason: str) -> None:
    school.tamper(f"UPDATE ledger_seal SET {change} WHERE number = 2")
    found = verify(school)
    assert isinstance(found, Broken)
    assert (found.seal, found.reason) == (2, reason)


def test_a_seal_signed_by_another_key_is_no_seal(school: School, recorded: list[Event]) -> None:
    other = KeySet.import_key_set({"keys": [make_tool_key().public_jwk]})
    found = verify(school, keys=other)
    assert isinstance(found, Broken)
    assert (found.seal, found.reason) == (1, "signature-wrong")


def test_an_end_that_was_cut_off_shows_in_a_seal_that_was_kept(school: School, recorded: list[Event]) -> None:
    kept = {row.number: row.chain_hash for row in seals(school)}
    school.tamper("DELETE FROM ledger_seal WHERE number = 3")
    last = seq_of(school, recorded[3])
    school.tamper("DELETE FROM ledger_event WHERE id >= :last", last=last)
    assert isinstance(verify(school), Verified)
    found = verify(school, kept=kept)
    assert isinstance(found, Broken)
    assert found.reason == "cut-off"


def test_a_ledger_sealed_anew_shows_in_a_seal_that_was_kept(school: School, recorded: list[Event]) -> None:
    kept = {row.number: row.chain_hash for row in seals(school)}
    school.tamper("DELETE FROM ledger_seal WHERE number >= 2")
    school.tool.clock.advance(hours=1)
    school.seal()
    assert isinstance(verify(school), Verified)
    found = verify(school, kept=kept)
    assert isinstance(found, Broken)
    assert (found.seal, found.reason) == (2, "differs-from-kept")


def test_other_organisations_are_chains_of_their_own(school: School, recorded: list[Event]) -> None:
    other = school.another()
    with school.tool.runtime.database.reading() as session:
        keys = KeySet.import_key_set({"keys": [dict(key) for key in published_keys(session)]})
        found = verification.verify(session, session.get_one(Organisation, other.id), keys)
    assert found == Verified(events=0, seals=0, unsealed=0)
