"""Verification: reads an organisation's whole ledger and says where it first differs from what was sealed and signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.lti.tool_keys import ALGORITHM
from lti_tool.models import LedgerEvent, LedgerSeal, Organisation
from lti_tool.services.ledger import ledger
from qualoop.errors import QualoopError
from qualoop.ledger import Seal, StoredEvent, body_hash, signed_text, verify_seals

AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A ledger that is what was sealed: how many events and seals, and how many events no seal covers yet."""

    events: int
    seals: int
    unsealed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where a ledger first is not what was sealed.

    The sequence numbers between which it lies, the uuid where it is one event that is still there, the number of the
    seal that shows it (None beyond the last one), and the reason: docs/ledger.md, verify.
    """

    first_seq: int
    last_seq: int
    uuid: str | None
    seal: int | None
    reason: str


def verify(
    session: Session,
    organisation: Organisation,
    keys: KeySet,
    *,
    kept: Mapping[int, str] | None = None,
    report: Callable[[int, int], None] | None = None,
) -> Verified | Broken:
    """Check every event, the chain, the Merkle roots and the signatures; memory stays that of one seal's events.

    ``keys`` are the public keys of the seals. ``kept`` are chain hashes by seal number that somebody has kept
    elsewhere: only these show that the end was cut off, or that all was sealed anew. ``report`` is told how many events
    of how many are read.
    """
    of_organisation = LedgerEvent.organisation_id == organisation.id
    total = session.scalar(select(func.count()).select_from(LedgerEvent).where(of_organisation)) or 0
    told = report or (lambda *_: None)
    seals = _Seals(session, organisation, keys, kept or {})
    found = verify_seals(organisation.uuid, seals, _events(session, organisation, lambda done: told(done, total)))
    told(total, total)
    if found is not None:
        return _named(session, organisation, found.first_seq, found.last_seq, seal=found.seal, reason=found.reason)
    if seals.broken is not None:
        return seals.broken
    if seals.count < max(kept or {0: ""}):
        return Broken(first_seq=seals.through, last_seq=seals.through, uuid=None, seal=seals.count, reason="cut-off")
    unsealed = (
        session.scalar(
            select(func.count())
            .select_from(LedgerEvent)
            .where(ledger.in_order(session, organisation.id), LedgerEvent.id > seals.through)
        )
        or 0
    )
    return Verified(events=total, seals=seals.count, unsealed=unsealed)


class _Seals:
    """The seals of an organisation, by number. Reading ends at the first whose signature does not hold.

    A seal's signature is checked after its events, so that a changed event is named before a changed seal is.
    """

    def __init__(self, session: Session, organisation: Organisation, keys: KeySet, kept: Mapping[int, str]) -> None:
        self._session, self._organisation, self._keys, self._kept = session, organisation, keys, kept
        self.broken: Broken | None = None
        self.count = self.through = 0

    def __iter__(self) -> Iterator[Seal]:
        for row in self._rows():
            seal = ledger.as_seal(self._organisation.uuid, row)
            yield seal
            reason = self._judge(seal, row.signature)
            if reason:
                self.broken = Broken(
                    first_seq=seal.from_seq, last_seq=seal.to_seq, uuid=None, seal=seal.number, reason=reason
                )
                return
            self.count, self.through = seal.number, seal.to_seq

    def _rows(self) -> Iterator[LedgerSeal]:
        after = 0
        while True:
            rows = self._session.scalars(
                select(LedgerSeal)
                .where(LedgerSeal.organisation_id == self._organisation.id, LedgerSeal.number > after)
                .order_by(LedgerSeal.number)
                .limit(AT_ONCE)
            ).all()
            yield from rows
            if len(rows) < AT_ONCE:
                return
            after = rows[-1].number

    def _judge(self, seal: Seal, signature: str) -> str:
        """Return what is wrong with a seal whose hashes are right; nothing where nothing is."""
        if not is_signed(seal, signature, self._keys):
            return "signature-wrong"
        return "" if self._kept.get(seal.number, seal.chain_hash) == seal.chain_hash else "differs-from-kept"


def is_signed(seal: Seal, signature: str, keys: KeySet) -> bool:
    """Tell whether a signature is that of a seal under one of the keys."""
    try:
        signed = jws.deserialize_compact(signature, keys, algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        return False
    return bool(signed.payload == signed_text(seal).encode())


_COLUMNS: Final = (
    LedgerEvent.id,
    LedgerEvent.uuid,
    LedgerEvent.type,
    LedgerEvent.learner,
    LedgerEvent.actor,
    LedgerEvent.occurred_at,
    LedgerEvent.recorded_at,
    LedgerEvent.source,
    LedgerEvent.source_id,
    LedgerEvent.attempt,
    LedgerEvent.body,
    LedgerEvent.body_hash,
)


def _events(session: Session, organisation: Organisation, report: Callable[[int], None]) -> Iterator[StoredEvent]:
    """Yield the events in ledger order, a page at a time: no cursor stays open where the reader ends early."""
    after, number = 0, 0
    while True:
        rows = session.execute(
            select(*_COLUMNS)
            .where(ledger.in_order(session, organisation.id), LedgerEvent.id > after)
            .order_by(LedgerEvent.id)
            .limit(AT_ONCE)
        ).all()
        for row in rows:
            yield StoredEvent(seq=row.id, body_hash=row.body_hash, found_hash=_found_hash(organisation.uuid, row))
        number += len(rows)
        report(number)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].id


def _found_hash(organisation: str, row: Any) -> str | None:
    """Return the hash of what a row holds now; None where that is no event at all."""
    try:
        event = ledger.as_event(organisation, row, {})
        # The stored text itself is hashed, so that not even its spelling can be changed.
        return body_hash(event, row.body.encode())
    except (ValueError, QualoopError):
        return None


def _named(
    session: Session, organisation: Organisation, first: int, last: int, *, seal: int | None, reason: str
) -> Broken:
    uuid = None
    if first == last:
        uuid = session.scalar(
            select(LedgerEvent.uuid).where(LedgerEvent.organisation_id == organisation.id, LedgerEvent.id == first)
        )
    return Broken(first_seq=first, last_seq=last, uuid=uuid, seal=seal, reason=reason)
