"""How far the sender is behind, as numbers: for the log, for `qualoop_outbox status` and for a monitor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min

from xblocks.edx import states, versions
from xblocks.edx.models import ContentVersion, Cursor, Difference, EvidenceEvent, EvidenceOutbox, GradeOverride
from xblocks.edx.pulling import CHANGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """``lag_s`` is the age in seconds of the oldest event that waits, 0 where none does; ``pulled_s`` is None before the first."""

    waiting: int
    lag_s: int
    refused: int
    learners_dead: int
    learners_need_person: int
    versions_waiting: int
    versions_refused: int
    differences_open: int
    overrides_waiting: int
    overrides_refused: int
    pulled_s: int | None
    last_errors: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as plain JSON."""
        return asdict(self)


def measure(now: datetime) -> Metrics:
    """Count how things stand."""
    waiting = EvidenceEvent.objects.filter(state=states.WAITING).aggregate(n=Count("id"), oldest=Min("created_at"))
    cursor = Cursor.objects.filter(name=CHANGES).first()
    return Metrics(
        waiting=waiting["n"],
        lag_s=_age(waiting["oldest"], now) or 0,
        refused=EvidenceEvent.objects.filter(state=states.REFUSED).count(),
        learners_dead=EvidenceOutbox.objects.filter(state=states.DEAD).count(),
        learners_need_person=EvidenceOutbox.objects.filter(state=states.NEEDS_PERSON).count(),
        versions_waiting=ContentVersion.objects.filter(state=versions.DUE).count(),
        versions_refused=ContentVersion.objects.filter(state=versions.REFUSED).count(),
        differences_open=Difference.objects.filter(repaired_at=None).count(),
        overrides_waiting=GradeOverride.objects.filter(state=states.DUE).count(),
        overrides_refused=GradeOverride.objects.filter(state=states.NEEDS_PERSON).count(),
        pulled_s=_age(cursor.current_at, now) if cursor is not None else None,
        last_errors=_errors(cursor),
    )


def _age(moment: datetime | None, now: datetime) -> int | None:
    return max(int((now - moment).total_seconds()), 0) if moment is not None else None


def _errors(cursor: Any) -> dict[str, int]:
    """Return with which codes tries failed last, of how many learners, versions, and the reader."""
    found: dict[str, int] = {}
    for table in (EvidenceOutbox, ContentVersion, GradeOverride):
        rows = table.objects.exclude(last_error="").values_list("last_error").annotate(n=Count("id"))
        for code, count in rows:
            found[code] = found.get(code, 0) + count
    if cursor is not None and cursor.last_error:
        found[cursor.last_error] = found.get(cursor.last_error, 0) + 1
    return found
