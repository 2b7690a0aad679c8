"""How corrected events stand: reads the corrections of the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, text

from lti_tool.models import RARE, LedgerEvent
from qualoop.ledger import Correction, CorrectionRow, EventType, Standing, settle_corrections

#: As literals, so that both databases see that their index of the rare events serves.
_ARE_CORRECTIONS = text("type IN ('assertion.revised', 'assertion.voided')")


def read_corrections(
    connection: Connection,
    organisation_id: int,
    *,
    learner: str | None = None,
    through_seq: int | None = None,
    recorded_by: datetime | None = None,
) -> Sequence[CorrectionRow]:
    """Return the corrections of an organisation, or of one learner, in ledger order; up to a number or a moment."""
    query = (
        select(LedgerEvent.id, LedgerEvent.uuid, LedgerEvent.type, LedgerEvent.body)
        .where(LedgerEvent.organisation_id == organisation_id, RARE, _ARE_CORRECTIONS)
        .order_by(LedgerEvent.id)
    )
    if learner is not None:
        query = query.where(LedgerEvent.learner == learner)
    if through_seq is not None:
        query = query.where(LedgerEvent.id <= through_seq)
    if recorded_by is not None:
        query = query.where(LedgerEvent.recorded_at <= recorded_by)
    return [
        CorrectionRow(seq, uuid, Correction.from_body(EventType(kind), json.loads(body)))
        for seq, uuid, kind, body in connection.execute(query)
    ]


def read_standings(
    connection: Connection, organisation_id: int, *, learner: str | None = None, through_seq: int | None = None
) -> Mapping[str, Standing]:
    """Return how each corrected event of an organisation, or of one learner, stands; by the event's uuid."""
    return settle_corrections(read_corrections(connection, organisation_id, learner=learner, through_seq=through_seq))
