"""What released marks are evidence of: each row of the rubric, of the attempt that was handed in, by who marked it.

What was told stands in the register, in the transaction that keeps the register; an event told again is the same event.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qualoop.classroom.class_marks import Scheme, part_scores, released_share
from qualoop.classroom.register import RELEASED, RUBRIC, Register
from qualoop.ledger import EvidenceForm
from qualoop.policies import Sheet
from xblocks.common.contents import OpenContent
from xblocks.common.evidence import EvidenceBatch, PartEvidence
from xblocks.common.learner import course_key

_EVENTS: Final = uuid.UUID("0a6a4f5e-7a0d-5b7e-9d7c-6b6f2f3c8e41")
ROWS: Final = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Of which block evidence is, of which version of its content, and by what it was marked."""

    block: Any
    opened: OpenContent
    scheme: Scheme

    @property
    def usage(self) -> str:
        """Return where the block stands."""
        return str(self.block.scope_ids.usage_id)


def with_evidence(register: Register, source: Source) -> tuple[Register, list[EvidenceBatch]]:
    """Return the register with everything noted that is to be told now, and that, a batch for each learner."""
    batches: list[EvidenceBatch] = []
    for learner in register.cells:
        released = register.value(learner, RELEASED)
        if not released or "attempt" not in released:
            continue
        every = register.told.get(learner, {}).get(ROWS, {})
        told = every.get(released["attempt"], {})
        parts = tuple(_due(register, learner, source, told=told))
        if parts:
            batches.append(_batch(register, learner, source, parts=parts))
            noted = {part.part: [part.score.as_text(), part.tries] for part in parts}
            register = register.informed(learner, **{ROWS: {**every, released["attempt"]: {**told, **noted}}})
    return register, batches


def _due(register: Register, learner: str, source: Source, *, told: Mapping[str, Any]) -> Iterator[PartEvidence]:
    released = register.value(learner, RELEASED)
    draft = register.cells[learner].get(RUBRIC)
    criteria = len(source.scheme.rubric.rows) if source.scheme.rubric is not None else 1
    for part, score in part_scores(released).items():
        before, tries = told.get(part, ["", 0])
        if before != score.as_text():
            named = f"{source.usage}:{learner}:{released['attempt']}:{part}:{tries + 1}"
            yield PartEvidence(
                event_id=uuid.uuid5(_EVENTS, named),
                part=part,
                score=score,
                form=EvidenceForm.PROJECT.value,
                tries=tries + 1,
                # Who marked, not who let the marks out.
                rater=draft.by if draft is not None else "",
                occasion=Sheet(criteria=criteria).as_text(),
            )


def _batch(register: Register, learner: str, source: Source, *, parts: tuple[PartEvidence, ...]) -> EvidenceBatch:
    released = register.value(learner, RELEASED)
    return EvidenceBatch(
        learner=learner,
        is_staff=False,
        # Whoever asks is not the learner: the plug-in asks the platform about the learner.
        enrolled=None,
        course=str(course_key(source.block)),
        usage=source.usage,
        activity=source.opened.package.key,
        content=source.opened.hash,
        attempt=released["attempt"],
        # Of the work's own time, however late it was marked.
        occurred_at=datetime.fromisoformat(released["at"]),
        parts=parts,
        opened=source.opened,
        total=released_share(released),
    )
