"""What answers changed: a level as they left it, against what it would be at the same moment without them.

Two levels of different moments differ by more than what was answered between them. Every level holds the difficulty of the
knowledge point, which all learners share and move, and general ability, which the learner's other answers move; and memory
fades. So nothing is compared with what a level once was, but with the belief of the same moment that lacks the answers in
question: `without`. It takes out of ability, memory and difficulty what these answers put in, as far as it is still there.

For one answer that is the level before it, so that it says what the answer's own explanation says (`engine.change`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.readings import Belief, belief

_Step = tuple[float, float, float, float]
"""A mean and its variance before an answer, and both after it."""


class Move(NamedTuple):
    """What one answer did to what a level rests on: means (logits) and variances, each before and after it.

    ``g`` is general ability, ``m`` the slow memory, ``c`` the difficulty of the knowledge point; before the answer the memory
    has faded already, to the share ``kept`` of what had been stored.
    """

    g: float
    v_g: float
    g_after: float
    v_g_after: float
    m: float
    v_m: float
    m_after: float
    v_m_after: float
    c: float
    v_c: float
    c_after: float
    v_c_after: float
    kept: float


def left(move: Move, constants: Constants = DEFAULT_CONSTANTS) -> Belief:
    """Return what an answer left the knowledge point at."""
    return belief(move[2:4], move[6:8], move[10:12], constants)


def without(moves: Sequence[Move], constants: Constants = DEFAULT_CONSTANTS) -> Belief:
    """Return what the last of some answers would have found without any of them: at least one, in ledger order.

    What a memory was given fades as the memory does. Of what ability and difficulty were given, there is left what other
    answers, which have shrunk the doubt since, have not replaced.
    """
    return belief(
        _rest((move[0:4] for move in moves), []),
        _rest((move[4:8] for move in moves), [move.kept for move in moves]),
        _rest((move[8:12] for move in moves), []),
        constants,
    )


def _rest(steps: Iterable[_Step], kept: Sequence[float]) -> tuple[float, float]:
    """Return a mean and its variance at the end of ``steps``, without what these gave it.

    ``kept`` is which share of what it had been given was left at each step; where it is empty, the variances tell.
    """
    given, known, last, mean = 0.0, 0.0, 0.0, 0.0
    for number, (before, v_before, after, v_after) in enumerate(steps):
        if last:
            given *= kept[number] if kept else min(1.0, v_before / last)
            known *= min(1.0, last / v_before)
        given += after - before
        known += 1.0 / v_after - 1.0 / v_before
        mean, last = after, v_after
    return mean - given, 1.0 / (1.0 / last - known)
