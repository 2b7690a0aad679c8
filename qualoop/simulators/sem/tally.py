"""What can be observed of a time: searches, impressions, clicks, orders and money, by query and by keyword."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qualoop.simulators.streams import Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """Counts and money by query; ``keyword`` is which keyword answered (the number of keywords: none)."""

    keyword: Integers
    searches: Integers
    impressions: Integers
    clicks: Integers
    orders: Integers
    cost: Floats
    margin: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Counts and money summed up, by keyword or in all."""

    impressions: Floats
    clicks: Floats
    orders: Floats
    cost: Floats
    margin: Floats

    @property
    def profit(self) -> Floats:
        """Return margin less cost."""
        return self.margin - self.cost


def summed(index: Integers, weights: Floats | Integers, count: int) -> Floats:
    """Return the sum of ``weights`` for each number below ``count`` in ``index``."""
    sums: Floats = np.bincount(index, weights, count).astype(np.float64, copy=False)
    return sums


def by_keyword(tally: Tally, keywords: int) -> Sums:
    """Return the sums of each keyword over the queries that it answered."""

    def each(weights: Floats | Integers) -> Floats:
        return summed(tally.keyword, weights, keywords + 1)[:keywords]

    return Sums(
        impressions=each(tally.impressions),
        clicks=each(tally.clicks),
        orders=each(tally.orders),
        cost=each(tally.cost),
        margin=each(tally.margin),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Experience:
    """What was learnt of pairs of keyword and query: clicks, and the margin of their orders."""

    keyword: Integers
    query: Integers
    clicks: Floats
    margin: Floats


def experience_of(tally: Tally) -> Experience:
    """Return what a tally taught."""
    return Experience(
        keyword=tally.keyword,
        query=np.arange(len(tally.keyword)),
        clicks=tally.clicks.astype(np.float64),
        margin=tally.margin,
    )
