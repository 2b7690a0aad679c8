"""How long leases last and how tries are spaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By default sixteen tries in two and a half days, as the tool does, then the dead letter.

    A lease outlasts the slowest request (QUALOOP_TIMEOUT_S is 120 seconds at most) by far.
    """

    lease: timedelta = timedelta(minutes=10)
    first_delay: timedelta = timedelta(seconds=10)
    growth: int = 6
    longest_delay: timedelta = timedelta(hours=6)
    tries: int = 16

    def delay(self, tried: int, random: Random) -> timedelta:
        """Return the wait after the ``tried``-th try (from 1), spread by a fifth so that rows do not come in waves."""
        delay: timedelta = min(self.first_delay * self.growth ** min(tried - 1, self.tries), self.longest_delay)
        return delay * random.uniform(0.9, 1.1)


TERMS: Final = Terms()
