"""The time, given to whatever asks what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the time of this machine, in UTC."""
    return datetime.now(UTC)
