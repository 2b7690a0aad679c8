"""Peer instruction: vote, discuss, vote again, show. What a poll does next, and what its votes say.

Results are hidden until they are shown; states go forward only, and only a poll in a voting state takes votes.
Mazur, Peer Instruction (1997); Crouch and Mazur, American Journal of Physics 69(9), 970 (2001).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from qualoop.classroom.session import ClassMovedError, ClassRefusedError
from qualoop.values import ONE, Score


class VoteRefusedError(ClassRefusedError):
    """No vote is taken here now: nothing was changed."""

    code = "class-vote-late"


class PollState(StrEnum):
    """How far a poll is."""

    PLANNED = "planned"
    FIRST = "first"
    FIRST_CLOSED = "first-closed"
    DISCUSSION = "discussion"
    SECOND = "second"
    SECOND_CLOSED = "second-closed"
    SHOWN = "shown"


MOVES: Final[Mapping[PollState, tuple[PollState, ...]]] = {
    PollState.PLANNED: (PollState.FIRST,),
    PollState.FIRST: (PollState.FIRST_CLOSED,),
    PollState.FIRST_CLOSED: (PollState.DISCUSSION, PollState.SHOWN),
    PollState.DISCUSSION: (PollState.SECOND, PollState.SHOWN),
    PollState.SECOND: (PollState.SECOND_CLOSED,),
    PollState.SECOND_CLOSED: (PollState.SHOWN,),
    PollState.SHOWN: (),
}
"""What may follow each state."""

_ROUNDS: Final = {PollState.FIRST: 1, PollState.SECOND: 2}
ROUNDS: Final = (1, 2)
_WHOLE: Final = 100


def moved_poll(state: PollState, wanted: PollState) -> PollState:
    """Return ``wanted`` where it may follow ``state``; raise ClassMovedError for all else, a repeat included."""
    if wanted not in MOVES[state]:
        raise ClassMovedError
    return wanted


def open_round(state: PollState) -> int | None:
    """Return which round takes votes in a state, 1 or 2, None where none does."""
    return _ROUNDS.get(state)


def votable_round(state: PollState, sent: int) -> int:
    """Return the round that a vote counts for; raise VoteRefusedError where its page's round takes no votes (any more)."""
    found = open_round(state)
    if found is None or found != sent:
        raise VoteRefusedError
    return found


def closed_when_over(state: PollState) -> PollState:
    """Return where a poll stands once its class is over: an open round is closed, all else stays."""
    return {PollState.FIRST: PollState.FIRST_CLOSED, PollState.SECOND: PollState.SECOND_CLOSED}.get(state, state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One vote that counts: whose (any id), the keys or the text answered, and what it is worth, None without a key."""

    seat: int
    response: tuple[str, ...]
    score: Score | None = None

    @property
    def is_right(self) -> bool:
        """Say whether all of it is right."""
        return self.score == ONE


def counts(ballots: Iterable[Ballot]) -> Counter[str]:
    """Return how many picked each key, or gave each answer."""
    return Counter(key for ballot in ballots for key in ballot.response)


def share_right(ballots: Sequence[Ballot]) -> float | None:
    """Return the share of right votes in [0, 1], None where nobody voted or nothing is right or wrong."""
    scored = [ballot for ballot in ballots if ballot.score is not None]
    return sum(ballot.is_right for ballot in scored) / len(scored) if scored else None


class NextStep(StrEnum):
    """What to do after the first vote. The instructor decides."""

    EXPLAIN = "explain"
    DISCUSS = "discuss"
    GO_ON = "go-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Between which shares of right votes, in per cent, a discussion is suggested. Raises ClassRefusedError."""

    low: int = 30
    high: int = 70

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= _WHOLE:
            raise ClassRefusedError("the limits lie between 0 and 100, the lower one first")


def suggestion(ballots: Sequence[Ballot], limits: Limits) -> NextStep | None:
    """Return what is suggested after the first vote: both limits belong to the discussion. None without right votes."""
    share = share_right(ballots)
    if share is None:
        return None
    right = sum(ballot.is_right for ballot in ballots if ballot.score is not None) * _WHOLE
    voted = sum(ballot.score is not None for ballot in ballots)
    # Whole numbers, so that a share on a limit lies on it.
    if right < limits.low * voted:
        return NextStep.EXPLAIN
    return NextStep.GO_ON if right > limits.high * voted else NextStep.DISCUSS


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How those who voted twice changed: from right or wrong to right or wrong; ``changed`` gave another answer."""

    right_right: int = 0
    right_wrong: int = 0
    wrong_right: int = 0
    wrong_wrong: int = 0
    changed: int = 0

    @property
    def both(self) -> int:
        """Return how many voted in both rounds."""
        return self.right_right + self.right_wrong + self.wrong_right + self.wrong_wrong


def switches(first: Iterable[Ballot], second: Iterable[Ballot]) -> Switches:
    """Return the switch matrix of those who voted in both rounds."""
    before = {ballot.seat: ballot for ballot in first}
    pairs = [(before[ballot.seat], ballot) for ballot in second if ballot.seat in before]
    cells = Counter((early.is_right, late.is_right) for early, late in pairs)
    return Switches(
        right_right=cells[True, True],
        right_wrong=cells[True, False],
        wrong_right=cells[False, True],
        wrong_wrong=cells[False, False],
        changed=sum(early.response != late.response for early, late in pairs),
    )


def gain(first: Iterable[Ballot], second: Iterable[Ballot]) -> float | None:
    """Return by how much the mean score of those who voted twice rose, in [-1, 1]; None where nobody did."""
    before = {ballot.seat: ballot.score for ballot in first}
    rises = [
        ballot.score - early
        for ballot in second
        if ballot.score is not None and (early := before.get(ballot.seat)) is not None
    ]
    return float(sum(rises, Decimal(0)) / len(rises)) if rises else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightVotes:
    """How many of the votes of a round that can be right are: in all polls of a knowledge point."""

    right: int = 0
    votes: int = 0

    @property
    def share(self) -> float | None:
        """Return the share of right votes in [0, 1], None where there is no vote."""
        return self.right / self.votes if self.votes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointGain:
    """What the polls of a session say of one knowledge point: right votes by round, mean score before, the gain."""

    code: str
    before: float | None
    gain: float | None
    rounds: Mapping[int, RightVotes]

    @property
    def votes(self) -> int:
        """Return how many first votes there are."""
        return self.rounds[1].votes


def gains_by_point(
    polls: Iterable[tuple[Sequence[Ballot], Sequence[Ballot], Mapping[str, float]]],
) -> list[PointGain]:
    """Return the gain per knowledge point over polls: (first votes, second votes, shares of the knowledge points).

    A poll counts for a knowledge point by the part's share in it; a poll with one round says only where they stood.
    """
    sums: dict[str, list[float]] = {}
    right: dict[tuple[str, int], RightVotes] = {}
    for first, second, shares in polls:
        scores = [float(ballot.score) for ballot in first if ballot.score is not None]
        rise = gain(first, second)
        for code, share in shares.items():
            row = sums.setdefault(code, [0.0, 0.0, 0.0, 0.0])
            if scores:
                row[0] += share * sum(scores) / len(scores)
                row[1] += share
            if rise is not None:
                row[2] += share * rise
                row[3] += share
            for number, ballots in zip(ROUNDS, (first, second), strict=True):
                right[code, number] = _and(right.get((code, number), RightVotes()), ballots)
    return [
        PointGain(
            code=code,
            before=row[0] / row[1] if row[1] else None,
            gain=row[2] / row[3] if row[3] else None,
            rounds={number: right[code, number] for number in ROUNDS},
        )
        for code, row in sorted(sums.items())
    ]


def _and(found: RightVotes, ballots: Iterable[Ballot]) -> RightVotes:
    """Return right votes with those of one poll more."""
    scored = [ballot for ballot in ballots if ballot.score is not None]
    return RightVotes(right=found.right + sum(ballot.is_right for ballot in scored), votes=found.votes + len(scored))
