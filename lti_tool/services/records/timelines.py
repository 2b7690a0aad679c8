"""A learner's evidence by day and sitting, newest first, a page at a time: never all of it at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Final

from sqlalchemy import Connection

from lti_tool.services.evidence.entries import list_entries
from qualoop.mastery.moves import Move, counted, left, without
from qualoop.records import EvidenceEntry
from qualoop.values import Score

ON_A_PAGE: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a sitting did to one knowledge point: levels in [0, 1]."""

    code: str
    before: float
    after: float

    @property
    def gain(self) -> float:
        """By how much the level rose; below 0 where it fell."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What was done in one attempt on one day, newest first; ``others`` is what was done between, in other sittings."""

    entries: tuple[EvidenceEntry, ...]
    others: tuple[EvidenceEntry, ...] = ()

    @property
    def mean(self) -> Score | None:
        """The mean score of its answers as they count now; None where none counts any more."""
        return Score.mean(entry.evidence.score for entry in self.entries if not entry.is_void)

    @property
    def changes(self) -> Sequence[Change]:
        """What its answers did together, by knowledge point: the level after the last, and without any of them."""
        moves: dict[str, list[Move]] = defaultdict(list)
        own = {entry.seq for entry in self.entries}
        for entry in sorted((*self.entries, *self.others), key=lambda each: each.seq):
            for code in entry.moves:
                moves[code].append(entry.move(code, is_counted=entry.seq in own))
        return [
            Change(code=code, before=without(walked).level, after=left(counted(walked)[-1]).level)
            for code, walked in moves.items()
            if counted(walked)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day, in UTC."""

    day: date
    sittings: tuple[Sitting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesPage:
    """Some entries, newest first; ``older`` is before which number the next ones lie, None where there are none.

    ``read`` are those entries with what lies between them and is not shown.
    """

    entries: Sequence[EvidenceEntry]
    older: int | None
    read: Sequence[EvidenceEntry]


def entries_page(
    connection: Connection,
    organisation_id: int,
    learner: str,
    *,
    before: int | None,
    code: str | None = None,
    size: int = ON_A_PAGE,
    hidden: frozenset[str] = frozenset(),
) -> EntriesPage:
    """Return the newest entries of a learner before a number of the ledger: all, or those on one knowledge point.

    Those of the attempts ``hidden`` are left out, which may leave less than a page.
    """
    found = list_entries(
        connection, organisation_id, learner, code=code, before=before, limit=size + 1, newest_first=True
    )
    shown = found[:size]
    visible = [entry for entry in shown if entry.evidence.attempt not in hidden]
    return EntriesPage(entries=visible, older=shown[-1].seq if len(found) > size else None, read=shown)


def whole_sittings(page: EntriesPage) -> EntriesPage:
    """Return a page that ends with a sitting, so that none is torn apart; one that fills a page alone stays torn."""
    if page.older is None or not page.entries:
        return page
    last = _sitting(page.entries[-1])
    kept = [entry for entry in page.entries if _sitting(entry) != last]
    return replace(page, entries=kept, older=kept[-1].seq) if kept else page


def by_day(entries: Iterable[EvidenceEntry], read: Sequence[EvidenceEntry] | None = None) -> Sequence[Day]:
    """Return entries by day and sitting, newest first; what arrived late stands where it happened.

    ``read`` are the entries with what else there is between them; None for nothing else.
    """
    newest_first = sorted(entries, key=lambda entry: (entry.at, entry.seq), reverse=True)
    return [
        Day(
            day=day,
            sittings=tuple(
                _with_others(tuple(those), newest_first if read is None else read)
                for _, those in groupby(entries_of_day, _sitting)
            ),
        )
        for day, entries_of_day in groupby(newest_first, lambda entry: _day(entry.at))
    ]


def _with_others(those: tuple[EvidenceEntry, ...], read: Iterable[EvidenceEntry]) -> Sitting:
    """Return a sitting of some entries, with what was done between the first and the last of them."""
    own = {entry.seq for entry in those}
    between = (entry for entry in read if min(own) < entry.seq < max(own) and entry.seq not in own)
    return Sitting(entries=those, others=tuple(between))


def _sitting(entry: EvidenceEntry) -> tuple[date, str, str]:
    """Return what entries of one sitting share."""
    return (_day(entry.at), entry.evidence.activity, entry.evidence.attempt)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
