"""The best order-up-to levels of a chain that runs for long, exactly, by the backlogs that nodes pass down.

With every node ordering up to its level, net stock = level − (backlog of the node above) − demand over the delay, the
two terms independent (Svoronos & Zipkin, Management Science 37, 1991). So distributions are convolved from the factory
down, and the four levels are searched.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np

from qualoop.simulators.stock.chain import NODES, Chain
from qualoop.simulators.stock.counts import poisson_pmf
from qualoop.simulators.streams import Floats

_STEPS: Final = 4
_DEVIATIONS: Final = 10.0


def long_run_cost(levels: tuple[int, ...], rate: float, chain: Chain) -> float:
    """Return the cost of a week under Poisson demand of ``rate`` a week, levels from the retailer up."""
    mean = chain.whole_delay * rate
    size = int(mean + _DEVIATIONS * np.sqrt(mean)) + max(levels) + NODES
    delayed = poisson_pmf(mean, size)
    places = np.arange(size)
    backlog = np.zeros(1)
    backlog[0] = 1.0
    total = 0.0
    for level in reversed(levels):
        short: Floats = np.convolve(backlog, delayed)[:size]
        net = level - places
        total += float(short @ np.maximum(chain.holding * net, -chain.waiting * net))
        backlog = short[level:].copy()
        backlog[0] += short[:level].sum()
    return total


@lru_cache(maxsize=4096)
def _best(quarters: int, chain: Chain) -> tuple[int, ...]:
    rate = quarters / _STEPS
    mean = chain.whole_delay * rate
    levels: tuple[int, ...] = (round(mean + 0.7 * float(np.sqrt(mean))),) * NODES
    cost = long_run_cost(levels, rate, chain)
    moved = True
    while moved:
        moved = False
        for node, step in product(range(NODES), (1, -1)):
            tried = tuple(max(level + step * (place == node), 0) for place, level in enumerate(levels))
            found = long_run_cost(tried, rate, chain)
            if found < cost - 1e-12:
                levels, cost, moved = tried, found, True
    return levels


def best_levels(rate: float, chain: Chain) -> tuple[int, ...]:
    """Return the levels of the least long-run cost, from the retailer up; ``rate`` is taken in quarters of a piece."""
    return _best(max(round(rate * _STEPS), 1), chain)
