"""What a class is evidence of: presence once it is over, each row of the rubric and the points once they are released.

What was told stands in the register, in the transaction that keeps the register; an event told again is the same event.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qualoop.assessment.rubric import manifest_parts, rubric_tags
from qualoop.classroom.class_marks import ATTENDANCE_PART, SCORE_PART, Scheme, part_scores, released_share
from qualoop.classroom.register import PRESENCE, RELEASED, Register
from qualoop.classroom.roll_call import CAME
from qualoop.classroom.session import SessionState
from qualoop.content_packages import Package
from qualoop.ledger import EvidenceForm, canonical_body
from qualoop.policies import Sheet
from qualoop.values import ONE, Score
from xblocks.common.contents import SHIPPED, OpenContent
from xblocks.common.evidence import EvidenceBatch, PartEvidence
from xblocks.common.learner import course_key
from xblocks.common.register_people import ADDED

KIND: Final = "class-session"
_EVENTS: Final = uuid.UUID("b3a5b0b8-6c6c-5d0e-8a54-5a2b1b7c9f10")
_TITLE: Final = {"en": "Class session", "zh-Hans": "课堂活动"}
_KEY_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Of which block evidence is, by what it was marked, and when it is told; ``codes`` are the points' knowledge points."""

    block: Any
    scheme: Scheme
    codes: tuple[str, ...]
    now: datetime


def opened_class(scheme: Scheme, codes: tuple[str, ...]) -> OpenContent:
    """Return the content version that evidence names: parts and tags follow from the scheme, so alike classes share it."""
    rubric = scheme.rubric
    parts = [{"key": ATTENDANCE_PART, "type": "attendance", "options": None, "max": "1"}]
    parts += manifest_parts(rubric) if rubric is not None else []
    parts += [{"key": SCORE_PART, "type": "points", "options": None, "max": "1"}] if scheme.full else []
    tags = dict(rubric_tags(rubric)) if rubric is not None else {}
    if scheme.full and codes:
        tags[SCORE_PART] = _shared_out(codes)
    framework = {"code": SHIPPED.framework.code, "version": SHIPPED.framework.version}
    said: dict[str, Any] = {
        "kind": KIND,
        "rubric": scheme.version,
        "parts": [part["key"] for part in parts],
        "tags": tags,
    }
    digest = hashlib.sha256(canonical_body(said)).hexdigest()
    package = Package(
        key=f"{KIND}-{digest[:_KEY_DIGITS]}",
        kind=KIND,
        version="1.0.0",
        content_hash=digest,
        document={"title": _TITLE, "framework": framework},
        manifest={"parts": parts},
        tags=tags,
        tags_hash=hashlib.sha256(canonical_body({"framework": framework, "tags": tags})).hexdigest(),
        assets={},
    )
    # Nothing of it is stepped or shown by the player, so it has neither kind nor content there.
    return OpenContent(package=package, kind=None, content=None)  # type: ignore[arg-type]


def with_evidence(register: Register, source: Source) -> tuple[Register, list[EvidenceBatch]]:
    """Return the register with everything noted that is to be told now, and that, a batch for each learner."""
    batches: list[EvidenceBatch] = []
    opened: OpenContent | None = None
    for learner in register.cells:
        if learner.startswith(ADDED):
            continue
        told = register.told.get(learner, {}).get("parts", {})
        parts = {part.part: part for part in _due(register, learner, source, told)}
        if parts:
            opened = opened or opened_class(source.scheme, source.codes)
            batches.append(_batch(register, learner, source, parts=tuple(parts.values()), opened=opened))
            noted = {key: [part.score.as_text(), part.tries] for key, part in parts.items()}
            register = register.informed(learner, parts={**told, **noted})
    return register, batches


def _due(register: Register, learner: str, source: Source, told: Mapping[str, Any]) -> Iterator[PartEvidence]:
    usage = str(source.block.scope_ids.usage_id)
    is_over = register.roll.state is SessionState.CLOSED
    if is_over and ATTENDANCE_PART not in told and register.presence_of(learner) in CAME:
        mark = register.cells[learner].get(PRESENCE)
        rater = mark.by if mark is not None and mark.value else ""
        yield PartEvidence(
            event_id=_event_id(usage, learner, ATTENDANCE_PART, 1),
            part=ATTENDANCE_PART,
            score=ONE,
            form=EvidenceForm.ATTENDANCE.value,
            tries=1,
            rater=rater,
        )
    cell = register.cells[learner].get(RELEASED)
    for part, score in part_scores(cell.value).items() if cell is not None and cell.value else ():
        before, tries = told.get(part, ["", 0])
        if before != score.as_text():
            is_points = part == SCORE_PART
            yield PartEvidence(
                event_id=_event_id(usage, learner, part, tries + 1),
                part=part,
                score=score,
                form=(EvidenceForm.PROCESS if is_points else EvidenceForm.OBSERVATION).value,
                tries=tries + 1,
                rater=cell.by if cell is not None else "",
                occasion="" if is_points else _sheet(source.scheme),
            )


def _batch(
    register: Register, learner: str, source: Source, *, parts: tuple[PartEvidence, ...], opened: OpenContent
) -> EvidenceBatch:
    usage = str(source.block.scope_ids.usage_id)
    return EvidenceBatch(
        learner=learner,
        is_staff=False,
        # Whoever asks is not the learner: the plug-in asks the platform about the learner.
        enrolled=None,
        course=str(course_key(source.block)),
        usage=usage,
        activity=opened.package.key,
        content=opened.hash,
        attempt=str(uuid.uuid5(_EVENTS, usage)),
        occurred_at=source.now,
        parts=parts,
        opened=opened,
        total=released_share(register.value(learner, RELEASED)),
    )


def _event_id(usage: str, learner: str, part: str, tries: int) -> uuid.UUID:
    return uuid.uuid5(_EVENTS, f"{usage}:{learner}:{part}:{tries}")


def _sheet(scheme: Scheme) -> str:
    return Sheet(criteria=len(scheme.rubric.rows)).as_text() if scheme.rubric is not None else ""


def _shared_out(codes: tuple[str, ...]) -> dict[str, str]:
    """Return the shares of some codes, which sum to 1 in millionths."""
    share, more = divmod(1_000_000, len(codes))
    millionths = {code: share + (number < more) for number, code in enumerate(codes)}
    return {code: Score.of(count, 1_000_000).as_text() for code, count in millionths.items()}
