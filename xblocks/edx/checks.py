"""Compares the platform's grades with what blocks keep, and repairs what a crash left: state kept, but not published.

Whoever did something in a block, or whose subsection score changed, is looked at a little later; at night everybody is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.db.models import F, Q

from xblocks.edx import overrides, registers
from xblocks.edx.config import keep_sent_for
from xblocks.edx.models import Difference, EvidenceEvent, GradeCheck
from xblocks.edx.platform import KeptScore, Platform
from xblocks.edx.registers import Released

_logger = logging.getLogger(__name__)

QUIET: Final = timedelta(minutes=2)
"""How long after an action its request is surely over."""
MOST_AT_ONCE: Final = 500

GRADE_MISSING: Final = "grade-missing"
EVIDENCE_MISSING: Final = "evidence-missing"


@dataclass(slots=True, kw_only=True)
class Compared:
    """What a comparison found: learners in courses, scores, and how many of these were published again or failed to be.

    ``overrides`` counts grades set by staff of which no signal had told.
    """

    checks: int = 0
    scores: int = 0
    published: int = 0
    failed: int = 0
    without_evidence: int = 0
    overrides: int = 0


def ask(learner: str, course: str, now: datetime) -> None:
    """Let a learner's grades in a course be compared soon."""
    GradeCheck.objects.update_or_create(learner=learner, course=course, defaults={"asked_at": now})


def sweep(platform: Platform, now: datetime, *, at_most: int = MOST_AT_ONCE) -> Compared:
    """Compare where something happened a little while ago, and publish what is missing."""
    compared = Compared()
    released = cache(registers.released)
    open_ones = GradeCheck.objects.filter(Q(checked_at=None) | Q(checked_at__lt=F("asked_at")))
    for check in list(open_ones.filter(asked_at__lte=now - QUIET).order_by("asked_at")[:at_most]):
        kept = _kept(platform, check, released(check.course))
        failed = _compare(platform, check, kept, now=now, compared=compared)
        compared.checks += 1
        if not failed:
            # What was asked meanwhile stays to be compared.
            GradeCheck.objects.filter(id=check.id, asked_at=check.asked_at).update(checked_at=now)
    return compared


def reconcile(platform: Platform, now: datetime) -> Compared:
    """Compare all that was ever recorded, and let go of what the tool has had long enough."""
    GradeCheck.objects.update(asked_at=now - QUIET, checked_at=None)
    every = Compared()
    while True:
        ids_before = GradeCheck.objects.filter(checked_at=None).count()
        found = sweep(platform, now)
        for each in fields(Compared):
            setattr(every, each.name, getattr(every, each.name) + getattr(found, each.name))
        if not found.checks or GradeCheck.objects.filter(checked_at=None).count() >= ids_before:
            break
    settled = EvidenceEvent.objects.filter(state="sent", settled_at__lt=now - keep_sent_for())
    settled.exclude(payload="").update(payload="")
    _logger.info("qualoop grades compared: %s", every)
    return every


def _kept(platform: Platform, check: Any, released: Released) -> Iterator[KeptScore]:
    """Yield what states and registers keep of a learner: of a block that has both, the one that it works by now."""
    of_state = {kept.usage: kept for kept in platform.kept_scores(check.learner, check.course)}
    of_registers = dict(released.get(check.learner, ()))
    by_register = {usage: _is_judged(platform, usage) for usage in of_state.keys() & of_registers.keys()}
    yield from (kept for usage, kept in of_state.items() if not by_register.get(usage))
    left = [(usage, share) for usage, share in of_registers.items() if by_register.get(usage, True)]
    yield from registers.kept_scores(platform, check.learner, {check.learner: left})


def _is_judged(platform: Platform, usage: str) -> bool:
    """Return whether people judge the work at a block now: its author may have put something else there."""
    try:
        block = platform.find_block(usage)
        return block is None or block.scheme() is not None
    except Exception:
        _logger.exception("what %s holds now was not found out", usage)
        return True


def _compare(platform: Platform, check: Any, every: Iterable[KeptScore], *, now: datetime, compared: Compared) -> bool:
    """Compare one learner's grades in one course; return whether publishing failed."""
    failed = False
    for kept in every:
        compared.scores += 1
        if kept.score != kept.graded and not (kept.graded is None and not kept.score):
            done = _publish(platform, check.learner, kept)
            _note(
                check.learner, check.course, kept.usage, GRADE_MISSING, noted_at=now, repaired_at=now if done else None
            )
            compared.published += done
            compared.failed += not done
            failed = failed or not done
        if not EvidenceEvent.objects.filter(outbox__learner=check.learner, usage=kept.usage).exists():
            compared.without_evidence += 1
            _note(check.learner, check.course, kept.usage, EVIDENCE_MISSING, noted_at=now)
    compared.overrides += _compare_overrides(platform, check, now)
    return failed


def _compare_overrides(platform: Platform, check: Any, now: datetime) -> int:
    try:
        return overrides.compare(platform, check.learner, check.course, now)
    # A release that keeps them elsewhere must not keep grades from being repaired.
    except Exception:
        _logger.exception("grades that staff set in %s were not compared", check.course)
        return 0


def _publish(platform: Platform, learner: str, kept: KeptScore) -> bool:
    try:
        platform.publish_score(learner, kept)
    # One block that cannot be loaded any more must not keep the others from being repaired.
    except Exception:
        _logger.exception("the score of %s was not published again", kept.usage)
        return False
    return True


def _note(learner: str, course: str, usage: str, kind: str, **at: datetime | None) -> None:
    of = Difference.objects.filter(learner=learner, course=course, usage=usage, kind=kind)
    if not of.update(**at):
        Difference.objects.create(learner=learner, course=course, usage=usage, kind=kind, **at)
