"""SQLite's functions of dates without the clock: the same results, but what would read the time of day is refused.

SQLite's authorizer sees which function is called and not with what, and `'now'` may be put together by the query. So the
functions are replaced by ones that look at their arguments. The worker loads this module alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

#: Which arguments are moments; where one is missing, it is the present one.
MOMENTS: Final[Mapping[str, slice]] = {
    "date": slice(0, 1),
    "time": slice(0, 1),
    "datetime": slice(0, 1),
    "julianday": slice(0, 1),
    "unixepoch": slice(0, 1),
    "strftime": slice(1, 2),
    "timediff": slice(0, 2),
}
_NOW: Final = frozenset({"now", "subsec", "subsecond"})
# Moments come again and again: of half a million lines there are some twenty thousand.
_KEPT: Final = 1 << 16


def replace_clock(connection: sqlite3.Connection, refuse: Callable[[], None]) -> None:
    """Replace the functions of dates that this SQLite has; ``refuse`` is told when one was to read the clock."""
    inner = sqlite3.connect(":memory:", isolation_level=None)

    @lru_cache(maxsize=_KEPT)
    def computed(name: str, *given: Any) -> Any:
        places = ",".join("?" * len(given))
        return inner.execute(f"select {name}({places})", given).fetchone()[0]

    def replaced(name: str, where: slice) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            moments = given[where]
            if not moments or any(_is_now(moment) for moment in moments):
                refuse()
                raise ValueError
            return computed(name, *given)

        return call

    known = {name for (name,) in inner.execute("select distinct name from pragma_function_list")}
    for name, where in MOMENTS.items():
        if name in known:
            connection.create_function(name, -1, replaced(name, where), deterministic=True)


def _is_now(moment: Any) -> bool:
    """Say whether SQLite takes a value for the present moment: it reads bytes as text, and text up to a NUL."""
    text = moment.decode(errors="replace") if isinstance(moment, bytes) else moment
    return isinstance(text, str) and text.partition("\0")[0].lower() in _NOW
