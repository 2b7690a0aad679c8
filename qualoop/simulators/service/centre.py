"""A contact centre: Erlang's formulas with and without patience, and a day of contacts one by one.

``load`` is arrivals × handling time in Erlang, ``servers`` the advisers at work; times are in one unit throughout.
Erlang B and C: Erlang, 1917. Erlang A: Palm, 1957; Garnett, Mandelbaum & Reiman, Manufacturing & Service Operations
Management 4, 2002.

The mathematics of staffing for engines to come: none of ours asks for advisers yet. `qualoop bench sim` measures the day.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapreplace
from typing import Final

import numpy as np

from qualoop.simulators.streams import Floats

_TINY: Final = 1e-300
_CLOSE: Final = 1e-15
_MOST_TERMS: Final = 10_000
_TAIL: Final = 1e-14


def erlang_b(load: float, servers: int) -> float:
    """Return the chance that a contact finds every server busy where nobody can wait."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """Return the chance that a contact must wait where everybody does; 1 where the load is too much."""
    if load >= servers:
        return 1.0
    blocked = erlang_b(load, servers)
    return servers * blocked / (servers - load * (1.0 - blocked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Contacts at random with exponential handling: arrivals ``rate``, mean ``handling``, ``servers``, mean ``patience``.

    Patience is only looked at by `impatient_service`.
    """

    rate: float
    handling: float
    servers: int
    patience: float = math.inf

    @property
    def load(self) -> float:
        """Return the offered load in Erlang."""
        return self.rate * self.handling


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Shares of contacts that ``wait`` or give up (``abandon``), the share served within a time, and the mean wait."""

    wait: float
    abandon: float
    within: float
    mean_wait: float


def patient_service(queue: Queue, within: float) -> Service:
    """Return what contacts meet who wait as long as it takes; everybody waits for ever where the load is too much."""
    waits, spare = erlang_c(queue.load, queue.servers), queue.servers - queue.load
    if spare <= 0:
        return Service(wait=1.0, abandon=0.0, within=0.0, mean_wait=math.inf)
    late = waits * math.exp(-spare * within / queue.handling)
    return Service(wait=waits, abandon=0.0, within=1.0 - late, mean_wait=waits * queue.handling / spare)


def impatient_service(queue: Queue, within: float) -> Service:
    """Return what contacts meet who give up after an exponential time of mean ``patience`` (Erlang A).

    ``within`` looks at the wait that a contact with endless patience would meet; ``mean_wait`` at the wait of all.
    """
    states = _states(queue)
    busy = states[: queue.servers].sum()
    waiting = states[queue.servers :]
    length = float(np.arange(len(waiting)) @ waiting)
    leaving = 1.0 / queue.patience
    share = -math.expm1(-leaving * within)
    shape = queue.servers / (queue.handling * leaving)
    # The k-th in the queue is served once k + 1 of those before it, and of the servers, are through.
    soon = sum(
        float(chance) * incomplete_beta(place + 1.0, shape, share)
        for place, chance in enumerate(waiting)
        if chance > _TAIL
    )
    return Service(
        wait=float(waiting.sum()),
        abandon=leaving * length / queue.rate,
        within=float(busy) + soon,
        mean_wait=length / queue.rate,
    )


def _states(queue: Queue) -> Floats:
    """Return the chances of 0, 1, 2, … contacts in the centre: births at ``rate``, deaths by service and by patience."""
    mean = queue.rate * (queue.handling + queue.patience)
    size = queue.servers + int(mean + 12.0 * math.sqrt(mean)) + 50
    number = np.arange(1, size)
    served = np.minimum(number, queue.servers) / queue.handling
    left = np.maximum(number - queue.servers, 0) / queue.patience
    logs = np.concatenate([[0.0], np.cumsum(np.log(queue.rate / (served + left)))])
    weights = np.exp(logs - logs.max())
    states: Floats = weights / weights.sum()
    return states


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for positive a, b and x in [0, 1].

    Its continued fraction, on the side where that converges quickly (Abramowitz & Stegun 26.5.8, 26.5.2).
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1.0) / (a + b + 2.0):
        return math.exp(scale) * _beta_fraction(a, b, x) / a
    return 1.0 - math.exp(scale) * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction, by Lentz's way of computing one from the front."""
    below = 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    above, value = 1.0, below
    for term in range(1, _MOST_TERMS):
        twice = a + 2.0 * term
        for part in (
            term * (b - term) * x / ((twice - 1.0) * twice),
            -(a + term) * (a + b + term) * x / (twice * (twice + 1.0)),
        ):
            below = 1.0 / _nonzero(1.0 + part * below)
            above = _nonzero(1.0 + part / above)
            value *= below * above
        if abs(below * above - 1.0) < _CLOSE:
            break
    return value


def _nonzero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day as it came out: for each contact how long it waited, and whether it gave up (its wait is its patience)."""

    waits: tuple[float, ...]
    gave_up: tuple[bool, ...]


def run_day(arrivals: Sequence[float], handling: Sequence[float], patience: Sequence[float], servers: int) -> Day:
    """Return a day of contacts, first come first served; whoever's patience ends before a server is free has gone.

    ``arrivals`` ascend; all three have a value for each contact. One heap of the times at which servers are free.
    """
    free = [0.0] * servers
    waits, gave_up = [], []
    for came, takes, bears in zip(arrivals, handling, patience, strict=True):
        start = free[0]
        wait = start - came
        if wait > bears:
            waits.append(bears)
            gave_up.append(True)
            continue
        if wait < 0.0:
            start, wait = came, 0.0
        heapreplace(free, start + takes)
        waits.append(wait)
        gave_up.append(False)
    return Day(waits=tuple(waits), gave_up=tuple(gave_up))
