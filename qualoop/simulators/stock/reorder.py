"""Order points and order quantities (r,Q), watched all the time; unmet demand waits.

The stock position, right after ordering, is uniform on r+1 … r+Q (Zipkin, Foundations of Inventory Management, 2000). What
a place costs is convex, so the best Q places are the Q cheapest (Federgruen & Zheng, 1992).
"""

from __future__ import annotations

import numpy as np

from qualoop.simulators.streams import Floats, Integers


def cheapest_window(carried: Floats, ordering: Floats) -> tuple[Integers, Integers, Floats]:
    """Return r, Q and cost of the best window of each row of a convex ``carried``, which begins at place 0.

    ``ordering`` is what orders cost a period where each is for a single piece.
    """
    order = np.argsort(carried, axis=-1, kind="stable")
    sums = np.cumsum(np.take_along_axis(carried, order, axis=-1), axis=-1)
    costs = (ordering[:, None] + sums) / np.arange(1, carried.shape[-1] + 1)
    best = costs.argmin(axis=-1)
    lowest = np.minimum.accumulate(order, axis=-1)
    pick = best[:, None]
    point: Integers = np.take_along_axis(lowest, pick, axis=-1)[:, 0] - 1
    return point, (best + 1).astype(np.int64), np.take_along_axis(costs, pick, axis=-1)[:, 0]
