"""An event of a source as the ledger takes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from lti_tool.services.evidence.checks import Submission
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import WINDOW, EvidenceEvent
from qualoop.exchange.message_parts import moment_of
from qualoop.ledger import SCORED_BY_MACHINE, Evidence
from qualoop.values import Score

#: A sender's clock may run ahead by as much as its signature may: then the event happened now.
AHEAD: Final[timedelta] = WINDOW


def ledger_source(source: KnownSource) -> str:
    """Return how the ledger names a source; with the event's id it is the key of repeats."""
    return f"source:{source.key}"


def evidence_of(event: EvidenceEvent, rater: str | None) -> Evidence:
    """Return the evidence in an event; ``rater`` is the pseudonym of who judged. Raises EvidenceRefusedError."""
    return Evidence(
        activity=event.activity,
        content=event.content,
        part=event.part,
        score=Score(event.score),
        form=event.form,
        rater=rater or SCORED_BY_MACHINE,
        attempt=event.attempt,
        tries=event.try_,
        hints=event.hints,
        occasion=event.occasion,
        run=event.run,
        critical=bool(event.critical),
    )


def submission_of(
    event: EvidenceEvent, source: KnownSource, *, learner: str, rater: str | None, now: datetime
) -> Submission:
    """Return an event as evidence is handed in: of and by pseudonyms. Raises EvidenceRefusedError."""
    at = moment_of(event.occurred_at)
    return Submission(
        learner=learner,
        evidence=evidence_of(event, rater),
        source=(ledger_source(source), event.id, ""),
        occurred_at=now if now < at <= now + AHEAD else at,
    )


def kept_form(event: EvidenceEvent, *, learner: str, rater: str | None) -> dict[str, Any]:
    """Return an event to be kept: people by pseudonym, so that nothing in it leads to anybody."""
    return event.model_dump(mode="json", by_alias=True) | {"learner": learner, "rater": rater}
