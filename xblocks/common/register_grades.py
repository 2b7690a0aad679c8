"""Grades and completion of the learners of a register, told to the platform: of others than the one who asks, after the commit.

What the platform was told last stands in the register. What did not reach it goes with the next action or look of staff,
and grades by the plug-in's sweeper besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from qualoop.classroom.register import Register
from qualoop.values import ONE, ZERO, Score
from xblocks.common import register_store as store
from xblocks.common.learner import is_as_learner, is_in_course
from xblocks.common.platform import find_plugin
from xblocks.common.register_people import ADDED

MOST_AT_ONCE: Final = 60
"""Learners of one request: each takes the platform some milliseconds, and staff wait for the page."""
NOTHING: Final = {"score": "", "completion": "0"}

Wanted = Callable[[Register, str], Mapping[str, str]]
"""What the platform shall have of a learner: the released share as `score`, empty for none, and the `completion`."""


def waiting(register: Register, wanted: Wanted) -> list[str]:
    """Return of whom the platform does not know yet how things stand."""
    return [
        learner
        for learner in register.cells
        if not learner.startswith(ADDED) and wanted(register, learner) != _told(register, learner)
    ]


def publish_due(block: Any, register: Register, wanted: Wanted, *, only: str = "") -> Register:
    """Tell the platform what it does not know, of one learner or of so many as one request may; return the register then."""
    if not is_in_course(block) or is_as_learner(block):
        return register
    done = {}
    for learner in [each for each in waiting(register, wanted) if only in {"", each}][:MOST_AT_ONCE]:
        now = dict(wanted(register, learner))
        if _publish(block, learner, now, _told(register, learner)):
            done[learner] = now
    if not done:
        return register

    def noted(newest: Register) -> Register:
        for learner, published in done.items():
            newest = newest.informed(learner, published=published)
        return newest

    return store.change(block, noted)


def _told(register: Register, learner: str) -> dict[str, str]:
    return {**NOTHING, **register.told.get(learner, {}).get("published", {})}


def _publish(block: Any, learner: str, now: dict[str, str], before: dict[str, str]) -> bool:
    score = Score(now["score"]) if now["score"] else None
    is_moved = now["completion"] != before["completion"]
    plugin = find_plugin("people")
    if plugin is not None:
        share = Decimal(now["completion"]) if is_moved else None
        is_same = now["score"] == before["score"]
        published: bool = plugin.publish(
            learner, str(block.scope_ids.usage_id), score=score, completion=share, keeps_score=is_same
        )
        return published
    # A workbench: what is published is only written down there, with whom it is of.
    if now["score"] != before["score"]:
        grade = {"value": float(score or ZERO), "max_value": float(ONE), "only_if_higher": None, "learner": learner}
        block.runtime.publish(block, "grade", grade)
    if is_moved:
        block.runtime.publish(block, "completion", {"completion": float(now["completion"]), "learner": learner})
    return True
