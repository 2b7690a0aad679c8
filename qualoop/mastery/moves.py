"""What answers changed: a level as they left it, against what it would be at the same moment without them.

Two levels of different moments differ by more than what was answered between them. Every level holds the difficulty of the
knowledge point, which all learners share and move, and general ability, which the learner's other answers move; and memory
fades. So nothing is compared with what a level once was, but with the belief of the same moment that lacks the answers in
question: `without`. It takes out of ability, memory and difficulty what these answers put in, as far as it is still there.

For one answer that is the level before it, so that it says what the answer's own explanation says (`engine.change`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from qualoop.mastery.constants import DEFAULT_CONSTANTS, Constants
from qualoop.mastery.readings import Belief, belief

_Step = Sequence[float]
"""A mean and its variance before an answer, and both after it."""


class Move(NamedTuple):
    """What one answer did to what a level rests on: means (logits) and variances, each before and after it.

    ``g`` is general ability, ``m`` the slow memory, ``c`` the difficulty of the knowledge point; before the answer the memory
    has faded already, to the share ``kept`` of what the answer before this one had left stored.

    Not ``is_counted`` is what is not asked about, such as an answer that is void, weighs nothing, or may not be shown yet: it
    stays in, but the memory that it touched has faded up to it. So moves lack no answer between the first and the last.
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
    is_counted: bool = True


def counted(moves: Iterable[Move]) -> list[Move]:
    """Return those of some answers that are asked about."""
    return [move for move in moves if move.is_counted]


def after_first(moves: Sequence[Move]) -> Sequence[Move]:
    """Return what came after the first answer that is asked about."""
    first = next((number for number, move in enumerate(moves) if move.is_counted), len(moves))
    return moves[first + 1 :]


def newest(moves: Sequence[Move], count: int) -> Sequence[Move]:
    """Return the newest ``count`` answers that are asked about, with the others from the first of them on."""
    places = [number for number, move in enumerate(moves) if move.is_counted]
    return moves[places[-count] :] if 0 < count <= len(places) else moves


def left(move: Move, constants: Constants = DEFAULT_CONSTANTS) -> Belief:
    """Return what an answer left the knowledge point at."""
    return belief(move[2:4], move[6:8], move[10:12], constants)


def without(moves: Sequence[Move], constants: Constants = DEFAULT_CONSTANTS) -> Belief:
    """Return what the last of some answers would have found without any of them: at least one, in ledger order.

    Those that are not asked about stay in. What a memory was given fades as the memory does. Of what was given, there is
    left what answers that stay in, which have shrunk the doubt since, have not replaced.
    """
    last = max(number for number, move in enumerate(moves) if move.is_counted)
    walked = moves[: last + 1]
    return belief(
        _rest(walked, lambda move: move[0:4], fades=False),
        _rest(walked, lambda move: move[4:8], fades=True),
        _rest(walked, lambda move: move[8:12], fades=False),
        constants,
    )


def _rest(moves: Sequence[Move], step_of: Callable[[Move], _Step], *, fades: bool) -> tuple[float, float]:
    """Return a mean and its variance at the end, without what the answers that are asked about gave it.

    Between two answers what was given ``fades`` by the share that each tells, or else as the variances tell.
    """
    given, known, last, mean = 0.0, 0.0, 0.0, 0.0
    for move in moves:
        before, v_before, after, v_after = step_of(move)
        if last:
            given *= move.kept if fades else min(1.0, v_before / last)
            known *= min(1.0, last / v_before)
        if move.is_counted:
            given += after - before
            known += 1.0 / v_after - 1.0 / v_before
        else:
            given *= min(1.0, v_after / v_before)
            known *= min(1.0, v_before / v_after)
        mean, last = after, v_after
    return mean - given, 1.0 / (1.0 / last - known)
