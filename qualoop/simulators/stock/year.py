"""A stock that is reordered, week by week: (s,Q) with batches, any lead time, unmet demand waiting.

Plain numbers and lists: for one product this is several times quicker than arrays of one element.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Order batches of ``quantity`` (1 or more) as soon as the position is at or below ``point``."""

    point: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCourse:
    """How a product fared, a value a week: ``net`` is stock − waiting at the week's end; ``batches`` were ordered."""

    net: tuple[int, ...]
    batches: tuple[int, ...]


def run_stock(stock: int, demand: Sequence[int], policies: Sequence[Policy], leads: Sequence[int]) -> StockCourse:
    """Return the course of a product that begins with ``stock`` pieces and nothing on order.

    Each week: what is due arrives; demand is served or waits; where stock − waiting + on order is at or below the
    point, batches are ordered. They arrive ``leads`` (1 or more) weeks later, never before an earlier order. ``policies``
    and ``leads`` have a value for each week in which orders are placed; demand may go on after that.
    """
    due = [0] * (len(demand) + 1)
    net, position = stock, stock
    nets, batches = [], []
    for week, (asked, arrival) in enumerate(zip(demand, _arrivals(leads, len(demand)), strict=True)):
        net += due[week] - asked
        position -= asked
        ordered = 0
        if week < len(policies):
            policy = policies[week]
            # As many batches as bring the position above the point.
            ordered = max(0, -((position - policy.point - 1) // policy.quantity))
            position += ordered * policy.quantity
            due[arrival] += ordered * policy.quantity
        nets.append(net)
        batches.append(ordered)
    return StockCourse(net=tuple(nets), batches=tuple(batches))


def _arrivals(leads: Sequence[int], weeks: int) -> Iterator[int]:
    """Iterate over the week in which what is ordered in each week arrives; ``weeks`` stands for after the end."""
    latest = 0
    for week in range(weeks):
        if week < len(leads):
            latest = max(latest, week + leads[week])
        yield min(latest, weeks)


def last_arrived(leads: Sequence[int], weeks: int) -> list[int]:
    """Return for the end of each of ``weeks`` the last week (−1: none) whose order has arrived, with all before it."""
    arrivals = list(_arrivals(leads, weeks))[: len(leads)]
    return [max((week for week, arrival in enumerate(arrivals) if arrival <= now), default=-1) for now in range(weeks)]
