"""Grades that staff set by hand: noted when the platform signals one, told to the tool after the learner's evidence.

One row for each learner and place; what is sent is how it stands then. Who set it stays in the platform's own history.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import Any, Final

from django.db.models import F

from qualoop.exchange import GradeOverride as OverrideMessage
from qualoop.values import Score
from xblocks.edx.models import EvidenceOutbox, GradeOverride
from xblocks.edx.platform import Platform
from xblocks.edx.states import DONE, DUE, NEEDS_PERSON, SENT
from xblocks.edx.terms import TERMS, Terms
from xblocks.edx.tool import Answer, Tool

MOST_AT_ONCE: Final = 50
FINAL: Final = frozenset({"body-refused", "body-unreadable", "body-too-large"})
"""Refusals that no repeat mends."""


def note(learner: str, course: str, usage: str, *, share: Score | None, now: datetime) -> bool:
    """Keep what staff set, None where nothing is set (any more), until the tool knows; return whether it was news."""
    text = share.as_text() if share is not None else ""
    where = {"learner": learner, "course": course, "usage": usage}
    known = GradeOverride.objects.filter(**where).values_list("share", flat=True).first()
    if text == (known or ""):
        return False
    fields = {"share": text, "override_id": uuid.uuid4(), "noted_at": now, "next_at": now}
    GradeOverride.objects.update_or_create(**where, defaults={**fields, "state": DUE, "attempts": 0, "last_error": ""})
    return True


def compare(platform: Platform, learner: str, course: str, now: datetime) -> int:
    """Note what staff set for a learner in a course, or took back, and no signal told of; return how many were news."""
    found = platform.overrides(learner, course)
    noted = GradeOverride.objects.filter(learner=learner, course=course).values_list("usage", flat=True)
    return sum(note(learner, course, usage, share=found.get(usage), now=now) for usage in {*noted, *found})


def send_due(tool: Tool, now: datetime, *, random: Random, terms: Terms = TERMS) -> bool:
    """Tell the tool what is due; return whether it answered at all. Doing it twice changes nothing there.

    Whose evidence still waits is told of later, so that the tool knows what a grade was set over.
    """
    settled = EvidenceOutbox.objects.filter(state=DONE).values("learner")
    due = GradeOverride.objects.filter(state=DUE, next_at__lte=now, learner__in=settled).order_by("next_at", "id")
    for row in list(due[:MOST_AT_ONCE]):
        answer = tool.ask("PUT", f"/api/v1/overrides/{row.override_id}", message_of(row).model_dump_json().encode())
        _settle(row, answer, now + max(terms.delay(row.attempts + 1, random), timedelta(seconds=answer.retry_after_s)))
        if answer.status is None:
            return False
    return True


def message_of(row: Any) -> OverrideMessage:
    """Return an override as the tool takes it: nothing in it is a name."""
    return OverrideMessage(
        learner=row.learner,
        course=row.course,
        place=row.usage,
        score=row.share or None,
        occurred_at=row.noted_at.isoformat(timespec="microseconds"),
    )


def send_again(now: datetime) -> int:
    """Let what was refused be due, and what waits at once; return how many there are."""
    count: int = GradeOverride.objects.exclude(state=SENT).update(state=DUE, attempts=0, next_at=now)
    return count


def _settle(row: Any, answer: Answer, next_at: datetime) -> None:
    state = SENT if answer.status == HTTPStatus.OK else NEEDS_PERSON if answer.code in FINAL else DUE
    # What staff set meanwhile has another id, and stays due.
    GradeOverride.objects.filter(id=row.id, override_id=row.override_id).update(
        state=state, last_error=answer.code, next_at=next_at, attempts=F("attempts") + 1
    )
