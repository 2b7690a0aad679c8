"""Compares what was delivered with what the grade book shows: a grade that somebody changed there is noted and respected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, or_, select, text, update

from lti_tool.db import Database, Prepared, micros
from lti_tool.lti import ags
from lti_tool.lti.errors import UnknownIssuerError
from lti_tool.models import LineItem, OutboxRow
from lti_tool.services.grade_results import GradeResults
from lti_tool.services.outbox import State
from lti_tool.services.registrations import Registrations
from lti_tool.services.scores import AGS

_DELIVERED = Prepared(
    text(
        "SELECT o.id, o.rev, i.subject FROM outbox o "
        "JOIN identity i ON i.person_id = o.subject AND i.registration_id = :registration_id "
        "WHERE o.organisation_id = :organisation_id AND o.channel = :channel AND o.target = :link AND o.state = 'done'"
    )
)
# What was changed or claimed in the meantime is left alone: the next comparison sees it.
_NOTE = Prepared(
    text(
        "UPDATE outbox SET state = 'needs-person', last_error = 'overridden', seen_value = :seen, seen_at = :now "
        "WHERE id = :id AND rev = :rev AND state = 'done' AND lease IS NULL"
    )
)


EVERY: Final = timedelta(days=1)
"""How often each column is compared."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Of how many delivered scores the grade book showed a grade, and how many of those are not ours."""

    shown: int
    changed: int


class GradeComparison:
    """Compares columns. One object serves all threads."""

    def __init__(self, database: Database, results: GradeResults, registrations: Registrations) -> None:
        self._database = database
        self._results = results
        self._registrations = registrations

    def compare(self, organisation_id: int, link: int, now: datetime) -> Compared | None:
        """Compare the column of a link; return None where the platform lets nobody read it, or does not answer."""
        column = self._column(organisation_id, link)
        if column is None or not column.url or ags.SCOPE_RESULT_READ not in column.scopes.split():
            return None
        try:
            registration = self._registrations.get(column.registration_id).registration
        except UnknownIssuerError:
            return None
        grades = self._results.find_all(registration, column.url)
        if grades is None:
            return None
        shown, changed = 0, []
        for row, rev, user in self._delivered(column):
            seen = grades.get(user)
            if seen is None or seen.share is None:
                continue
            shown += 1
            if not seen.is_one_of(self._results.was_sent(row)):
                changed.append({"id": row, "rev": rev, "seen": f"{seen.share:.6f}", "now": micros(now)})
        with self._database.connection() as connection:
            _NOTE.run_many(connection, changed)
        return Compared(shown, len(changed))

    def compare_due(self, now: datetime, is_ending: Callable[[], bool]) -> int:
        """Compare every column whose turn it is, each by one worker only; return how many."""
        done = 0
        for organisation_id, link in self._due(now):
            if is_ending():
                break
            if self._take(link, now):
                self.compare(organisation_id, link, now)
                done += 1
        return done

    def _due(self, now: datetime) -> Sequence[tuple[int, int]]:
        """Return organisation and link of the columns that were not compared for a day and have had deliveries."""
        delivered = select(OutboxRow.target).where(OutboxRow.channel == AGS, OutboxRow.state == State.DONE.value)
        with self._database.reading() as session:
            rows = session.execute(
                select(LineItem.organisation_id, LineItem.resource_link_id).where(
                    _is_due(now), LineItem.resource_link_id.in_(delivered)
                )
            )
            return [(row[0], row[1]) for row in rows]

    def _take(self, link: int, now: datetime) -> bool:
        """Say whether this worker is the one that compares a column now."""
        with self._database.transaction() as session:
            taken = session.execute(
                update(LineItem).where(LineItem.resource_link_id == link, _is_due(now)).values(compared_at=now)
            )
            return cast("CursorResult[object]", taken).rowcount == 1

    def _column(self, organisation_id: int, link: int) -> LineItem | None:
        with self._database.reading() as session:
            return session.scalar(
                select(LineItem).where(LineItem.organisation_id == organisation_id, LineItem.resource_link_id == link)
            )

    def _delivered(self, column: LineItem) -> Sequence[tuple[Any, ...]]:
        """Return row, revision and user of what was delivered to a column."""
        keys = {
            "organisation_id": column.organisation_id,
            "registration_id": column.registration_id,
            "channel": AGS,
            "link": column.resource_link_id,
        }
        with self._database.snapshot() as connection:
            return _DELIVERED.all(connection, keys)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a column has not been compared for a day."""
    return or_(LineItem.compared_at.is_(None), LineItem.compared_at <= now - EVERY)
