"""The gate before class: what must be done, or reached, before the part in the room opens for a learner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qualoop.values import ZERO, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Prework:
    """How a learner stands at one piece of work before class.

    ``name`` is how the author named it, ``url`` leads there. ``completion`` and ``score`` are shares in [0, 1], None where
    nothing is known. ``is_found`` says whether the course has such a place at all.
    """

    name: str
    title: str = ""
    url: str = ""
    completion: Decimal | None = None
    score: Score | None = None
    is_found: bool = True

    def is_done(self) -> bool:
        """Say whether everything was done; where nobody follows completion, a score will do."""
        return self.score is not None if self.completion is None else self.completion >= 1


def missing(works: Iterable[Prework], ready_at: Score = ZERO) -> Sequence[Prework]:
    """Return what keeps a learner out: not done, or below the score ``ready_at`` in [0, 1].

    A score that is reached counts as done. What the course does not have keeps nobody out: its author is told.
    """
    return [work for work in works if work.is_found and not _is_enough(work, ready_at)]


def _is_enough(work: Prework, ready_at: Score) -> bool:
    return work.is_done() if not ready_at else work.score is not None and work.score >= ready_at
