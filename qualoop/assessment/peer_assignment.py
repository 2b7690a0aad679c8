"""Who reviews whose work: each work gets its reviews, nobody reads the own work, a team mate's, or the same work twice.

Works are given out one at a time, when a reviewer asks. Each time the whole class is planned to its end: a reviewer gets
a work with which everybody else can still be served as well as possible. So the last one is not left with the own work,
and who drops out costs nothing but the reviews that were promised.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

PLANNED: Final = 400
"""In a class with more works nothing is planned: the work that lacks most is as good, but for the very last reviews."""
_LONGEST: Final = 200
"""How many works may change hands for one place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Somebody who owes ``left`` more reviews; ``teams`` are those whose works are not for this one to read."""

    key: str
    left: int
    teams: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    """Works that this reviewer has, or had: never given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerWork:
    """A work that lacks ``needs`` reviews; of two that lack the same the earlier in order comes first."""

    key: str
    author: str
    needs: int
    teams: frozenset[str] = frozenset()


def may_review(reviewer: Reviewer, work: PeerWork) -> bool:
    """Say whether a work can be given to a reviewer at all."""
    return work.author != reviewer.key and work.key not in reviewer.seen and not (reviewer.teams & work.teams)


def next_work(asking: Reviewer, others: Collection[Reviewer], works: Sequence[PeerWork]) -> str | None:
    """Return the key of the work for the reviewer who asks, None where no work that lacks a review is for this one.

    ``others`` are the rest of the class with what they owe still; ``asking.left`` counts the work that is asked for. As
    many reviews as can be had stay possible.
    """
    plan = _Plan(works=works)
    # First, because who has a place in a plan keeps one however it grows.
    plan.serve(replace(asking, left=1))
    if len(works) <= PLANNED:
        for other in sorted(others, key=lambda each: each.key):
            plan.serve(other)
        plan.serve(replace(asking, left=asking.left - 1))
    given = plan.given[asking.key]
    return given[0] if given else None


def still_lacking(others: Collection[Reviewer], works: Sequence[PeerWork]) -> Mapping[str, int]:
    """Return how many reviews each work will lack even if everybody keeps every promise; only works that will."""
    plan = _Plan(works=works)
    for other in sorted(others, key=lambda each: each.key):
        plan.serve(other)
    return {work.key: lacks for work in works if (lacks := work.needs - len(plan.readers[work.key])) > 0}


@dataclass(slots=True)
class _Plan:
    """A matching of promised reviews and lacking ones, grown by augmenting paths (Kuhn's method)."""

    works: Sequence[PeerWork]
    given: dict[str, list[str]] = field(default_factory=dict)
    readers: dict[str, list[Reviewer]] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = {work.key: [] for work in self.works}

    def serve(self, reviewer: Reviewer) -> None:
        """Give a reviewer as many works as can be."""
        self.given.setdefault(reviewer.key, [])
        for _ in range(reviewer.left):
            if not self._find_place(reviewer, set()):
                return

    def _find_place(self, reviewer: Reviewer, tried: set[str]) -> bool:
        """Give a reviewer one more work, letting others change theirs where that is needed; say whether it went."""
        fitting = [
            work
            for work in self.works
            if work.needs
            and work.key not in tried
            and work.key not in self.given[reviewer.key]
            and may_review(reviewer, work)
        ]
        # The one that lacks most first, so that works fill up evenly.
        fitting.sort(key=lambda work: len(self.readers[work.key]) - work.needs)
        for work in fitting:
            if len(self.readers[work.key]) < work.needs:
                self._give(reviewer, work.key)
                return True
        return any(self._take_over(reviewer, work.key, tried) for work in fitting)

    def _take_over(self, reviewer: Reviewer, work: str, tried: set[str]) -> bool:
        """Take a work from a reader who can have another."""
        if work in tried or len(tried) >= _LONGEST:
            return False
        tried.add(work)
        for reader in [*self.readers[work]]:
            if self._find_place(reader, tried):
                self.readers[work].remove(reader)
                self.given[reader.key].remove(work)
                self._give(reviewer, work)
                return True
        return False

    def _give(self, reviewer: Reviewer, work: str) -> None:
        self.readers[work].append(reviewer)
        self.given[reviewer.key].append(work)
