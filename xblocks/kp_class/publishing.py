"""What the platform shall have of a class's learners; `xblocks.common.register_grades` tells it."""

from __future__ import annotations

from functools import partial
from typing import Any

from qualoop.classroom.class_marks import Scheme, released_share
from qualoop.classroom.register import RELEASED, Register
from qualoop.classroom.roll_call import CAME, Presence
from qualoop.values import Score
from xblocks.common import register_grades


def wanted(register: Register, learner: str, *, scheme: Scheme) -> dict[str, str]:
    """Return what the platform shall have of a learner: the released share, empty for none, and the completion."""
    share = released_share(register.value(learner, RELEASED))
    return {
        "score": "" if share is None else share.as_text(),
        "completion": completion(register, learner, scheme).as_text(),
    }


def completion(register: Register, learner: str, scheme: Scheme) -> Score:
    """Return how much of the class a learner has done: to have come (or to be excused), and to be marked where one is."""
    was_there = register.presence_of(learner) in {*CAME, Presence.EXCUSED}
    parts = [was_there, *([bool(register.value(learner, RELEASED))] if scheme.is_graded else [])]
    return Score.of(sum(parts), len(parts))


def waiting(register: Register, scheme: Scheme) -> list[str]:
    """Return of whom the platform does not know yet how things stand."""
    return register_grades.waiting(register, partial(wanted, scheme=scheme))


def publish_due(block: Any, register: Register, scheme: Scheme, *, only: str = "") -> Register:
    """Tell the platform what it does not know, of one learner or of so many as one request may; return the register then."""
    return register_grades.publish_due(block, register, partial(wanted, scheme=scheme), only=only)
