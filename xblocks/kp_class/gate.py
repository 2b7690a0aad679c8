"""The gate of a class block: what the platform knows of the work before class, and whether somebody may come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qualoop.classroom.prework import Prework, missing
from qualoop.classroom.register import LET_IN, Register
from xblocks.common.learner import course_key, is_in_course
from xblocks.common.platform import find_plugin
from xblocks.kp_class.fields import prework_names, ready_score


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Where a learner stands: ``works`` in the author's order, ``lacking`` what is missing; ``is_read`` is false where the
    platform cannot tell, and then the gate keeps nobody out.
    """

    works: tuple[Prework, ...] = ()
    lacking: tuple[Prework, ...] = ()
    is_let_in: bool = False
    is_read: bool = True

    @property
    def is_open(self) -> bool:
        """Return whether the part in class is open."""
        return self.is_let_in or not self.lacking


def can_read() -> bool:
    """Return whether the platform tells of other places of a course: its plug-in has to be installed."""
    return find_plugin("people") is not None


def prework_of(block: Any, learner: str) -> Sequence[Prework] | None:
    """Return how a learner stands at each piece of work before class; None where the platform cannot tell."""
    names = prework_names(block)
    if not names:
        return ()
    plugin = find_plugin("people")
    if plugin is None or not is_in_course(block):
        return None
    found: Sequence[Prework] | None = plugin.prework(str(course_key(block)), learner, names)
    return found


def gate_of(block: Any, register: Register, learner: str) -> Gate:
    """Return where a learner stands before the part in class."""
    works = prework_of(block, learner)
    is_let_in = bool(register.value(learner, LET_IN))
    if works is None:
        return Gate(is_let_in=is_let_in, is_read=False)
    lacking = tuple(missing(works, ready_score(block)))
    return Gate(works=tuple(works), lacking=lacking, is_let_in=is_let_in)
