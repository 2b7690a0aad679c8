"""On PostgreSQL: locks that make the order in which evidence is applied the order of its sequence numbers.

Two pieces of evidence that touch a common row (learner, item, knowledge point, rater) must be applied in the order of
the ledger, else a replay would not give the same bits. Whoever records takes a lock for each such row *before* its
events get their numbers, in one order for all, and holds them to the end of the transaction. Evidence without a common
row goes on side by side. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from lti_tool.db import Direct, Driver
from lti_tool.services.evidence.checks import Submission
from qualoop.errors import QualoopError
from qualoop.ledger import SCORED_BY_MACHINE

MOST_LOCKS: Final = 64
"""Above it the whole organisation is locked: a server holds only so many locks."""

_LOCK = Direct(
    "WITH shared AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(?)) "
    "SELECT pg_advisory_xact_lock(key) FROM shared, unnest(?::bigint[]) AS key"
)
_LOCK_ALL = Direct("SELECT pg_advisory_xact_lock(?)")


class TagsMovedError(QualoopError):
    """While it waited, content was tagged anew and a replay adopted that. Nothing was kept: hand it in again."""

    code = "evidence-tags-moved"


@dataclass(frozen=True, slots=True)
class Locked:
    """The knowledge points that are locked; None for the whole organisation."""

    points: Collection[str] | None

    def check(self, weights: Iterable[tuple[tuple[str, float], ...]]) -> None:
        """Raise TagsMovedError where evidence counts for a knowledge point that is not locked."""
        if self.points is not None and any(code not in self.points for known in weights for code, _ in known):
            raise TagsMovedError


def take(driver: Driver, organisation_id: int, submissions: Sequence[Submission], points: Collection[str]) -> Locked:
    """Wait for everybody who records on a common row of this organisation, knowledge points among them."""
    names = {f"learner {each.learner}" for each in submissions}
    names |= {f"item {each.evidence.activity}/{each.evidence.part}" for each in submissions}
    names |= {f"rater {each.evidence.rater}" for each in submissions if each.evidence.rater != SCORED_BY_MACHINE}
    names |= {f"point {code}" for code in points}
    everything = _number(f"{organisation_id}")
    if len(names) > MOST_LOCKS:
        driver.run(_LOCK_ALL, (everything,))
        return Locked(None)
    numbers = ",".join(map(str, sorted(_number(f"{organisation_id} {name}") for name in names)))
    driver.run(_LOCK, (everything, f"{{{numbers}}}"))
    return Locked(points)


def take_all(driver: Driver, organisation_id: int) -> None:
    """Wait for everybody who records in this organisation: whoever records several times in one transaction begins so.

    Of two who first share the organisation and then want all of it, each would wait for the other.
    """
    if not driver.is_sqlite:
        driver.run(_LOCK_ALL, (_number(f"{organisation_id}"),))


def take_learner(driver: Driver, organisation_id: int, learner: str) -> None:
    """Wait for everybody who records of this learner, or in the whole organisation."""
    if not driver.is_sqlite:
        driver.run(_LOCK, (_number(f"{organisation_id}"), f"{{{_number(f'{organisation_id} learner {learner}')}}}"))


def _number(name: str) -> int:
    """Return the 64 bits under which PostgreSQL knows a lock."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
