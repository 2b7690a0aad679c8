"""In which order things are shown, and what stands for them on the wire.

A page names an option, an entry, a right side or a region by its *wire position*: its place in the shuffled order.
Authors' keys never reach a browser, because a key may well tell the answer.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

from qualoop.assessment.items import (
    Entry,
    Hotspot,
    Item,
    Matching,
    MultipleChoice,
    Option,
    Ordering,
    Region,
    SingleChoice,
)

Movable: TypeAlias = Option | Entry | Region


def movables(item: Item) -> tuple[Movable, ...]:
    """Return what is shuffled, in the author's order; nothing for a number or a short text.

    Options of a choice, entries of an ordering, regions of a hotspot; of a matching the right sides, while its left
    sides stay as they are.
    """
    if isinstance(item, SingleChoice | MultipleChoice):
        return item.options
    if isinstance(item, Ordering):
        return item.entries
    if isinstance(item, Matching):
        return right_sides(item)
    return item.regions if isinstance(item, Hotspot) else ()


def right_sides(item: Matching) -> tuple[Entry, ...]:
    """Return the right sides of a matching: that of each pair under the pair's key, then the distractors."""
    # Made without a second check: key and text were checked when the pair was read.
    return (*(Entry.model_construct(key=pair.key, text=pair.right) for pair in item.pairs), *item.extra_right)


def presented_order(item: Item, seed: int) -> tuple[int, ...]:
    """Return the author's index of what is shown at each wire position (empty for a number or a short text).

    The same seed and item give the same order, in every process and Python release. An ordering is never shown
    already in order.
    """
    count = len(movables(item))
    authored = tuple(range(count))
    if isinstance(item, SingleChoice | MultipleChoice) and not item.shuffle:
        return authored
    # Sorting by a hash is a shuffle that no release of a random number generator can change under a running attempt.
    shuffled = tuple(sorted(authored, key=lambda index: _draw(seed, item.key, index)))
    if isinstance(item, Ordering) and shuffled == authored:
        return (*authored[1:], *authored[:1])
    return shuffled


def presented(item: Item, seed: int) -> tuple[Movable, ...]:
    """Return what is shuffled, in the order in which it is shown: by wire position."""
    things = movables(item)
    return tuple(things[index] for index in presented_order(item, seed))


def _draw(seed: int, key: str, index: int) -> bytes:
    return hashlib.sha256(f"{seed}/{key}/{index}".encode()).digest()
