"""Texts of works that people judge, in the platform's database. Who may read one is for the block to know."""

from __future__ import annotations

from datetime import datetime

from xblocks.edx.learners import retired_among
from xblocks.edx.models import HandedInWork


def keep(usage: str, learner: str, attempt: str, text: str, *, at: datetime) -> None:
    """Keep what was handed in; the same attempt told twice is one work. Nothing is kept of somebody who was retired."""
    if not retired_among([learner]):
        HandedInWork.objects.get_or_create(
            attempt=attempt, defaults={"usage": usage, "learner": learner, "text": text, "handed_in_at": at}
        )


def read(usage: str, learner: str, attempt: str) -> str | None:
    """Return the text of a learner's attempt at a block; None where there is none, or none any more."""
    found: str | None = (
        HandedInWork.objects.filter(usage=usage, learner=learner, attempt=attempt)
        .values_list("text", flat=True)
        .first()
    )
    return found
