"""Whatever is changed in a sealed ledger is found, and the event or the stretch is named."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from qualoop.ledger import (
    Break,
    Event,
    EventType,
    LedgerError,
    Seal,
    StoredEvent,
    body_hash,
    chain_hash,
    first_link,
    inclusion_proof,
    seal_events,
    utc_text,
    verify_inclusion,
    verify_seals,
)
from tests.unit.ledger.events import an_event

ORGANISATION = "org-1"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A row as a database keeps it: text."""

    seq: int
    record: str
    hash: str


def row_of(seq: int, event: Event) -> Row:
    record = {
        "uuid": str(event.uuid), "type": event.type.value, "organisation": event.organisation,
        "learner": event.learner, "actor": event.actor, "occurred_at": utc_text(event.occurred_at),
        "recorded_at": utc_text(event.recorded_at), "source": event.source, "source_id": event.source_id,
        "attempt": event.attempt, "body": event.body,
    }  # fmt: skip
    return Row(seq, json.dumps(record), body_hash(event))


def stored(row: Row) -> StoredEvent:
    """Read a row back, whatever has become of it."""
    try:
        record: dict[str, Any] = json.loads(row.record)
        event = Event(
            **{
                **record,
                "uuid": UUID(record["uuid"]),
                "type": EventType(record["type"]),
                "occurred_at": datetime.fromisoformat(record["occurred_at"]),
                "recorded_at": datetime.fromisoformat(record["recorded_at"]),
            }
        )
        found = body_hash(event)
    except (ValueError, TypeError, KeyError, AttributeError, LedgerError):
        found = None
    return StoredEvent(seq=row.seq, body_hash=row.hash, found_hash=found)


def a_ledger(sizes: list[int]) -> tuple[list[Seal], list[Row]]:
    """Return a ledger of sealed stretches of these sizes; every third seq belongs to another organisation."""
    seals: list[Seal] = []
    rows: list[Row] = []
    for size in sizes:
        first = len(rows)
        for number in range(first, first + size):
            event = an_event(uuid=UUID(int=number), source_id=f"a/{number}", body={"score": "0.5", "try": number})
            rows.append(row_of(number * 3 + 1, event))
        pairs = [(row.seq, row.hash) for row in rows[first:]]
        previous = seals[-1] if seals else None
        seals.append(seal_events(previous, pairs, organisation=ORGANISATION, sealed_at=NOON))
    return seals, rows


def verify(seals: list[Seal], rows: list[Row]) -> Break | None:
    return verify_seals(ORGANISATION, seals, map(stored, rows))


sizes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@given(sizes)
def test_a_ledger_as_it_was_sealed(sizes: list[int]) -> None:
    seals, rows = a_ledger(sizes)
    assert verify(seals, rows) is None
    assert [seal.number for seal in seals] == list(range(1, len(sizes) + 1))
    assert all(earlier.chain_hash == later.prev_hash for earlier, later in pairwise(seals))


def test_an_empty_ledger_and_one_that_was_never_sealed() -> None:
    assert verify([], []) is None
    assert verify([], a_ledger([3])[1]) is None


@given(sizes, st.data())
def test_one_flipped_byte_anywhere_in_a_row_names_its_event(sizes: list[int], data: st.DataObject) -> None:
    seals, rows = a_ledger(sizes)
    sealed = data.draw(st.integers(0, len(seals)), label="seals")
    index = data.draw(st.integers(0, len(rows) - 1), label="row")
    row = rows[index]
    field = data.draw(st.sampled_from(["record", "hash"]))
    raw = bytearray(getattr(row, field).encode())
    raw[data.draw(st.integers(0, len(raw) - 1), label="byte")] ^= data.draw(st.integers(1, 127), label="flip")
    changed = replace(row, record=raw.decode()) if field == "record" else replace(row, hash=raw.decode())
    if field == "record" and means_the_same(changed.record, row.record):
        return
    broken = verify(seals[:sealed], [*rows[:index], changed, *rows[index + 1 :]])
    assert broken is not None
    assert (broken.first_seq, broken.last_seq, broken.reason) == (row.seq, row.seq, "event-changed")


def means_the_same(changed: str, original: str) -> bool:
    """Tell whether the flip was one of white space around JSON's tokens, of a digit's case or of a date's separator."""
    return stored(Row(0, changed, "")).found_hash == stored(Row(0, original, "")).found_hash


@given(sizes, st.data())
def test_a_row_rewritten_with_its_hash_is_found_by_its_seal(sizes: list[int], data: st.DataObject) -> None:
    seals, rows = a_ledger(sizes)
    index = data.draw(st.integers(0, len(rows) - 1))
    rows[index] = row_of(rows[index].seq, an_event(body={"score": "1"}))
    broken = verify(seals, rows)
    assert broken is not None
    assert broken.first_seq <= rows[index].seq <= broken.last_seq
    assert broken.reason == "seal-differs"


@given(sizes, st.data())
def test_a_row_taken_out_put_in_or_moved(sizes: list[int], data: st.DataObject) -> None:
    seals, rows = a_ledger(sizes)
    index = data.draw(st.integers(0, len(rows) - 1))
    number = next(seal.number for seal in seals if rows[index].seq <= seal.to_seq)

    taken_out = verify(seals, rows[:index] + rows[index + 1 :])
    assert taken_out is not None
    assert (taken_out.seal, taken_out.reason) == (number, "events-taken-out")

    # A seq before the first of a stretch and behind the stretch before counts as put into it.
    inserted = row_of(rows[index].seq - 1, an_event(uuid=UUID(int=999)))
    put_in = verify(seals, [*rows[:index], inserted, *rows[index:]])
    assert put_in is not None
    assert (put_in.seal, put_in.reason) == (number, "events-put-in")

    moved = verify(seals, [*rows[:index], replace(rows[index], seq=rows[index].seq + 1), *rows[index + 1 :]])
    assert moved is not None
    assert moved.seal == number


def test_two_rows_exchanged() -> None:
    seals, rows = a_ledger([3])
    rows[0], rows[1] = replace(rows[1], seq=rows[0].seq), replace(rows[0], seq=rows[1].seq)
    assert verify(seals, rows) == Break(first_seq=1, last_seq=7, seal=1, reason="seal-differs")


@pytest.mark.parametrize(("index", "seq"), [(0, -5), (0, -(2**63)), (2, 2**62), (2, 8)])
def test_a_row_renumbered(index: int, seq: int) -> None:
    seals, rows = a_ledger([3])
    rows[index] = replace(rows[index], seq=seq)
    for seal in (seals[0], replace(seals[0], from_seq=rows[0].seq, to_seq=rows[2].seq)):
        broken = verify([seal], rows)
        assert broken is not None
        assert broken.seal == 1


OTHER: dict[str, Any] = {
    "organisation": "org-2",
    "number": 7,
    "from_seq": 5,
    "to_seq": 11,
    "count": 2,
    "prev_hash": "00" * 32,
    "chain_hash": "00" * 32,
    "merkle_root": "00" * 32,
    "sealed_at": NOON + timedelta(microseconds=1),
}


@pytest.mark.parametrize("field", OTHER)
@pytest.mark.parametrize("index", [0, 1, 2])
def test_nothing_in_a_seal_can_be_changed_unnoticed(field: str, index: int) -> None:
    seals, rows = a_ledger([3, 3, 3])
    changed = replace(seals[index], **{field: OTHER[field]})
    if changed == seals[index]:
        pytest.skip("that is what it holds")
    broken = verify([*seals[:index], changed, *seals[index + 1 :]], rows)
    assert broken is not None
    assert broken.seal == changed.number


def test_a_seal_taken_out() -> None:
    seals, rows = a_ledger([2, 2, 2])
    broken = verify([seals[0], seals[2]], rows)
    assert broken is not None
    assert (broken.seal, broken.reason) == (3, "seal-missing")


def test_events_beyond_the_last_seal_are_checked_against_their_own_hashes() -> None:
    seals, rows = a_ledger([2, 2])
    rows[3] = replace(rows[3], hash="00" * 32)
    assert verify(seals[:1], rows) == Break(first_seq=10, last_seq=10, seal=None, reason="event-changed")


def test_how_a_chain_is_drawn() -> None:
    """The links, drawn by hand: what docs and other verifiers rely on."""
    seals, rows = a_ledger([2])
    link = first_link(ORGANISATION)
    assert link == "3a55a995606ebab5846ef277f04d863f8b2ec9fb298a04a7603ab92d76130704"
    for row in rows:
        link = sha256(b"\x02" + bytes.fromhex(link) + row.seq.to_bytes(8, "big") + bytes.fromhex(row.hash)).hexdigest()
    assert (
        chain_hash("00" * 32, "11" * 32, seq=258) == "c28fe2168c671898fd2f03f930645b85e25a8732d07538dd06483c52a7916069"
    )
    facts: dict[str, Any] = {
        "count": 2, "format": "qualoop-seal-1", "from_seq": 1, "merkle_root": seals[0].merkle_root, "number": 1,
        "organisation": "org-1", "prev_hash": first_link(ORGANISATION), "sealed_at": "2026-03-02T12:00:00.000000Z",
        "to_seq": 4,
    }  # fmt: skip
    facts_hash = sha256(rfc8785.dumps(facts)).digest()
    assert seals[0].chain_hash == sha256(b"\x03" + bytes.fromhex(link) + facts_hash).hexdigest()


def test_one_event_can_be_shown_under_a_seal_without_the_others() -> None:
    seals, rows = a_ledger([5])
    hashes = [row.hash for row in rows]
    proof = inclusion_proof(hashes, 3)
    assert verify_inclusion(hashes[3], index=3, size=seals[0].count, proof=proof, root=seals[0].merkle_root)


def test_chains_of_two_organisations_never_meet() -> None:
    pairs = [(1, body_hash(an_event()))]
    ours, theirs = (seal_events(None, pairs, organisation=name, sealed_at=NOON) for name in ("org-1", "org-2"))
    assert ours.chain_hash != theirs.chain_hash


@pytest.mark.parametrize("seqs", [[], [4, 4], [5, 4], [0], [3, 5]], ids=str)
def test_what_cannot_be_sealed(seqs: list[int]) -> None:
    """Nothing; a seq twice; out of order; no seq; one that is sealed already."""
    previous = seal_events(None, [(3, "00" * 32)], organisation=ORGANISATION, sealed_at=NOON)
    rows = [(seq, "11" * 32) for seq in seqs]
    with pytest.raises(LedgerError):
        seal_events(previous, rows, organisation=ORGANISATION, sealed_at=NOON)


def test_a_chain_belongs_to_one_organisation_and_its_time_is_utc() -> None:
    previous = seal_events(None, [(3, "00" * 32)], organisation="org-2", sealed_at=NOON)
    with pytest.raises(LedgerError, match="one organisation"):
        seal_events(previous, [(4, "11" * 32)], organisation=ORGANISATION, sealed_at=NOON)
    with pytest.raises(LedgerError, match="UTC"):
        seal_events(None, [(4, "11" * 32)], organisation=ORGANISATION, sealed_at=NOON.replace(tzinfo=None))
