"""Where the reading of an upload goes on, and how often that was tried. Each try is counted before a page is opened.

So a page that ends the worker, whatever it is, is given up after a few tries instead of ending every worker that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Self

BATCH: Final = 8
"""Pages read between two transactions: about a second."""
MOST_TRIES: Final = 3
"""Of one page. Tries that a worker ended in order, and those that failed and were asked for again, do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The next page, from 0 over all files, its tries so far, the page up to which one is read at a time, and how many pages
    of the upload ended the process that opened them (``lost``).
    """

    page: int
    tries: int = 0
    singly_to: int = 0
    lost: int = 0

    @classmethod
    def of(cls, cursor: Mapping[str, Any]) -> Self:
        """Return the place that a job's cursor says."""
        more = {name: cursor.get(name, 0) for name in ("tries", "singly_to", "lost")}
        return cls(page=cursor["page"], **more)

    @property
    def pages(self) -> range:
        """Return the pages to be read next; the upload may have fewer."""
        return range(self.page, self.page + (1 if self.page < self.singly_to else BATCH))

    @property
    def is_given_up(self) -> bool:
        """Say whether the next page was tried often enough."""
        return self.tries > MOST_TRIES

    def tried(self) -> Place:
        """Return this place with one more try, one page at a time if there was one before."""
        again = self.page + BATCH if self.tries else 0
        return replace(self, tries=self.tries + 1, singly_to=max(self.singly_to, again))

    def moved_on(self, page: int, lost: int) -> Place:
        """Return the place after pages that were stored, whose first try begins."""
        return replace(self, page=page, tries=1, lost=lost)

    def untried(self) -> Place:
        """Return this place for a try that says nothing of the page."""
        return replace(self, tries=0)

    def as_cursor(self) -> dict[str, int]:
        """Return the place as a job's cursor."""
        return asdict(self)
