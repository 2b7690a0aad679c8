"""When something that has not reached another system is sent again: how tries are spaced, and what a server asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

_LONGEST_WAIT_S: Final = 6 * 3600
_SECONDS: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTerms:
    """How tries are spaced: by default sixteen in two and a half days, then the dead letter. Each host adds its lease."""

    first_delay: timedelta = timedelta(seconds=10)
    growth: int = 6
    longest_delay: timedelta = timedelta(hours=6)
    tries: int = 16

    def delay(self, tried: int, random: Random) -> timedelta:
        """Return the wait after the ``tried``-th try (from 1), spread by a fifth so that rows do not come in waves."""
        steps = min(tried - 1, self.tries)
        delay: timedelta = min(self.first_delay * self.growth**steps, self.longest_delay)
        return delay * random.uniform(0.9, 1.1)


def retry_after_s(headers: Mapping[str, str]) -> int:
    """Return the seconds of a Retry-After header, six hours at most; 0 where it has none, or a date (RFC 9110, 10.2.3).

    Dates are not followed: nobody's clock but ours decides. ``headers`` have lower-case names, or find names of any case.
    """
    text = headers.get("retry-after", "")
    return min(int(text), _LONGEST_WAIT_S) if _SECONDS.fullmatch(text) else 0
