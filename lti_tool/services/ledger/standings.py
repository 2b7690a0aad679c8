"""How corrected events stand: reads the corrections of the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, text

from lti_tool.models import RARE, LedgerEvent
from qualoop.ledger import Correction, CorrectionRow, EventType, Reason, Standing, settle_corrections
from qualoop.values import Score

#: As literals, so that both databases see that their index of the rare events serves.
_ARE_CORRECTIONS = text("type IN ('assertion.revised', 'assertion.voided')")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedStanding:
    """How a corrected event stands, and since when: the moment at which its correction was recorded."""

    standing: Standing
    at: datetime


def read_corrections(
    connection: Connection,
    organisation_id: int,
    *,
    learner: str | None = None,
    through_seq: int | None = None,
    recorded_by: datetime | None = None,
) -> Sequence[CorrectionRow]:
    """Return the corrections of an organisation, or of one learner, in ledger order; up to a number or a moment."""
    query = _corrections(organisation_id, learner)
    if through_seq is not None:
        query = query.where(LedgerEvent.id <= through_seq)
    if recorded_by is not None:
        query = query.where(LedgerEvent.recorded_at <= recorded_by)
    return [_as_correction(row) for row in connection.execute(query)]


def read_standings(
    connection: Connection, organisation_id: int, *, learner: str | None = None
) -> Mapping[str, Standing]:
    """Return how each corrected event of an organisation, or of one learner, stands; by the event's uuid."""
    return settle_corrections(read_corrections(connection, organisation_id, learner=learner))


def read_dated_standings(connection: Connection, organisation_id: int, learner: str) -> Mapping[str, DatedStanding]:
    """Return how each corrected event of a learner stands, and since when, in one statement; by the event's uuid."""
    rows = connection.execute(_corrections(organisation_id, learner)).all()
    moments = {row.uuid: row.recorded_at for row in rows}
    standings = settle_corrections(_as_correction(row) for row in rows)
    return {uuid: DatedStanding(standing=each, at=moments[each.by]) for uuid, each in standings.items()}


def says_the_same(standing: Standing, recorded: Score) -> bool:
    """Say whether a mark was only told anew with the score that was recorded: there is nothing to show of that."""
    return standing.reason is Reason.SUPERSEDED and standing.score == recorded


def _corrections(organisation_id: int, learner: str | None) -> Select[*tuple[Any, ...]]:
    """Return the query of the corrections of an organisation, or of one learner, in ledger order."""
    event = LedgerEvent
    query = (
        select(event.id, event.uuid, event.type, event.body, event.recorded_at)
        .where(event.organisation_id == organisation_id, RARE, _ARE_CORRECTIONS)
        .order_by(event.id)
    )
    return query if learner is None else query.where(event.learner == learner)


def _as_correction(row: Any) -> CorrectionRow:
    return CorrectionRow(row.id, row.uuid, Correction.from_body(EventType(row.type), json.loads(row.body)))
