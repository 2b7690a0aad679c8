"""Writes a register together with what follows from it as evidence: both or neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from qualoop.classroom.register import Register
from xblocks.common import register_store as store
from xblocks.common.evidence import EvidenceBatch, record_evidence
from xblocks.common.learner import is_in_course
from xblocks.common.platform import find_plugin, in_one_transaction

Make: TypeAlias = Callable[[Register], Register]
Tell: TypeAlias = Callable[[Register], tuple[Register, list[EvidenceBatch]]]


def change_told(block: Any, make: Make, tell: Tell, *, then: Make | None = None) -> Register:
    """Write what ``make`` makes of the newest register, and record the evidence that ``tell`` finds in it; return it.

    ``then`` makes what is written at last, told or not. Nothing is told outside a course, without an outbox, or where
    ``make`` changed nothing. Raises what `store.change` does.
    """
    batches: list[EvidenceBatch] = []
    tells = is_in_course(block) and find_plugin("outbox") is not None

    def make_all(it: Register) -> Register:
        after = make(it)
        if tells and after is not it:
            after, batches[:] = tell(after)
        return then(after) if then is not None else after

    with in_one_transaction():
        after = store.change(block, make_all)
        # In one order everywhere: each locks its learner's row, and two releases must not wait for each other.
        for batch in sorted(batches, key=lambda each: each.learner):
            record_evidence(block, batch)
    return after
