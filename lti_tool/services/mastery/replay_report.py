"""What a computed generation would change, before it is adopted: who, on what, from what to what.

It compares levels and statuses at one moment by the same functions that show them; or how they stood at an earlier
moment, as a replay as of it computed them, with how they stand. Awards are never touched by a replay: what is shown
here is for the person who decides.
"""

from __future__ import annotations

import csv
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection

from lti_tool.db import Direct, Driver
from lti_tool.services.mastery import cache
from lti_tool.services.mastery.cache import Place, Standing
from qualoop.framework import Framework
from qualoop.mastery.constants import DEFAULT_CONSTANTS
from qualoop.mastery.readings import Reading, read_point
from qualoop.records import PointFacts, Status, status_of

LEARNERS_AT_ONCE: Final = 200
LEAST_POINTS: Final = 0.05
"""Half of the last digit that is shown: a smaller difference of two levels, in percentage points, is none."""
SHOWN: Final = 20
LAST: Final = 5
"""Where a memory's row holds the time of the last touch."""
COLUMNS: Final = (
    "learner",
    "knowledge_point",
    "status_before",
    "status_after",
    "level_before",
    "level_after",
    "n_before",
)

_LEARNERS = Direct("SELECT learner FROM mastery_learner WHERE generation_id = ?")
_CODES = Direct("SELECT code FROM mastery_point WHERE generation_id = ?")


class Side(NamedTuple):
    """How a learner stands on a knowledge point in one generation; ``reading`` is None without evidence."""

    status: Status
    reading: Reading | None

    @property
    def percent(self) -> float | None:
        """The level in percent, None without evidence."""
        return None if self.reading is None else 100.0 * self.reading.level


class Difference(NamedTuple):
    """A knowledge point of a learner that would change."""

    learner: str
    code: str
    before: Side
    after: Side

    @property
    def points(self) -> float:
        """By how many percentage points the level would change; a level that comes or goes counts from 0."""
        return (self.after.percent or 0.0) - (self.before.percent or 0.0)

    @property
    def is_shown(self) -> bool:
        """Whether anything that people see would change."""
        appears = (self.before.reading is None) is not (self.after.reading is None)
        return appears or self.before.status is not self.after.status or abs(self.points) >= LEAST_POINTS


@dataclass(slots=True)
class Summary:
    """Counts over all differences, and the largest of them."""

    compared: int = 0
    changed: int = 0
    learners: set[str] = field(default_factory=set)
    up: int = 0
    down: int = 0
    moves: Counter[tuple[Status, Status]] = field(default_factory=Counter)
    largest: list[tuple[float, str, str, Difference]] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        """Count one knowledge point of one learner."""
        self.compared += 1
        if not difference.is_shown:
            return
        self.changed += 1
        self.learners.add(difference.learner)
        self.up += difference.points >= LEAST_POINTS
        self.down += difference.points <= -LEAST_POINTS
        if difference.before.status is not difference.after.status:
            self.moves[difference.before.status, difference.after.status] += 1
        entry = (abs(difference.points), difference.learner, difference.code, difference)
        (heapq.heappush if len(self.largest) < SHOWN else heapq.heappushpop)(self.largest, entry)


def compare(
    connection: Connection,
    before: Place | None,
    after: Place | None,
    *,
    framework: Framework | None,
    now: datetime,
    then: datetime | None = None,
) -> Iterator[Difference]:
    """Yield every learner and knowledge point with evidence in either generation, some learners at a time.

    Both are read at ``now``; or ``before`` at ``then``, where that is given.
    """
    driver = Driver(connection)
    places = [place for place in (before, after) if place is not None]
    learners = sorted({row[0] for place in places for row in driver.all(_LEARNERS, (place.generation_id,))})
    codes = sorted({row[0] for place in places for row in driver.all(_CODES, (place.generation_id,))})
    months = {code: _review_months(framework, code) for code in codes}
    for first in range(0, len(learners), LEARNERS_AT_ONCE):
        some = learners[first : first + LEARNERS_AT_ONCE]
        found = [cache.load_class(connection, place, some, codes) if place else {} for place in (before, after)]
        for learner in some:
            old, new = (each.get(learner, Standing()) for each in found)
            for code in sorted({*old.memories, *new.memories}):
                sides = (_side(old, code, months[code], then or now), _side(new, code, months[code], now))
                yield Difference(learner, code, *sides)


def summarise(differences: Iterable[Difference], report: Path | None) -> Summary:
    """Return the counts; write every difference that would be seen into the file ``report``, as CSV."""
    summary = Summary()
    if report is None:
        for difference in differences:
            summary.add(difference)
        return summary
    with report.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for difference in differences:
            summary.add(difference)
            if difference.is_shown:
                writer.writerow(_cells(difference))
    return summary


def as_lines(summary: Summary, *, then: datetime | None = None) -> Sequence[str]:
    """Return a summary in words: of what would change, or of what has changed since ``then``."""
    verb = "would change" if then is None else f"stand otherwise than at {then:%Y-%m-%d %H:%M:%S} UTC"
    lines = [
        f"{summary.changed} of {summary.compared} knowledge points of learners {verb}, "
        f"of {len(summary.learners)} learners: {summary.up} levels up, {summary.down} down."
    ]
    lines += [f"  {old.value} -> {new.value}: {count}" for (old, new), count in summary.moves.most_common()]
    if summary.largest:
        lines.append("The largest:")
    for _, learner, code, difference in sorted(summary.largest, key=lambda entry: (-entry[0], *entry[1:3])):
        old, new = difference.before, difference.after
        lines.append(f"  {learner}  {code}  {old.status.value} {_percent(old)} -> {new.status.value} {_percent(new)}")
    return lines


def _side(standing: Standing, code: str, review_months: int | None, now: datetime) -> Side:
    """Return how a learner stands on a knowledge point."""
    memory = standing.memories.get(code)
    if memory is None or standing.learner is None:
        return Side(Status.NO_EVIDENCE, None)
    point = standing.points.get(code)
    reading = read_point(standing.learner, memory.row, point, at=now.timestamp(), constants=DEFAULT_CONSTANTS)
    facts = PointFacts(
        reading=reading,
        items=memory.items,
        forms=memory.forms,
        last=memory.row[LAST],
        was_competent=memory.competent_at is not None,
        review_months=review_months,
    )
    return Side(status_of(facts, now=now.timestamp()), reading)


def _review_months(framework: Framework | None, code: str) -> int | None:
    known: Mapping[str, object] = framework.knowledge_points if framework else {}
    return framework.knowledge_points[code].review_after_months if framework and code in known else None


def _cells(difference: Difference) -> Sequence[str]:
    """Return a difference as a row of the file; levels in percent, empty without evidence."""
    old, new = difference.before, difference.after
    count = "0" if old.reading is None else str(old.reading.n)
    levels = ("" if side.percent is None else f"{side.percent:.1f}" for side in (old, new))
    return (difference.learner, difference.code, old.status.value, new.status.value, *levels, count)


def _percent(side: Side) -> str:
    return "-" if side.percent is None else f"{side.percent:.1f} %"
