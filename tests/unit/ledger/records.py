"""A signed download to test with: a real key, a real seal, events of two learners, the newest not sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from uuid import UUID

from joserfc import jws

from lti_tool.lti.tool_keys import ALGORITHM, ToolKey, make_tool_key
from qualoop.ledger import (
    Download,
    Event,
    EventType,
    ProvenEvent,
    SignedSeal,
    body_hash,
    inclusion_proofs,
    last_link,
    seal_events,
    signed_text,
)
from tests.unit.ledger.events import MORNING, an_event

LEARNER, OTHER = "learner-1", "learner-2"


@cache
def signing_key() -> ToolKey:
    return make_tool_key()


def evidence(number: int, learner: str = LEARNER) -> Event:
    return an_event(
        uuid=UUID(int=number + 1),
        learner=learner,
        actor=learner,
        source_id=f"attempt-1/part-{number}",
        recorded_at=MORNING + timedelta(minutes=number),
        body={
            "activity": "keywords", "attempt": "attempt-1", "content": "0" * 64, "form": "quiz", "hints": number % 2,
            "part": f"part-{number}", "rater": "auto", "score": "0.5", "try": 1,
        },
    )  # fmt: skip


def correction() -> Event:
    return an_event(
        uuid=UUID(int=99),
        type=EventType.ASSERTION_VOIDED,
        source="correction",
        body={"target": str(UUID(int=1)), "reason": "error", "note": "sealed-text-1.AAAA"},
    )


def a_download(*, events: int = 5, unsealed: int = 1) -> Download:
    """Return the download of one learner: every other event of one seal is another learner's."""
    own = [*(evidence(2 * number) for number in range(events - 1)), correction()]
    sealed = own[: events - unsealed]
    every = [
        each
        for pair in zip(sealed, (evidence(100 + n, OTHER) for n in range(len(sealed))), strict=True)
        for each in pair
    ]
    rows = [(seq * 3, body_hash(each)) for seq, each in enumerate(every, start=1)]
    proven = [
        ProvenEvent(event=each, note="Read wrongly." if each.type is EventType.ASSERTION_VOIDED else "") for each in own
    ]
    seals = []
    if rows:
        seal = seal_events(None, rows, organisation="org-1", sealed_at=MORNING + timedelta(hours=1))
        key = signing_key()
        signature = jws.serialize_compact({"alg": ALGORITHM, "kid": key.kid}, signed_text(seal), key.private)
        seals = [SignedSeal(seal=seal, link=last_link(seal, rows), signature=signature)]
        indices = [2 * number for number in range(len(sealed))]
        proofs = inclusion_proofs([leaf for _, leaf in rows], indices)
        for number, (index, proof) in enumerate(zip(indices, proofs, strict=True)):
            proven[number] = replace(proven[number], seal=1, index=index, proof=proof)
    return Download(
        organisation="org-1",
        learner=LEARNER,
        made_at=MORNING + timedelta(days=1),
        published="https://tool.example.edu/ledger/roots/org-1",
        events=proven,
        seals=seals,
        keys=[signing_key().public_jwk],
    )
