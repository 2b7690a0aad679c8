"""Keeps the columns of knowledge points and units up to date: what moved by a point, or was corrected, is enqueued.

A learner's new evidence enqueues where the level moved by a point since it was last enqueued or sent. Where another
generation was adopted (evidence was corrected, tags or the engine changed), whatever the platform would be told anew is
enqueued. Time alone does nothing: levels are those of the newest evidence (`mastery.levels`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, literal, select, text, update
from sqlalchemy.orm import Session

from lti_tool.db import Database, Prepared, micros
from lti_tool.models import Enrolment, Identity, MasteryColumn, MasteryColumnValue, Person
from lti_tool.services.content.contents import Contents
from lti_tool.services.grades import scores
from lti_tool.services.mastery.levels import ColumnLevel, ColumnSubject, SubjectKind, is_in, read_levels
from lti_tool.services.mastery.watch import Moved
from lti_tool.services.people.roles import TEST_USER, Role
from qualoop.framework import Framework

CHANNEL: Final = "ags_mastery"
WANTED, THERE, REFUSED, OFF = "wanted", "there", "refused", "off"
POINT: Final = 0.01
"""By how much a level moves before it is sent again, of 1."""
TOUCH: Final = 1e-9
"""What a difference of doubles may be short of a point."""
PAGE: Final = 500
"""How many people are compared in one transaction."""

_KEEP = Prepared(
    text(
        "INSERT INTO mastery_column_value (organisation_id, column_id, person_id, level, told, updated_at) "
        "VALUES (:organisation_id, :column_id, :person_id, :level, :told, :now) "
        "ON CONFLICT (column_id, person_id) DO UPDATE SET level = excluded.level, told = excluded.told, "
        "updated_at = excluded.updated_at"
    )
)


@dataclass(frozen=True, slots=True)
class StandingColumn:
    """A column that stands in a grade book, and the people that are compared with it."""

    id: int
    context_id: int
    registration_id: int
    subject: ColumnSubject


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """What a column is told of one person; ``level`` is None where there is nothing left to tell."""

    organisation_id: int
    column_id: int
    person_id: int
    level: ColumnLevel | None

    def parameters(self, now: datetime) -> Mapping[str, Any]:
        """Return the value as it is stored."""
        return {
            "organisation_id": self.organisation_id,
            "column_id": self.column_id,
            "person_id": self.person_id,
            "level": self.level.level if self.level else None,
            "told": self.level.told if self.level else "",
            "now": micros(now),
        }


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner of the course: the row and the pseudonym."""

    id: int
    uuid: str


class LevelFollower:
    """Hears whose levels moved, and enqueues them (services.mastery_watch)."""

    name = "columns"

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def follows(self, connection: Connection, organisation_id: int) -> bool:
        """Say whether the organisation has a column that stands."""
        return connection.scalar(_standing(organisation_id).limit(1)) is not None

    def take(self, connection: Connection, organisation_id: int, moved: Moved, now: datetime) -> None:
        """Enqueue what moved by a point. Where anybody's may have moved, `compare_due` goes through everybody."""
        if moved.learners is None:
            compare_again(connection, organisation_id, now)
            return
        comparison = _Comparison.of(connection, self._contents, organisation_id, exactly=False, now=now)
        by_context: dict[int, list[StandingColumn]] = defaultdict(list)
        for row in connection.execute(_standing(organisation_id)):
            by_context[row.context_id].append(_column(row))
        for columns in by_context.values():
            for uuids in _pages(sorted(moved.learners)):
                query = _learners(organisation_id, columns[0]).where(Person.uuid.in_(uuids))
                comparison.run(columns, _people(connection, query))


def compare_again(connection: Connection, organisation_id: int, now: datetime, *, column_id: int | None = None) -> None:
    """Let every learner be compared with the columns that stand, or with one of them: page by page, by `compare_due`."""
    change = (
        update(MasteryColumn)
        .where(MasteryColumn.organisation_id == organisation_id, MasteryColumn.state == THERE)
        .values(compare_after=0, next_at=now)
    )
    connection.execute(change if column_id is None else change.where(MasteryColumn.id == column_id))


def compare_due(
    database: Database, contents: Contents, *, clock: Callable[[], datetime], is_ending: Callable[[], bool]
) -> None:
    """Compare everybody with the columns that wait for it, a page of people in each transaction."""
    with database.reading() as session:
        waiting = session.execute(
            select(MasteryColumn.organisation_id, MasteryColumn.id).where(
                MasteryColumn.next_at.is_not(None),
                MasteryColumn.state == THERE,
                MasteryColumn.compare_after.is_not(None),
            )
        ).all()
    for organisation_id, column_id in waiting:
        more = True
        while more and not is_ending():
            with database.connection() as connection:
                more = _compare_page(connection, contents, organisation_id, column_id, now=clock())


def keep_values(connection: Connection, values: Sequence[ColumnValue], now: datetime) -> None:
    """Note what columns are told.

    The outbox rows of these are written before, always: two transactions would wait for each other otherwise.
    """
    if values:
        _KEEP.run_many(connection, [value.parameters(now) for value in values])


def _compare_page(
    connection: Connection, contents: Contents, organisation_id: int, column_id: int, *, now: datetime
) -> bool:
    """Compare the next people with a column; say whether there are more."""
    with Session(connection) as session:
        row = session.scalar(
            select(MasteryColumn)
            .where(
                MasteryColumn.organisation_id == organisation_id,
                MasteryColumn.id == column_id,
                MasteryColumn.state == THERE,
                MasteryColumn.compare_after.is_not(None),
            )
            .with_for_update()
        )
        if row is None:
            return False
        column = _column(row)
        query = _learners(organisation_id, column).where(Person.id > row.compare_after)
        people = _people(connection, query.limit(PAGE))
        _Comparison.of(connection, contents, organisation_id, exactly=True, now=now).run([column], people)
        is_last = len(people) < PAGE
        row.compare_after = None if is_last else people[-1].id
        row.next_at = None if is_last else now
        session.flush()
    return not is_last


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Compares people with columns of one organisation, in one transaction.

    ``exactly``: whatever the platform would be told anew counts; else what moved by a point.
    """

    connection: Connection
    organisation_id: int
    framework: Framework | None
    exactly: bool
    now: datetime

    @classmethod
    def of(
        cls, connection: Connection, contents: Contents, organisation_id: int, *, exactly: bool, now: datetime
    ) -> _Comparison:
        return cls(
            connection=connection,
            organisation_id=organisation_id,
            framework=contents.find_framework(connection, organisation_id),
            exactly=exactly,
            now=now,
        )

    def run(self, columns: Sequence[StandingColumn], people: Sequence[Learner]) -> None:
        """Enqueue the people whose level on a column is not what was last enqueued or sent."""
        framework, of = self.framework, self.organisation_id
        columns = [column for column in columns if is_in(framework, column.subject)]
        if framework is None or not columns or not people:
            return
        subjects = [column.subject for column in columns]
        levels = read_levels(self.connection, framework, of, people=[each.uuid for each in people], subjects=subjects)
        before = self._kept(columns, people)
        changed = [
            (column, person, level)
            for column in columns
            for person in people
            if self._differs(level := levels.get((person.uuid, column.subject)), before.get((column.id, person.id)))
        ]
        for column, person, _ in changed:
            scores.enqueue(self.connection, of, channel=CHANNEL, target=column.id, subject=person.id, now=self.now)
        values = [ColumnValue(of, column.id, person.id, level) for column, person, level in changed]
        keep_values(self.connection, values, self.now)

    def _differs(self, level: ColumnLevel | None, before: tuple[float | None, str] | None) -> bool:
        """Say whether a level is to be enqueued, given level and words of the time before."""
        if level is None:
            return before is not None and before[0] is not None
        if before is None or before[0] is None:
            return True
        return level.told != before[1] if self.exactly else abs(level.level - before[0]) >= POINT - TOUCH

    def _kept(
        self, columns: Sequence[StandingColumn], people: Sequence[Learner]
    ) -> Mapping[tuple[int, int], tuple[float | None, str]]:
        """Return level and what was told, by column and person."""
        kept = MasteryColumnValue
        rows = self.connection.execute(
            select(kept.column_id, kept.person_id, kept.level, kept.told).where(
                kept.organisation_id == self.organisation_id,
                kept.column_id.in_([column.id for column in columns]),
                kept.person_id.in_([person.id for person in people]),
            )
        )
        return {(column, person): (level, told) for column, person, level, told in rows}


def _standing(organisation_id: int) -> Select[*tuple[Any, ...]]:
    """Return the query of the organisation's columns that stand."""
    return (
        select(
            MasteryColumn.id,
            MasteryColumn.context_id,
            MasteryColumn.registration_id,
            MasteryColumn.subject,
            MasteryColumn.code,
        )
        .where(MasteryColumn.organisation_id == organisation_id, MasteryColumn.state == THERE)
        .order_by(MasteryColumn.id)
    )


def _column(row: Any) -> StandingColumn:
    subject = ColumnSubject(SubjectKind(row.subject), row.code)
    return StandingColumn(row.id, row.context_id, row.registration_id, subject)


def _learners(organisation_id: int, column: StandingColumn) -> Select[*tuple[Any, ...]]:
    """Return the query of who learns in the column's course and is known to its platform, in the order of their rows.

    A teacher's stand-in is nobody.
    """
    roles = literal(",") + Enrolment.roles + ","
    return (
        select(Person.id, Person.uuid)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            Person.organisation_id == organisation_id,
            Enrolment.organisation_id == organisation_id,
            Enrolment.context_id == column.context_id,
            Enrolment.left_at.is_(None),
            roles.contains(f",{Role.LEARNER},"),
            ~roles.contains(f",{TEST_USER},"),
            select(Identity.id)
            .where(Identity.person_id == Person.id, Identity.registration_id == column.registration_id)
            .exists(),
        )
        .order_by(Person.id)
    )


def _people(connection: Connection, query: Select[*tuple[Any, ...]]) -> Sequence[Learner]:
    return [Learner(row.id, row.uuid) for row in connection.execute(query)]


def _pages(uuids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(uuids), PAGE):
        yield uuids[start : start + PAGE]
