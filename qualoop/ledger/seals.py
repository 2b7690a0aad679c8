"""Seals: from time to time everything that an organisation's ledger holds is chained and closed.

Events are written without waiting for one another. Soon after, a sealer takes those that are not sealed yet, in the
order of their `seq`, and makes one `Seal`: it links every body hash to the chain, and the seal's own facts behind them, so
that no event can be changed, taken out, put in or moved, and no seal either, without every later seal failing.

    first link     SHA-256("qualoop-ledger-1:" + organisation)
    an event       SHA-256(0x02 + link before + seq in 8 bytes, the highest first + body hash)
    the seal       SHA-256(0x03 + link before + SHA-256(RFC 8785 form of its other facts))

The Merkle root over the same body hashes serves short proofs: whoever holds a root can check one event without the
others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from qualoop.ledger.canonical import canonical_body, utc_text
from qualoop.ledger.errors import LedgerError
from qualoop.ledger.merkle import merkle_root

EVENT_LINK = b"\x02"
SEAL_LINK = b"\x03"
SEAL_FORMAT = "qualoop-seal-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One closed stretch of an organisation's ledger: ``count`` events from ``from_seq`` to ``to_seq``.

    ``number`` counts from 1. ``prev_hash`` is the chain before it (the seal before's ``chain_hash``), ``chain_hash`` the
    chain after it. Sequence numbers may have gaps: the numbers are shared by all organisations.
    """

    organisation: str
    number: int
    from_seq: int
    to_seq: int
    count: int
    prev_hash: str
    chain_hash: str
    merkle_root: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where a ledger is first found not to be what was sealed.

    The first and last ``seq`` between which it lies (the same where it is one known event), the number of the seal
    that shows it (None beyond the last seal), and a stable ``reason``.
    """

    first_seq: int
    last_seq: int
    seal: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """What verification needs of a row: the hash stored with it, and the hash of what it holds now.

    ``found_hash`` is None where the row can no longer be read as an event at all.
    """

    seq: int
    body_hash: str
    found_hash: str | None


def first_link(organisation: str) -> str:
    """Return the link before the first event of an organisation: no two organisations' chains ever meet."""
    return sha256(f"qualoop-ledger-1:{organisation}".encode()).hexdigest()


def chain_hash(prev: str, body_hash: str, *, seq: int) -> str:
    """Return the link that follows ``prev`` when the event ``seq`` with ``body_hash`` is added."""
    return sha256(EVENT_LINK + bytes.fromhex(prev) + seq.to_bytes(8) + bytes.fromhex(body_hash)).hexdigest()


def last_link(seal: Seal, rows: Iterable[tuple[int, str]]) -> str:
    """Return the link before a seal's own facts: that of its last event. ``rows`` are (seq, body hash) of its events.

    With it whoever holds the seal can compute ``chain_hash`` and so knows that the signature covers the Merkle root.
    """
    return _linked(seal.prev_hash, rows)


def signed_text(seal: Seal) -> str:
    """Return what the signature of a seal signs: organisation, number and chain hash, which covers everything else."""
    return f"{seal.organisation}.{seal.number}.{seal.chain_hash}"


def seal_facts(seal: Seal) -> dict[str, Any]:
    """Return what a seal says beside its chain hash, as it is hashed (RFC 8785 form)."""
    return {
        "count": seal.count,
        "format": SEAL_FORMAT,
        "from_seq": seal.from_seq,
        "merkle_root": seal.merkle_root,
        "number": seal.number,
        "organisation": seal.organisation,
        "prev_hash": seal.prev_hash,
        "sealed_at": utc_text(seal.sealed_at),
        "to_seq": seal.to_seq,
    }


def seal_events(
    previous: Seal | None, rows: Sequence[tuple[int, str]], *, organisation: str, sealed_at: datetime
) -> Seal:
    """Return the seal over ``rows``: (seq, body hash) of all events of the organisation since ``previous``, by seq.

    That none is left out, and none still being written below the last, is for the caller to see to. Raises LedgerError
    for no rows, rows out of order, another organisation's seal, or a time that is not UTC.
    """
    _refuse_unless_sealable(previous, [seq for seq, _ in rows], organisation)
    if sealed_at.utcoffset() != timedelta(0):
        raise LedgerError("the time of a seal is in UTC")
    return _seal(previous, rows, organisation=organisation, sealed_at=sealed_at)


def _refuse_unless_sealable(previous: Seal | None, seqs: Sequence[int], organisation: str) -> None:
    if not seqs:
        raise LedgerError("there is nothing to seal")
    if previous and previous.organisation != organisation:
        raise LedgerError("a chain belongs to one organisation")
    if any(later <= earlier for earlier, later in zip([previous.to_seq if previous else 0, *seqs], seqs, strict=False)):
        raise LedgerError("events are sealed once, in the order of their seq")


def verify_seals(organisation: str, seals: Iterable[Seal], events: Iterable[StoredEvent]) -> Break | None:
    """Return where an organisation's ledger first differs from what was sealed, or None where it does not.

    ``seals`` by number, ``events`` by seq, both complete; each is read once, and only one seal's events are held.
    An event whose row was changed is named. Where somebody changed a row *and* its hash alike, took one out or put one
    in, its seal's stretch is named. Events beyond the last seal are checked against their own hashes only: that the end
    of the ledger was not cut off shows in a seal that somebody else has kept.
    """
    stream = _Stream(events)
    previous: Seal | None = None
    for seal in seals:
        rows = list(stream.up_to(seal.to_seq))
        broken = _broken_row(rows, seal.number) or _broken_seal(organisation, previous, seal, rows)
        if broken:
            return broken
        previous = seal
    return _broken_row(stream.up_to(None), None)


class _Stream:
    """Events by seq, taken a stretch at a time."""

    def __init__(self, events: Iterable[StoredEvent]) -> None:
        self._events = iter(events)
        self._next = next(self._events, None)

    def up_to(self, seq: int | None) -> Iterator[StoredEvent]:
        """Yield the events up to ``seq``, or all that are left."""
        while self._next is not None and (seq is None or self._next.seq <= seq):
            yield self._next
            self._next = next(self._events, None)


def _broken_row(rows: Iterable[StoredEvent], seal: int | None) -> Break | None:
    """Return the first event whose row is not what its hash says."""
    for row in rows:
        if row.found_hash != row.body_hash:
            return Break(first_seq=row.seq, last_seq=row.seq, seal=seal, reason="event-changed")
    return None


def _broken_seal(organisation: str, previous: Seal | None, seal: Seal, rows: Sequence[StoredEvent]) -> Break | None:
    """Return what is wrong with a seal over rows that agree with their own hashes."""
    pairs = [(row.seq, row.body_hash) for row in rows]
    reason = ""
    if seal.number != (previous.number + 1 if previous else 1):
        reason = "seal-missing"
    elif len(rows) != seal.count:
        reason = "events-taken-out" if len(rows) < seal.count else "events-put-in"
    elif not pairs or not _is_drawn_over(seal, previous, pairs, organisation=organisation):
        reason = "seal-differs"
    if not reason:
        return None
    return Break(first_seq=seal.from_seq, last_seq=seal.to_seq, seal=seal.number, reason=reason)


def _is_drawn_over(seal: Seal, previous: Seal | None, rows: Sequence[tuple[int, str]], *, organisation: str) -> bool:
    try:
        return _seal(previous, rows, organisation=organisation, sealed_at=seal.sealed_at) == seal
    except (LedgerError, OverflowError):
        # A number that no ledger of ours ever gave, such as a seq below 0.
        return False


def _seal(previous: Seal | None, rows: Sequence[tuple[int, str]], *, organisation: str, sealed_at: datetime) -> Seal:
    """Return the seal over rows that need no check."""
    prev = previous.chain_hash if previous else first_link(organisation)
    link = _linked(prev, rows)
    seal = Seal(
        organisation=organisation,
        number=previous.number + 1 if previous else 1,
        from_seq=rows[0][0],
        to_seq=rows[-1][0],
        count=len(rows),
        prev_hash=prev,
        chain_hash=link,
        merkle_root=merkle_root(body_hash for _, body_hash in rows),
        sealed_at=sealed_at,
    )
    return replace(seal, chain_hash=sha256(SEAL_LINK + bytes.fromhex(link) + _facts_hash(seal)).hexdigest())


def _linked(link: str, rows: Iterable[tuple[int, str]]) -> str:
    for seq, body_hash in rows:
        link = chain_hash(link, body_hash, seq=seq)
    return link


def _facts_hash(seal: Seal) -> bytes:
    """Return the hash of what a seal says beside its chain hash."""
    return sha256(canonical_body(seal_facts(seal))).digest()
