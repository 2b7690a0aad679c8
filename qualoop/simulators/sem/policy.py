"""What a skilled buyer decides who has seen no more than the reports: rules of thumb, on shrunken estimates.

The worth of a click is (margin of orders + κ · usual worth)/(clicks + κ), where the usual worth is that of search terms
which are put in the same manner (to learn, to compare, to buy, to find the shop, or in words that rarely buy).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qualoop.simulators.sem.auction import Choice
from qualoop.simulators.sem.market import EXACT, OFF, PHRASE, Market
from qualoop.simulators.sem.tally import Experience, summed
from qualoop.simulators.streams import Floats, Integers

MOST_BID: Final = 8.0
_CENTS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Numbers of the rules of thumb: bid ``share`` of a click's worth; exclude terms of less than ``exclude_below``.

    Exact match where other terms are worth less than ``exact_ratio`` of the keyword's own; off below ``off_below``;
    ``weight`` is κ in clicks.
    """

    share: float = 0.5
    exclude_below: float = 0.4
    exact_ratio: float = 0.8
    off_below: float = 0.25
    weight: float = 150.0


Tried = tuple[tuple[str, tuple[float, ...]], ...]

_SHARES: Final[Tried] = (("share", (0.35, 0.4, 0.45, 0.55, 0.6, 0.65)),)
_TRIED: Final[Tried] = (
    ("share", (0.35, 0.45, 0.5, 0.55, 0.6, 0.7)),
    ("exact_ratio", (0.0, 0.5, 0.8, 1.0)),
    ("exclude_below", (0.2, 0.3, 0.45, 0.55)),
    ("share", (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)),
    ("weight", (75.0, 300.0)),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What the rules look at: the market's keywords, how queries are put, what was seen, which queries are listed."""

    market: Market
    manner: Integers
    seen: Experience
    listed: Integers
    quality: Floats


def decide(scene: Scene, rule: Rule) -> Choice:
    """Return what the rules decide; ``scene.quality`` is what the group's ads are given."""
    own_query = scene.market.keyword_query
    worth, usual = term_worths(scene, rule.weight)
    excluded = np.zeros(len(worth), dtype=np.bool_)
    excluded[scene.listed] = worth[scene.listed] < rule.exclude_below
    is_own = np.append(own_query, -1)[scene.seen.keyword] == scene.seen.query
    kept = ~excluded[scene.seen.query]
    together = _keyword_worths(scene, kept, usual, rule.weight)
    others = _keyword_worths(scene, kept & ~is_own, usual, rule.weight)
    exact = others < rule.exact_ratio * worth[own_query]
    best = np.where(exact, worth[own_query], together)
    return Choice(
        level=np.where(best > rule.off_below, np.where(exact, EXACT, PHRASE), OFF),
        bid=np.round(np.clip(rule.share * best, 0.0, MOST_BID), _CENTS).astype(np.float64),
        excluded=excluded,
        quality=scene.quality,
    )


def term_worths(scene: Scene, weight: float) -> tuple[Floats, Floats]:
    """Return by query the estimated worth of a click, and the usual worth of its manner."""
    seen, manner = scene.seen, scene.manner
    usual = _ratio(
        summed(manner[seen.query], seen.margin, manner.max() + 1),
        summed(manner[seen.query], seen.clicks, manner.max() + 1),
    )[manner]
    count = len(manner)
    margin, clicks = summed(seen.query, seen.margin, count), summed(seen.query, seen.clicks, count)
    return (margin + weight * usual) / (clicks + weight), usual


def _keyword_worths(scene: Scene, kept: NDArray[np.bool_], usual: Floats, weight: float) -> Floats:
    seen, count = scene.seen, len(scene.market.keyword_query)
    margin = summed(seen.keyword[kept], seen.margin[kept], count + 1)[:count]
    clicks = summed(seen.keyword[kept], seen.clicks[kept], count + 1)[:count]
    worths: Floats = (margin + weight * usual[scene.market.keyword_query]) / (clicks + weight)
    return worths


def _ratio(above: Floats, below: Floats) -> Floats:
    return above / np.maximum(below, 1.0)


def tuned(scene: Scene, value: Callable[[Choice], float], *, shares_only: bool = False) -> Choice:
    """Return the decision whose rule earns most in this form, its numbers looked for one at a time.

    The numbers of the rules belong to the form, as a teacher would set them; what they are applied to is only what
    was seen. ``shares_only`` is quick: it looks for the share of worth that is bid, and leaves the other numbers.
    """
    rule = Rule()
    best = decide(scene, rule)
    worth = value(best)
    for name, numbers in _SHARES if shares_only else _TRIED:
        for candidate in _variants(rule, name, numbers):
            choice = decide(scene, candidate)
            reached = value(choice)
            if reached > worth:
                rule, best, worth = candidate, choice, reached
    return best


def _variants(rule: Rule, name: str, numbers: tuple[float, ...]) -> Iterator[Rule]:
    return (replace(rule, **{name: number}) for number in numbers if number != getattr(rule, name))


def clairvoyant(market: Market) -> Experience:
    """Return what endless experience with phrase match would teach: the truth."""
    reach = market.reach
    reached = reach.level <= PHRASE
    query = reach.query[reached]
    clicks = 1e6 * market.searches[query] * market.click_rate[query]
    return Experience(keyword=reach.keyword[reached], query=query, clicks=clicks, margin=clicks * market.worth[query])
