"""Looking back: what was believed at one moment about another one. Days are days in UTC."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import Connection, select

from lti_tool.models import LedgerEvent
from lti_tool.services.ledger.standings import read_corrections
from qualoop.errors import QualoopError
from qualoop.ledger import EventType, Evidence, Standing, settle_corrections
from qualoop.values import Score


class MomentUnreadableError(QualoopError):
    """This is neither a date (2026-03-31) nor a time (2026-03-31T08:00, in UTC unless it says otherwise)."""

    code = "moment-unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """One piece of evidence as it stood: ``evidence`` as recorded, ``standing`` the correction known then, if any."""

    seq: int
    uuid: UUID
    occurred_at: datetime
    recorded_at: datetime
    evidence: Evidence
    standing: Standing | None

    @property
    def score(self) -> Score | None:
        """Return the score that counted then; None where the evidence was voided."""
        return self.evidence.score if self.standing is None else self.standing.score


def end_of(day: date) -> datetime:
    """Return the last moment of a day."""
    return datetime.combine(day, time.max, UTC)


def read_moment(text: str) -> datetime:
    """Return the moment that a text in ISO 8601 names: a time, or a date, which means its end.

    Raises MomentUnreadableError.
    """
    try:
        return end_of(date.fromisoformat(text))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MomentUnreadableError from error


def evidence_as_of(
    connection: Connection, organisation_id: int, learner: str, *, recorded_by: datetime, occurred_by: datetime
) -> tuple[Belief, ...]:
    """Return what was known of a learner at ``recorded_by`` about the time up to ``occurred_by``, in ledger order.

    Both bounds are inclusive. What arrived later is left out even if it had happened by then; corrections count from
    the moment they were recorded. Evidence that was voided is in it, without a score.
    """
    standings = settle_corrections(
        read_corrections(connection, organisation_id, learner=learner, recorded_by=recorded_by)
    )
    rows = connection.execute(
        select(LedgerEvent.id, LedgerEvent.uuid, LedgerEvent.occurred_at, LedgerEvent.recorded_at, LedgerEvent.body)
        .where(
            LedgerEvent.organisation_id == organisation_id,
            LedgerEvent.learner == learner,
            LedgerEvent.type == EventType.EVIDENCE_RECORDED.value,
            LedgerEvent.recorded_at <= recorded_by,
            LedgerEvent.occurred_at <= occurred_by,
        )
        .order_by(LedgerEvent.id)
    )
    return tuple(
        Belief(
            seq=seq,
            uuid=UUID(uuid),
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            evidence=Evidence.from_body(json.loads(body)),
            standing=standings.get(uuid),
        )
        for seq, uuid, occurred_at, recorded_at, body in rows
    )
