"""Numbers that are spread evenly over the rows of a world, so that forms of one project are equally hard.

Plain draws make some worlds uniform and others wild: scores of two attempts would differ by the luck of the form.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from qualoop.simulators.streams import Floats, WorldKey

_JITTER: Final = 0.5


def spread_uniforms(key: WorldKey, *labels: str | int, count: int) -> Floats:
    """Return ``count`` numbers in (0, 1), in an order by chance, one in each of as many parts of equal width."""
    order, place = key.uniforms(*labels, shape=(2, count))
    ranks = np.argsort(np.argsort(order))
    even: Floats = (ranks + 0.5 + _JITTER * (place - 0.5)) / count
    return even


def log_between(bounds: tuple[float, float], shares: Floats) -> Floats:
    """Return numbers between two positive bounds, evenly spread by their ratio: 0 gives the lower, 1 the upper."""
    low, high = np.log(bounds)
    values: Floats = np.exp(low + (high - low) * shares)
    return values
