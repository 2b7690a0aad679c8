"""A learner's own part of the ledger, with what proves it: for the record page and `qualoop ledger export`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.models import LedgerEvent, LedgerSeal, Organisation, Person
from lti_tool.services.ledger import ledger
from lti_tool.services.people.learner_keys import KeyOwner, LearnerMissingError, open_text
from lti_tool.services.platforms import tool_keys
from qualoop.ledger import Download, Event, ProvenEvent, SignedSeal, inclusion_proofs, last_link

SEALS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a download is made with: public address of the installation, its secret, and the moment."""

    base_url: str
    secret: str
    now: datetime


def learner_download(
    session: Session, organisation: Organisation, learner: str, terms: Terms, *, hidden: Collection[str] = ()
) -> Download:
    """Return the events of a learner of the organisation in ledger order, each with its proof where it is sealed.

    Left out are those of the attempts ``hidden`` with what corrects them, and the download says so. Raises
    LearnerMissingError where the organisation has no such learner.
    """
    known = select(Person.id).where(Person.organisation_id == organisation.id, Person.uuid == learner)
    if session.scalar(known) is None:
        raise LearnerMissingError
    found = session.scalars(
        select(LedgerEvent)
        .where(LedgerEvent.organisation_id == organisation.id, LedgerEvent.learner == learner)
        .order_by(LedgerEvent.id)
    ).all()
    rows = _without(found, hidden) if hidden else found
    seals, places = _prove(session, organisation, [row.id for row in rows])
    owner = KeyOwner(organisation_id=organisation.id, learner=learner, secret=terms.secret)
    events = []
    for row in rows:
        event = ledger.as_event(organisation.uuid, row, json.loads(row.body))
        number, index, proof = places.get(row.id, (None, 0, ()))
        note = _note(session, owner, event)
        events.append(ProvenEvent(event=event, seal=number, index=index, proof=proof, note=note))
    return Download(
        organisation=organisation.uuid,
        learner=learner,
        made_at=terms.now,
        published=f"{terms.base_url}/ledger/roots/{organisation.uuid}",
        events=events,
        seals=seals,
        keys=published_keys(session),
        is_held_back=len(rows) < len(found),
    )


def published_keys(session: Session) -> Sequence[Mapping[str, Any]]:
    """Return the public keys of the seals, retired ones too."""
    keys: Sequence[Mapping[str, Any]] = json.loads(tool_keys.seal_key_set(session))["keys"]
    return keys


def _without(rows: Sequence[LedgerEvent], hidden: Collection[str]) -> Sequence[LedgerEvent]:
    """Return events in ledger order without those of some attempts, their corrections, and the corrections of these."""
    kept, left_out = [], set()
    for row in rows:
        body = json.loads(row.body)
        if body.get("attempt") in hidden or body.get("target") in left_out:
            left_out.add(row.uuid)
        else:
            kept.append(row)
    return kept


Places = dict[int, tuple[int, int, Sequence[str]]]


def _prove(session: Session, organisation: Organisation, seqs: Sequence[int]) -> tuple[list[SignedSeal], Places]:
    """Return the seals over some events, and for each sealed event its seal's number, its index and its proof."""
    wanted = set(seqs)
    seals: list[SignedSeal] = []
    places: Places = {}
    for row, rows in _stretches(session, organisation, seqs):
        seal = ledger.as_seal(organisation.uuid, row)
        seals.append(SignedSeal(seal=seal, link=last_link(seal, rows), signature=row.signature))
        indices = [index for index, (seq, _) in enumerate(rows) if seq in wanted]
        proofs = inclusion_proofs([body_hash for _, body_hash in rows], indices)
        places |= {rows[index][0]: (seal.number, index, proof) for index, proof in zip(indices, proofs, strict=True)}
    return seals, places


def _stretches(
    session: Session, organisation: Organisation, seqs: Sequence[int]
) -> Iterator[tuple[LedgerSeal, list[tuple[int, str]]]]:
    """Yield each seal over some of the events with (seq, body hash) of *all* its events; nothing for unsealed ones."""
    numbers = _seal_numbers(session, organisation, seqs)
    for start in range(0, len(numbers), SEALS_AT_ONCE):
        chosen = LedgerSeal.number.in_(numbers[start : start + SEALS_AT_ONCE])
        seals = session.scalars(select(LedgerSeal).where(LedgerSeal.organisation_id == organisation.id, chosen))
        by_number = {seal.number: seal for seal in seals}
        # Columns, not rows of the ORM: a seal over an import has tens of thousands.
        found = session.execute(
            select(LedgerSeal.number, LedgerEvent.id, LedgerEvent.body_hash)
            .join(LedgerEvent, LedgerEvent.id.between(LedgerSeal.from_seq, LedgerSeal.to_seq))
            .where(LedgerSeal.organisation_id == organisation.id, chosen, ledger.in_order(session, organisation.id))
            .order_by(LedgerSeal.number, LedgerEvent.id)
        )
        for number, rows in groupby(found, key=itemgetter(0)):
            yield by_number[number], [(seq, body_hash) for _, seq, body_hash in rows]


def _seal_numbers(session: Session, organisation: Organisation, seqs: Sequence[int]) -> list[int]:
    """Return the numbers of the seals over some events, which are in order."""
    ends = session.execute(
        select(LedgerSeal.number, LedgerSeal.to_seq)
        .where(LedgerSeal.organisation_id == organisation.id, LedgerSeal.to_seq >= (seqs[0] if seqs else 0))
        .order_by(LedgerSeal.number)
    )
    found: list[int] = []
    remaining = iter(seqs)
    seq = next(remaining, None)
    for number, to_seq in ends:
        if seq is None:
            break
        if seq <= to_seq:
            found.append(number)
        while seq is not None and seq <= to_seq:
            seq = next(remaining, None)
    return found


def _note(session: Session, owner: KeyOwner, event: Event) -> str:
    """Return the free text of a correction in plain words; nothing where there is none, or its key is gone."""
    token = event.body.get("note")
    return (open_text(session.connection(), owner, token) or "") if isinstance(token, str) else ""
