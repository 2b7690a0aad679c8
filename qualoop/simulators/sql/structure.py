"""Which constructs a query uses, read from its syntax tree by sqlglot: evidence beside the rows.

Ask only for queries that the engine ran: hostile texts have failed there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sqlglot
from sqlglot import exp

_KINDS: Final[Mapping[str, tuple[Any, ...]]] = {
    "cte": (exp.With,),
    "join": (exp.Join,),
    "window": (exp.Window,),
    "aggregate": (exp.AggFunc,),
}
# Deeper than any honest query, and far from the end of Python's stack.
_DEEPEST: Final = 100


@lru_cache(maxsize=4_096)
def find_constructs(query: str, dialect: str) -> frozenset[str]:
    """Return which of `cte`, `join`, `window`, `aggregate` a query uses; none where it cannot be parsed."""
    if _depth(query) > _DEEPEST or query.count("[") > _DEEPEST:
        # One index after the other takes the parser seconds as well.
        return frozenset()
    try:
        tree = sqlglot.parse_one(query, read=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return frozenset()
    return frozenset(name for name, kinds in _KINDS.items() if tree.find(*kinds) is not None)


def _depth(query: str) -> int:
    """Return how deep brackets are nested at most, without regard to strings: more than there is never hurts."""
    deepest = depth = 0
    for letter in query:
        if letter in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in ")]":
            depth -= 1
    return deepest
