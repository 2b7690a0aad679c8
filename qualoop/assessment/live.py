"""Where a live project stands: a plan, then milestones, each handed in by a learner and decided by a mentor.

Pure. What happened is a list of entries that only grows, so who decided what when stays readable; where the project
stands follows from it. Whoever stores entries checks rights, sizes and dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from qualoop.errors import QualoopError


class LiveRefusedError(QualoopError):
    """The project does not take this now."""

    code = "live-refused"


class LiveStaleError(LiveRefusedError):
    """The page was older than the project: somebody handed in, took back or decided meanwhile."""

    code = "live-stale"


class LiveNothingToUndoError(LiveRefusedError):
    """The last thing that happened is no decision of this person."""

    code = "live-nothing-to-undo"


class Act(StrEnum):
    """What happens to a task."""

    HAND_IN = "hand-in"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    RETURN = "return"
    UNDO = "undo"
    """The decision before it is taken back."""


class StepState(StrEnum):
    """How a task stands."""

    LATER = "later"
    OPEN = "open"
    WAITING = "waiting"
    """Handed in: the mentor decides."""
    RETURNED = "returned"
    """Sent back with a comment; to be handed in again."""
    ACCEPTED = "accepted"


DECISIONS: Final = frozenset({Act.ACCEPT, Act.RETURN})
OPEN: Final = frozenset({StepState.OPEN, StepState.RETURNED})
"""What is worked at: drafted, and handed in."""
_BEFORE: Final[Mapping[Act, frozenset[StepState]]] = {
    Act.HAND_IN: OPEN,
    Act.WITHDRAW: frozenset({StepState.WAITING}),
    Act.ACCEPT: frozenset({StepState.WAITING}),
    Act.RETURN: frozenset({StepState.WAITING}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. ``number`` counts from 1 within the project; ``by`` is a pseudonym."""

    number: int
    step: str
    act: Act
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a project stands. ``steps`` are the keys of its tasks in their order, the plan first.

    ``states`` has those that were reached; ``since`` is when the current task was handed in, while it waits;
    ``accepted`` when each task was accepted.
    """

    steps: Sequence[str]
    states: Mapping[str, StepState] = field(default_factory=dict)
    accepted: Mapping[str, datetime] = field(default_factory=dict)
    since: datetime | None = None
    last: Entry | None = None

    @property
    def current(self) -> str | None:
        """Return the first task that is not accepted; None where all are."""
        return next((step for step in self.steps if step not in self.accepted), None)

    @property
    def seen(self) -> int:
        """Return how many entries there are: what a page shows, and sends back."""
        return self.last.number if self.last else 0

    def state(self, step: str) -> StepState:
        """Return how a task stands."""
        if step in self.accepted:
            return StepState.ACCEPTED
        return self.states.get(step, StepState.OPEN) if step == self.current else StepState.LATER

    def due_at(self, step: str, days: int | None) -> datetime | None:
        """Return when a milestone is due, None where it has no date, or not before the plan is accepted."""
        begun = self.accepted.get(self.steps[0])
        return None if days is None or begun is None else begun + timedelta(days=days)

    def check(self, act: Act, step: str, *, by: str) -> None:
        """Raise LiveStaleError, or LiveNothingToUndoError, unless this can happen now."""
        if act is Act.UNDO:
            if self.last is None or self.last.act not in DECISIONS or self.last.by != by or self.last.step != step:
                raise LiveNothingToUndoError
        elif step != self.current or self.state(step) not in _BEFORE[act]:
            raise LiveStaleError


def standing_of(steps: Sequence[str], entries: Iterable[Entry]) -> Standing:
    """Return where a project stands after its entries, in the order of their numbers."""
    now = before = Standing(steps=steps)
    for entry in entries:
        now, before = (replace(before, last=entry) if entry.act is Act.UNDO else _after(now, entry)), now
    return now


def _after(standing: Standing, entry: Entry) -> Standing:
    states, accepted = dict(standing.states), dict(standing.accepted)
    since: datetime | None = None
    if entry.act is Act.HAND_IN:
        states[entry.step], since = StepState.WAITING, entry.at
    elif entry.act is Act.WITHDRAW:
        states[entry.step] = StepState.OPEN
    elif entry.act is Act.RETURN:
        states[entry.step] = StepState.RETURNED
    else:
        accepted[entry.step] = entry.at
    return replace(standing, states=states, accepted=accepted, since=since, last=entry)
