"""Lanes: how many requests are under way to one platform at once, and when it wants to be left alone.

Called from the dispatch's one database thread only, so nothing here is locked.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from lti_tool.services.mechanisms.outbox import Finished, Outcome, Parcel, Result

#: How many parcels of one narrow lane wait in memory for each that is under way: what waits is leased all along. At half
#: a second each that is sixteen seconds of a lease; at a tenth it lasts until those turned away are looked at again.
WAITING_EACH: Final = 32
#: After how many seconds the rows that found no room are looked at again.
TURNED_AWAY_S: Final = 3


@dataclass(slots=True)
class Lanes:
    """The lanes of one dispatch; ``is_patient`` where any number may wait, since nobody else needs the room."""

    is_patient: bool = False
    _busy: Counter[int] = field(default_factory=Counter)
    _waiting: dict[int, deque[Parcel]] = field(default_factory=lambda: defaultdict(deque))
    _paused: dict[int, datetime] = field(default_factory=dict)

    def offer(self, parcel: Parcel, now: datetime) -> Parcel | Finished | None:
        """Return the parcel where it may be sent now, None where it waits here, else why it goes back unsent."""
        lane = parcel.message.lane
        if lane is None:
            return parcel
        if pause_s := self._pause_s(lane.key, now):
            return _turned_away(parcel, pause_s)
        if lane.at_once is None:
            return parcel
        if self._busy[lane.key] < lane.at_once:
            self._busy[lane.key] += 1
            return parcel
        if not self.is_patient and len(self._waiting[lane.key]) >= lane.at_once * WAITING_EACH:
            return _turned_away(parcel, TURNED_AWAY_S)
        self._waiting[lane.key].append(parcel)
        return None

    def release(self, finished: Finished, now: datetime) -> Parcel | None:
        """Note that a parcel of a lane is back; return the next one that may go."""
        lane, result = finished.lane, finished.result
        if lane is None:
            return None
        if result.outcome is Outcome.LATER and result.retry_after_s:
            self._paused[lane.key] = now + timedelta(seconds=result.retry_after_s)
        if lane.at_once is None:
            return None
        if self._waiting[lane.key] and not self._pause_s(lane.key, now):
            return self._waiting[lane.key].popleft()
        self._busy[lane.key] -= 1
        return None

    def turn_out(self, now: datetime | None = None) -> list[Finished]:
        """Return what waits although nothing will call it, or (None) all that waits, to be handed back unsent."""
        found = []
        for key, waiting in self._waiting.items():
            wait_s = 0 if now is None else self._pause_s(key, now)
            if now is None or wait_s or not self._busy[key]:
                found += [_turned_away(parcel, wait_s) for parcel in waiting]
                waiting.clear()
        return found

    def _pause_s(self, key: int, now: datetime) -> int:
        """Return for how many seconds, rounded up, a platform wants to be left alone; 0 where it does not."""
        until = self._paused.get(key)
        return 0 if until is None else max(ceil((until - now).total_seconds()), 0)


def _turned_away(parcel: Parcel, wait_s: int) -> Finished:
    """Return a parcel that was not sent. It takes no place in its lane, so it bears none."""
    return Finished(parcel.row, Result(Outcome.UNSENT, retry_after_s=wait_s))
