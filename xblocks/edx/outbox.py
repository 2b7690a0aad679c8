"""What blocks hand over: events are written in the transaction that keeps the learner's state, and sent later."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When

from qualoop.exchange import EvidenceEvent as EventMessage
from qualoop.policies import GradedRun, PracticeRun
from xblocks.common.evidence import EvidenceBatch, PartEvidence
from xblocks.edx import checks, nudging
from xblocks.edx.config import load_platform
from xblocks.edx.learners import retired_among
from xblocks.edx.models import EvidenceEvent, EvidenceOutbox
from xblocks.edx.rows import locked
from xblocks.edx.states import DONE, DUE
from xblocks.edx.versions import kept_version

_logger = logging.getLogger(__name__)


def record(batch: EvidenceBatch) -> None:
    """Keep what one action of a learner is evidence of; the same event told twice is kept once.

    Nothing is kept of somebody who does not take part in the course, whose part in it cannot be known, or who was retired.
    """
    if not _is_enrolled(batch) or retired_among([batch.learner]):
        return
    now = datetime.now(UTC)
    with transaction.atomic():
        # Numbering comes first: it locks the learner's row, so that two requests at once are one after the other.
        row = _lock(batch.learner, now)
        known = set(_known(batch.parts))
        new = [part for part in batch.parts if part.event_id not in known]
        if not new:
            return
        version = kept_version(batch.opened, now)
        EvidenceEvent.objects.bulk_create(
            EvidenceEvent(
                event_id=part.event_id,
                outbox=row,
                sequence=number,
                course=batch.course,
                usage=batch.usage,
                version=version,
                payload=message_of(batch, part, number).model_dump_json(by_alias=True, exclude_none=True),
                created_at=now,
            )
            for number, part in _numbered(batch, new, row.rev)
        )
        _raise_rev(row, 0 if batch.is_staff else len(new), now)
        checks.ask(batch.learner, batch.course, now)
        transaction.on_commit(nudging.send_soon)


def _numbered(
    batch: EvidenceBatch, parts: Sequence[PartEvidence], before: int
) -> Iterator[tuple[int | None, PartEvidence]]:
    """Yield parts with their numbers: what staff do has none, so that a learner's numbers have no gaps."""
    for number, part in enumerate(parts, before + 1):
        yield (None if batch.is_staff else number), part


def message_of(batch: EvidenceBatch, part: PartEvidence, number: int | None) -> EventMessage:
    """Return the event as the tool takes it: nothing in it is a name."""
    return EventMessage.model_validate(
        {
            "id": str(part.event_id),
            "learner": batch.learner,
            "course": batch.course,
            "activity": batch.activity,
            "content": batch.content,
            "part": part.part,
            "score": part.score.as_text(),
            "form": part.form,
            "attempt": batch.attempt,
            "try": part.tries,
            "hints": part.hints,
            "sequence": number,
            "occurred_at": batch.occurred_at.isoformat(timespec="microseconds"),
            "staff": batch.is_staff,
            "enrolled": True,
            "occasion": _occasion(part),
            "run": part.run,
            "rater": part.rater or None,
            "critical": part.critical or None,
            "total": batch.total.as_text() if batch.total is not None else None,
        }
    )


def _occasion(part: PartEvidence) -> str:
    """Return how a sheet of a rubric or a run of a simulation weighs; empty for a single answer."""
    if part.components is None:
        return part.occasion
    if part.mode == "graded":
        return GradedRun(reliability=part.reliability, components=part.components).as_text()
    return PracticeRun(components=part.components).as_text()


def _is_enrolled(batch: EvidenceBatch) -> bool:
    """Return whether the learner takes part: what the block could not find out is asked of the platform."""
    if batch.enrolled is not None:
        return batch.enrolled
    found: bool | None = load_platform().is_enrolled(batch.learner, batch.course)
    if found is None:
        _logger.warning("evidence is not kept: whether the learner takes part in %s is not known", batch.course)
    return bool(found)


def _lock(learner: str, now: datetime) -> Any:
    """Return the learner's row, locked until the end of the transaction; made where there is none."""
    return locked(EvidenceOutbox, {"learner": learner}, {"state": DONE, "next_at": now, "updated_at": now})


def _known(parts: Sequence[PartEvidence]) -> Any:
    ids = [part.event_id for part in parts]
    return EvidenceEvent.objects.filter(event_id__in=ids).values_list("event_id", flat=True)


def _raise_rev(row: Any, by: int, now: datetime) -> None:
    """Let a row be due: at once where nothing was left of it, else when its next try is; a given up one begins anew."""
    is_due = When(state=DUE, then=F("next_at"))
    # MySQL assigns from left to right: the state, which the others look at, comes last.
    EvidenceOutbox.objects.filter(id=row.id).update(
        rev=F("rev") + by,
        next_at=Case(is_due, default=Value(now)),
        attempts=Case(When(state=DUE, then=F("attempts")), default=Value(0)),
        updated_at=now,
        state=DUE,
    )
