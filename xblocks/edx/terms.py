"""How long leases last and how tries are spaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from qualoop.exchange.retrying import RetryTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(RetryTerms):
    """How tries are spaced, as the tool spaces its own, and how long a lease lasts.

    A lease outlasts the slowest request (QUALOOP_TIMEOUT_S is 120 seconds at most) by far.
    """

    lease: timedelta = timedelta(minutes=10)


TERMS: Final = Terms()
