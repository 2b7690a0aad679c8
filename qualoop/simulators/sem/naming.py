"""What queries are called: words from the lexicon that fit their group's product line and intent, junk mostly so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from qualoop.simulators.sem.lexicon import Lexicon, Line, get_lexicon, phrased
from qualoop.simulators.sem.market import Market
from qualoop.simulators.sem.spec import SearchMarketSpec
from qualoop.simulators.streams import Integers, WorldKey
from qualoop.values import Text

JUNK_WORDS: Final = 4
"""The manner of a query that asks in words which rarely buy; manners 0 to 3 are the intents."""

_JUNK_SHOWS: Final = 0.7
_HONEST_LOOKS_JUNK: Final = 0.06


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Names:
    """Texts of queries and titles of groups' product lines; ``manner`` is how each query is put, which anybody sees."""

    queries: tuple[Text, ...]
    lines: tuple[Text, ...]
    manner: Integers


def draw_names(spec: SearchMarketSpec, key: WorldKey, market: Market) -> Names:
    """Return the names: no two queries read the same."""
    lexicon = get_lexicon()
    chosen = np.argsort(key.uniforms("lines", shape=len(lexicon.lines)), kind="stable")[: spec.lines]
    order = np.argsort(np.argsort(market.group_intent, kind="stable"), kind="stable")
    line_of_group = chosen[order % spec.lines]
    shows = key.uniforms("words", shape=spec.queries)
    junk = np.where(market.order_rate > 0.0, shows < _HONEST_LOOKS_JUNK, shows < _JUNK_SHOWS)
    manner = np.where(junk, JUNK_WORDS, market.group_intent[market.group])
    starts = key.uniforms("phrases", shape=spec.queries)
    taken: set[tuple[int, int, int]] = set()
    queries = [
        _named(lexicon, int(line_of_group[group]), int(how), (float(start), taken))
        for group, how, start in zip(market.group, manner, starts, strict=True)
    ]
    return Names(
        queries=tuple(queries),
        lines=tuple(lexicon.lines[number].title for number in line_of_group),
        manner=manner.astype(np.int64),
    )


def _named(lexicon: Lexicon, number: int, manner: int, draw: tuple[float, set[tuple[int, int, int]]]) -> Text:
    """Return a phrase that is not taken yet: the one that ``draw`` falls on, else the next in line."""
    line, (start, taken) = lexicon.lines[number], draw
    patterns = lexicon.junk if manner == JUNK_WORDS else lexicon.patterns[manner]
    count = len(patterns) * len(line.products) * len(line.attributes)
    place = int(start * count)
    while (number, manner, place) in taken:
        place = (place + 1) % count
    taken.add((number, manner, place))
    return _phrase(line, patterns, place)


def _phrase(line: Line, patterns: tuple[Text, ...], place: int) -> Text:
    rest, pattern = divmod(place, len(patterns))
    attribute, product = divmod(rest, len(line.products))
    return phrased(patterns[pattern], line, product, attribute)
