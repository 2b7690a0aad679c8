"""Compares what was delivered with what the grade book shows: a grade that somebody changed there is noted and respected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, Select, literal, or_, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from lti_tool.db import Database, Prepared, micros
from lti_tool.lti import ags
from lti_tool.lti.errors import UnknownIssuerError
from lti_tool.lti.registration_errors import RegistrationPendingError
from lti_tool.models import LineItem, MasteryColumn, OutboxRow
from lti_tool.services.grades.results import GradeResults
from lti_tool.services.grades.scores import AGS
from lti_tool.services.mechanisms.outbox import State
from lti_tool.services.moodle.mastery_column_levels import CHANNEL as AGS_MASTERY
from lti_tool.services.moodle.mastery_column_levels import THERE
from lti_tool.services.platforms.registrations import Registrations

_DELIVERED = Prepared(
    text(
        "SELECT o.id, o.rev, i.subject FROM outbox o "
        "JOIN identity i ON i.person_id = o.subject AND i.registration_id = :registration_id "
        "WHERE o.organisation_id = :organisation_id AND o.channel = :channel AND o.target = :target AND o.state = 'done'"
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
class ComparedColumn:
    """A column of a grade book that a channel sends to: ``target`` is a link (`ags`) or a column of its own."""

    organisation_id: int
    registration_id: int
    channel: str
    target: int
    url: str
    scopes: str


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

    def compare(self, organisation_id: int, target: int, now: datetime, *, channel: str = AGS) -> Compared | None:
        """Compare a column; return None where the platform lets nobody read it, or does not answer."""
        with self._database.reading() as session:
            query = _columns(channel).where(
                _SOURCES[channel].organisation_id == organisation_id, _target(channel) == target
            )
            row = session.execute(query).first()
        return self._compare(ComparedColumn(*row), now) if row else None

    def compare_due(self, now: datetime, is_ending: Callable[[], bool]) -> int:
        """Compare every column whose turn it is, each by one worker only; return how many."""
        done = 0
        for column in self._due(now):
            if is_ending():
                break
            if self._take(column, now):
                self._compare(column, now)
                done += 1
        return done

    def _compare(self, column: ComparedColumn, now: datetime) -> Compared | None:
        if ags.SCOPE_RESULT_READ not in column.scopes.split():
            return None
        try:
            registration = self._registrations.get(column.registration_id).registration
        except (UnknownIssuerError, RegistrationPendingError):
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

    def _due(self, now: datetime) -> Iterator[ComparedColumn]:
        """Yield the columns that were not compared for a day and have had deliveries."""
        for channel in _SOURCES:
            delivered = select(OutboxRow.target).where(
                OutboxRow.channel == channel, OutboxRow.state == State.DONE.value
            )
            with self._database.reading() as session:
                rows = session.execute(
                    _columns(channel).where(_is_due(channel, now), _target(channel).in_(delivered))
                ).all()
            yield from (ComparedColumn(*row) for row in rows)

    def _take(self, column: ComparedColumn, now: datetime) -> bool:
        """Say whether this worker is the one that compares a column now."""
        with self._database.transaction() as session:
            taken = session.execute(
                update(_SOURCES[column.channel])
                .where(_target(column.channel) == column.target, _is_due(column.channel, now))
                .values(compared_at=now)
            )
            return cast("CursorResult[object]", taken).rowcount == 1

    def _delivered(self, column: ComparedColumn) -> Sequence[tuple[Any, ...]]:
        """Return row, revision and user of what was delivered to a column."""
        keys = {
            "organisation_id": column.organisation_id,
            "registration_id": column.registration_id,
            "channel": column.channel,
            "target": column.target,
        }
        with self._database.snapshot() as connection:
            return _DELIVERED.all(connection, keys)


_SOURCES: Final[Mapping[str, type[LineItem | MasteryColumn]]] = {AGS: LineItem, AGS_MASTERY: MasteryColumn}
"""Where the columns of each channel stand."""


def _columns(channel: str) -> Select[*tuple[Any, ...]]:
    """Return the query of a channel's columns that have an address, as `ComparedColumn` has them."""
    if channel == AGS:
        return select(
            LineItem.organisation_id,
            LineItem.registration_id,
            literal(AGS),
            LineItem.resource_link_id,
            LineItem.url,
            LineItem.scopes,
        ).where(LineItem.url.is_not(None))
    return (
        select(
            MasteryColumn.organisation_id,
            MasteryColumn.registration_id,
            literal(AGS_MASTERY),
            MasteryColumn.id,
            MasteryColumn.url,
            LineItem.scopes,
        )
        .join(
            LineItem,
            (LineItem.resource_link_id == MasteryColumn.resource_link_id)
            & (LineItem.organisation_id == MasteryColumn.organisation_id),
        )
        .where(MasteryColumn.url.is_not(None), MasteryColumn.state == THERE)
    )


def _target(channel: str) -> InstrumentedAttribute[int]:
    """Return the column of a channel's table that its outbox rows have as their target."""
    return LineItem.resource_link_id if channel == AGS else MasteryColumn.id


def _is_due(channel: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a column has not been compared for a day."""
    compared_at = _SOURCES[channel].compared_at
    return or_(compared_at.is_(None), compared_at <= now - EVERY)
