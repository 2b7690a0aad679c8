"""The status of a knowledge point: a word for what its reading and its evidence support, and never more than that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import log
from statistics import NormalDist
from typing import Final

from qualoop.mastery.engine import Z_90, Reading

_EDGE: Final = 1e-9


class Status(StrEnum):
    """What can be said of a knowledge point. An award is none of these: a person makes it."""

    NO_EVIDENCE = "no-evidence"
    DEVELOPING = "developing"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPolicy:
    """The rule behind a status; a change is a new id.

    ``level`` in (0, 1) is what a knowledge point is held against. Practice may stop where the probability of lying
    above it is at least ``stop``, and help is due where it is at most ``remedy``; both need ``items`` different items.
    ``widening`` is a factor on the standard deviation: the engine's own band is a little too narrow.
    """

    id: str = "s1"
    level: float = 0.7
    stop: float = 0.8
    remedy: float = 0.2
    items: int = 3
    widening: float = 1.15


DEFAULT_POLICY: Final = StatusPolicy()


def status_of(reading: Reading | None, items: int, policy: StatusPolicy = DEFAULT_POLICY) -> Status:
    """Return the status of a knowledge point with evidence from ``items`` different items; None is no reading."""
    if reading is None or not reading.n:
        return Status.NO_EVIDENCE
    if items >= policy.items and chance_above(reading, policy) >= policy.stop:
        return Status.PROVISIONAL
    return Status.DEVELOPING


def is_remedial(reading: Reading, items: int, policy: StatusPolicy = DEFAULT_POLICY) -> bool:
    """Say whether the evidence is enough to tell that help is due."""
    return items >= policy.items and chance_above(reading, policy) <= policy.remedy


def chance_above(reading: Reading, policy: StatusPolicy = DEFAULT_POLICY) -> float:
    """Return the probability that the true level lies above the policy's.

    A band is mean -/+ 1.645 standard deviations on the scale of log-odds, so it holds both.
    """
    low, high = _log_odds(reading.low), _log_odds(reading.high)
    mean, deviation = (low + high) / 2, max((high - low) / (2 * Z_90), _EDGE)
    return 1.0 - NormalDist(mean, deviation * policy.widening).cdf(_log_odds(policy.level))


def whole_percent(share: float) -> int:
    """Return a share as it is shown: whole per cent, 0 to 100."""
    return round(100 * share)


def _log_odds(share: float) -> float:
    """Return the log-odds of a share; 0 and 1, which rounding can give, stay finite."""
    inner = min(max(share, _EDGE), 1.0 - _EDGE)
    return log(inner / (1.0 - inner))
