"""What learners have for whole activities at the platform of a source. The platform's gradebook has it from its own block."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from lti_tool.db import Prepared, micros
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import EvidenceEvent

# An earlier event that comes late never goes over a later one.
_KEEP = Prepared(
    text(
        "INSERT INTO source_score (organisation_id, source_id, person_id, activity_id, course, value, sequence, "
        "updated_at) SELECT :organisation_id, :source_id, :person_id, a.id, :course, :value, :sequence, :now "
        "FROM activity a WHERE a.organisation_id = :organisation_id AND a.key = :activity "
        "ON CONFLICT (person_id, activity_id, source_id, course) DO UPDATE SET value = excluded.value, "
        "sequence = excluded.sequence, updated_at = excluded.updated_at "
        "WHERE source_score.sequence < excluded.sequence"
    )
)


def keep_total(
    connection: Connection, source: KnownSource, event: EvidenceEvent, *, person_id: int, now: datetime
) -> None:
    """Keep the total that an event tells, where it tells one."""
    if event.total is None:
        return
    _KEEP.run(
        connection,
        {
            "organisation_id": source.organisation_id,
            "source_id": source.id,
            "person_id": person_id,
            "course": event.course,
            "value": event.total,
            "sequence": event.number,
            "activity": event.activity,
            "now": micros(now),
        },
    )
