"""How a shift can be worked: by what is best in each conversation, quickly without looking, badly, or not at all."""

from __future__ import annotations

from collections.abc import Callable

from qualoop.simulators.service.dialogue import worth
from qualoop.simulators.service.shift import WAIT, Desk, Offer, Shift

Pick = Callable[[Shift, Desk, int], str]


def worked(shift: Shift, pick: Pick) -> list[list[str]]:
    """Return the picks of every turn, when each window is answered by ``pick`` as far as the time allows.

    Who has waited longest, measured by their patience, comes first.
    """
    desk, turns = shift.begin(), []
    for number in range(shift.turns):
        picks, left = [WAIT] * shift.windows, shift.seconds
        for window in sorted(range(shift.windows), key=lambda one: _urgency(shift, desk, one)):
            wanted = pick(shift, desk, window) if shift.offered(desk, window) else WAIT
            needed = _seconds(shift, desk, window, wanted)
            if needed <= left:
                picks[window], left = wanted, left - needed
        turns.append(picks)
        desk, _ = shift.taken(desk, number, picks)
    return turns


def _urgency(shift: Shift, desk: Desk, window: int) -> tuple[int, int]:
    standing = desk.standings[window]
    if standing is None:
        return 99, window
    patience = shift.chats[desk.queues[window][0]].conversation.variant.patience
    return patience - standing.waited, window


def _seconds(shift: Shift, desk: Desk, window: int, key: str) -> int:
    if key == WAIT:
        return 0
    chat = shift.chats[desk.queues[window][0]]
    return chat.reply(chat.offers[key]).seconds


def best(shift: Shift, desk: Desk, window: int) -> str:
    """Pick what leads to the most points in the conversation."""
    standing = desk.standings[window]
    chat = shift.chats[desk.queues[window][0]]
    if standing is None:
        return WAIT
    return chat.keys[Offer(standing.node, chat.conversation.best(standing)[1])]


def quickest(shift: Shift, desk: Desk, window: int) -> str:
    """Pick what is written fastest."""
    return min(shift.offered(desk, window), key=lambda key: _seconds(shift, desk, window, key))


def worst(shift: Shift, desk: Desk, window: int) -> str:
    """Pick what is worth least at once."""
    chat = shift.chats[desk.queues[window][0]]
    return min(shift.offered(desk, window), key=lambda key: worth(chat.reply(chat.offers[key])))


def longest(shift: Shift, desk: Desk, window: int) -> str:
    """Pick what takes the most time: who writes most seems to care most."""
    return max(shift.offered(desk, window), key=lambda key: _seconds(shift, desk, window, key))


def nothing(shift: Shift, desk: Desk, window: int) -> str:
    """Let everybody wait."""
    return WAIT
