"""A learner's evidence that was corrected: the old stays readable, with what came in its place and why. Reads only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from lti_tool.models import LedgerEvent
from lti_tool.services.ledger.standings import read_dated_standings, says_the_same
from qualoop.ledger import EventType, Evidence, Reason
from qualoop.records import EvidenceEntry
from qualoop.values import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedEntry:
    """Evidence as it was recorded, and the correction at ``at``: the new ``score``, None where it no longer counts."""

    entry: EvidenceEntry
    at: datetime
    reason: Reason
    score: Score | None


def list_corrected(connection: Connection, organisation_id: int, learner: str) -> Sequence[CorrectedEntry]:
    """Return a learner's corrected evidence, the newest correction first."""
    standings = read_dated_standings(connection, organisation_id, learner)
    if not standings:
        return ()
    found = []
    for event in _evidence(connection, organisation_id, learner, list(standings)):
        evidence, dated = Evidence.from_body(json.loads(event.body)), standings[event.uuid]
        if says_the_same(dated.standing, evidence.score):
            continue
        entry = EvidenceEntry(seq=event.id, at=event.occurred_at, evidence=evidence, explanation={})
        correction = dated.standing
        found.append(CorrectedEntry(entry=entry, at=dated.at, reason=correction.reason, score=correction.score))
    return sorted(found, key=lambda each: (each.at, each.entry.seq), reverse=True)


def _evidence(connection: Connection, organisation_id: int, learner: str, uuids: Sequence[str]) -> Sequence[Any]:
    """Return the evidence of a learner among some events."""
    event = LedgerEvent
    return connection.execute(
        select(event.id, event.uuid, event.occurred_at, event.body).where(
            event.uuid.in_(uuids),
            event.organisation_id == organisation_id,
            event.learner == learner,
            event.type == EventType.EVIDENCE_RECORDED.value,
        )
    ).all()
