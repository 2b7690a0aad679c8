"""Whom the platform has retired: all that the plug-in holds of them goes, and stays away."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from django.db import transaction

from xblocks.edx import registers
from xblocks.edx.models import (
    CourseMastery,
    Difference,
    EvidenceOutbox,
    GradeCheck,
    GradeOverride,
    HandedInWork,
    RetiredLearner,
)


def forget(learners: Iterable[str]) -> int:
    """Delete events, sent or not, works and the cache of learners; return of how many something was held.

    What the tool has is the tool's to erase. Doing it again changes nothing.
    """
    ids = sorted(set(learners))
    with transaction.atomic():
        for learner in ids:
            RetiredLearner.objects.get_or_create(digest=_digest(learner))
        # Rows in the order in which a handing in and a release lock them: text, register, outbox.
        HandedInWork.objects.filter(learner__in=ids).delete()
        registers.forget(ids)
        held: int = EvidenceOutbox.objects.filter(learner__in=ids).count()
        for table in (EvidenceOutbox, CourseMastery, GradeCheck, GradeOverride, Difference):
            table.objects.filter(learner__in=ids).delete()
    return held


def retired_among(learners: Collection[str]) -> set[str]:
    """Return which of some learners were retired."""
    by_digest = {_digest(learner): learner for learner in learners}
    found = RetiredLearner.objects.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return {by_digest[digest] for digest in found}


def _digest(learner: str) -> str:
    return hashlib.sha256(learner.encode()).hexdigest()
