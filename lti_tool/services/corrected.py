"""A learner's evidence that was corrected: the old stays readable, with what came in its place and why. Reads only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from lti_tool.models import LedgerEvent
from lti_tool.services.ledger_standings import read_standings
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
    standings = read_standings(connection, organisation_id, learner=learner)
    if not standings:
        return ()
    events = _events(connection, organisation_id, learner, [*standings, *(each.by for each in standings.values())])
    found = [
        CorrectedEntry(
            entry=EvidenceEntry(
                seq=event.id, at=event.occurred_at, evidence=Evidence.from_body(json.loads(event.body)), explanation={}
            ),
            at=events[standings[uuid].by].recorded_at,
            reason=standings[uuid].reason,
            score=standings[uuid].score,
        )
        for uuid, event in events.items()
        if uuid in standings and event.type == EventType.EVIDENCE_RECORDED
    ]
    return sorted(found, key=lambda each: (each.at, each.entry.seq), reverse=True)


def _events(connection: Connection, organisation_id: int, learner: str, uuids: Sequence[str]) -> dict[str, Any]:
    """Return events of a learner by uuid."""
    event = LedgerEvent
    rows = connection.execute(
        select(event.id, event.uuid, event.type, event.occurred_at, event.recorded_at, event.body).where(
            event.uuid.in_(uuids), event.organisation_id == organisation_id, event.learner == learner
        )
    )
    return {row.uuid: row for row in rows}
