"""Evidence of what happened in a block, given to the plug-in in the transaction that keeps the learner's state.

The plug-in (the Django app `xblocks.edx`) has a module `outbox` with `record(batch: EvidenceBatch) -> None`. Where it is
not installed nothing is recorded. What `record` raises undoes the state as well: nothing is kept by half.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from qualoop.errors import QualoopError
from qualoop.player import Answered, Event, RunScored
from qualoop.simulators.run_files import run_name
from qualoop.values import Score
from xblocks.common.contents import OpenContent
from xblocks.common.grading import kept_score
from xblocks.common.learner import BlockUser, course_key, is_as_learner, is_enrolled, learner_key
from xblocks.common.platform import find_plugin

_EVENTS: Final = uuid.UUID("5f0c2f0a-9d0b-5c55-9e0e-3d8a3f7c1b52")
"""The namespace of the events' ids: the same answer told twice is one event."""


class EvidenceNotKeptError(QualoopError):
    """The plug-in could not keep the evidence, and so the answer was not kept either: sending it again is safe."""

    code = "evidence-not-kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEvidence:
    """One scored part: ``score`` is raw, in [0, 1].

    ``form`` is one of the ledger's, such as `quiz`; ``rater`` is the platform's id of who judged, empty for a machine, and
    ``occasion`` says how a judgement came about (`qualoop.policies.occasions`). Of a run, ``mode`` is practice or graded, ``components`` in how many it was scored,
    ``reliability`` the published one, ``critical`` whether a breach capped the part in a graded one, ``run`` its name (`qualoop.simulators.run_files`). ``tries`` counts from 1.
    """

    event_id: uuid.UUID
    part: str
    score: Score
    form: str
    tries: int
    hints: int = 0
    mode: str = ""
    components: int | None = None
    reliability: Decimal | None = None
    run: str = ""
    rater: str = ""
    occasion: str = ""
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBatch:
    """What one action of one learner is evidence of. ``content`` is the version's hash, ``attempt`` a random id.

    ``total`` is the learner's score for the whole activity after the action; None where it does not count yet.
    """

    learner: str
    is_staff: bool
    enrolled: bool | None
    course: str
    usage: str
    activity: str
    content: str
    attempt: str
    occurred_at: datetime
    parts: tuple[PartEvidence, ...]
    opened: OpenContent
    total: Score | None = None


def record_evidence(block: Any, batch: EvidenceBatch | None) -> None:
    """Give evidence to the plug-in, where there is one and any evidence; raise EvidenceNotKeptError."""
    outbox = find_plugin("outbox")
    if batch is None or outbox is None:
        return
    try:
        outbox.record(batch)
    except Exception as error:
        raise EvidenceNotKeptError from error


def evidence_of(
    block: Any, user: BlockUser, opened: OpenContent, attempt: str, *, events: Sequence[Event], now: datetime
) -> EvidenceBatch | None:
    """Return what happened as evidence; None where there is none, or nobody whose it could be, or nowhere to give it.

    Raises LearnerUnknownError where the platform has a user and no id.
    """
    parts = tuple(_parts(attempt, events, opened.hash))
    enrolled = is_enrolled(block) if parts else None
    if not parts or enrolled is False or is_as_learner(block) or find_plugin("outbox") is None:
        return None
    key = learner_key(block, user)
    if key is None:
        return None
    return EvidenceBatch(
        learner=key,
        is_staff=user.is_staff,
        enrolled=enrolled,
        course=str(course_key(block)),
        usage=str(block.scope_ids.usage_id),
        activity=opened.package.key,
        content=opened.hash,
        attempt=attempt,
        occurred_at=now,
        parts=parts,
        opened=opened,
        total=kept_score(block.score) if block.score else None,
    )


def _parts(attempt: str, events: Sequence[Event], content: str) -> Iterator[PartEvidence]:
    for event in events:
        if isinstance(event, Answered):
            yield PartEvidence(
                event_id=uuid.uuid5(_EVENTS, f"{attempt}:{event.part}:{event.try_number}"),
                part=event.part,
                score=event.score,
                form="quiz",
                tries=event.try_number,
                hints=event.hints,
            )
        elif isinstance(event, RunScored):
            yield from _run_parts(attempt, event, content)


def _run_parts(attempt: str, run: RunScored, content: str) -> Iterator[PartEvidence]:
    for part in run.parts:
        yield PartEvidence(
            event_id=uuid.uuid5(_EVENTS, f"{attempt}:{run.mode}:{run.digest}:{part.part}"),
            part=part.part,
            score=part.score,
            form="project",
            tries=1 if run.mode == "graded" else run.number,
            mode=run.mode,
            components=part.components,
            reliability=part.reliability,
            run=run_name(run.digest, content),
            critical=part.critical and run.mode == "graded",
        )
