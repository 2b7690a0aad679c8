"""Whose evidence a source sends: its ids of learners and courses joined with persons and courses here.

Where a source belongs to a platform, a learner is the person whom that platform launches under the same subject, and a
course is the platform's: evidence of blocks and of launches is one person's. Without a platform a learner is known to
the source alone. Nothing personal is stored beside the id; people are never joined by anything else.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from lti_tool.db import Direct, Driver, Prepared, micros, stored_json
from lti_tool.services.people.roles import Role
from lti_tool.services.sources.sources import KnownSource

MOST_GAPS: Final = 100
"""Ranges of missing numbers that are kept of a learner; of more the oldest are forgotten."""

_READ: Final = (
    "SELECT l.subject, l.id, l.person_id, p.uuid, l.highest, l.missing FROM source_learner l "
    "JOIN person p ON p.id = l.person_id WHERE l.organisation_id = ? AND l.source_id = ? AND l.subject IN ? "
    "ORDER BY l.subject"
)
_KNOWN = Direct(_READ)
_LOCKED = Direct(f"{_READ} FOR UPDATE OF l")
_HELD = Direct(
    "SELECT id FROM source_learner WHERE organisation_id = ? AND source_id IN ? AND person_id IN ? "
    "ORDER BY source_id, subject FOR UPDATE"
)
_IDENTITIES = Direct(
    "SELECT subject, person_id FROM identity WHERE organisation_id = ? AND registration_id = ? AND subject IN ?"
)
_NEW_PERSON = Prepared(
    text("INSERT INTO person (organisation_id, uuid, created_at) VALUES (:organisation_id, :uuid, :now) RETURNING id")
)
_NAME = Prepared(
    text(
        "INSERT INTO identity (organisation_id, person_id, registration_id, subject, updated_at) "
        "VALUES (:organisation_id, :person_id, :registration_id, :subject, :now) "
        # Somebody who launches in this moment: whoever comes second is the first one's person.
        "ON CONFLICT (registration_id, subject) DO UPDATE SET updated_at = identity.updated_at RETURNING person_id"
    )
)
_NOBODY = Prepared(text("DELETE FROM person WHERE id = :person_id AND organisation_id = :organisation_id"))
_MEET = Prepared(
    text(
        "INSERT INTO source_learner (organisation_id, source_id, person_id, subject, highest, missing) "
        "VALUES (:organisation_id, :source_id, :person_id, :subject, 0, '[]') "
        "ON CONFLICT (source_id, subject) DO NOTHING RETURNING id"
    )
)
_COUNTED = Prepared(
    text(
        "UPDATE source_learner SET highest = :highest, missing = :missing "
        "WHERE id = :id AND organisation_id = :organisation_id"
    )
)
_COURSE = Prepared(
    text(
        "INSERT INTO source_course (organisation_id, source_id, person_id, course) "
        "VALUES (:organisation_id, :source_id, :person_id, :course) "
        "ON CONFLICT (source_id, person_id, course) DO NOTHING"
    )
)
_CONTEXT = Prepared(
    text(
        "SELECT c.id FROM context c JOIN deployment d ON d.id = c.deployment_id "
        "WHERE d.registration_id = :registration_id AND c.organisation_id = :organisation_id "
        "AND c.platform_key = :course ORDER BY c.id LIMIT 1"
    )
)
_DEPLOYMENT = Prepared(
    text(
        "SELECT id FROM deployment WHERE registration_id = :registration_id AND organisation_id = :organisation_id "
        "AND state = 'approved' ORDER BY id LIMIT 1"
    )
)
_NEW_CONTEXT = Prepared(
    text(
        "INSERT INTO context (organisation_id, deployment_id, platform_key, title, created_at) "
        "VALUES (:organisation_id, :deployment_id, :course, :title, :now) "
        "ON CONFLICT (deployment_id, platform_key) DO UPDATE SET title = context.title RETURNING id"
    )
)
_ENROL = Prepared(
    text(
        "INSERT INTO enrolment (organisation_id, context_id, person_id, roles, joined_at, updated_at) "
        "VALUES (:organisation_id, :context_id, :person_id, :roles, :now, :now) "
        "ON CONFLICT (context_id, person_id) DO NOTHING"
    )
)


@dataclass(slots=True, kw_only=True)
class SourceLearnerRow:
    """A learner of a source: the person, and which of the numbered events have come."""

    id: int
    person_id: int
    uuid: str
    highest: int
    missing: list[tuple[int, int]]

    def count(self, number: int) -> None:
        """Note that the event with this number has come."""
        if number > self.highest:
            if number > self.highest + 1:
                self.missing.append((self.highest + 1, number - 1))
                del self.missing[:-MOST_GAPS]
            self.highest = number
            return
        self.missing = [part for gap in self.missing for part in _without(gap, number)]


def _without(gap: tuple[int, int], number: int) -> Iterable[tuple[int, int]]:
    """Return what is left of a range without a number."""
    first, last = gap
    if not first <= number <= last:
        return (gap,)
    return tuple((low, high) for low, high in ((first, number - 1), (number + 1, last)) if low <= high)


def find_known(connection: Connection, source: KnownSource, subjects: Iterable[str]) -> dict[str, SourceLearnerRow]:
    """Return the learners that the source has sent evidence of before, by its ids."""
    return _read(connection, source, sorted(set(subjects)), lock=False)


def meet(
    connection: Connection, source: KnownSource, subjects: Collection[str], now: datetime
) -> dict[str, SourceLearnerRow]:
    """Return the learners of a source by its ids, locked for this transaction; those it never named before are made.

    In the order of their ids, so that two batches never wait for each other.
    """
    wanted = sorted(set(subjects))
    known = _read(connection, source, wanted, lock=False)
    new = [subject for subject in wanted if subject not in known]
    keys = {"organisation_id": source.organisation_id, "source_id": source.id}
    for subject in new:
        person = _person(connection, source, subject, now)
        made = _MEET.one(connection, {**keys, "person_id": person, "subject": subject})
        if made is None and source.registration_id is None:
            # Another batch has just named the same learner.
            _NOBODY.run(connection, {"person_id": person, "organisation_id": source.organisation_id})
    return _read(connection, source, wanted, lock=True)


def hold(connection: Connection, organisation_id: int, seats: Collection[tuple[int, int]]) -> None:
    """Lock learners whom sources know, given as (source, person), for this transaction: nobody else records of them.

    In the order in which a batch of each source locks them (`meet`), the sources one after another. SQLite has one writer
    at a time anyway.
    """
    driver = Driver(connection)
    if seats and not driver.is_sqlite:
        sources, people = ({seat[place] for seat in seats} for place in (0, 1))
        driver.all(_HELD, (organisation_id, driver.listed(sorted(sources)), driver.listed(sorted(people))))


def save_counts(connection: Connection, source: KnownSource, rows: Iterable[SourceLearnerRow]) -> None:
    """Keep which events of the learners have come."""
    for row in rows:
        missing = "[" + ",".join(f"[{first},{last}]" for first, last in row.missing) + "]"
        keys = {"id": row.id, "organisation_id": source.organisation_id}
        _COUNTED.run(connection, {**keys, "highest": row.highest, "missing": missing})


def enrol(connection: Connection, source: KnownSource, seats: Iterable[tuple[int, str]], now: datetime) -> None:
    """Note in which courses persons learn, as (person, the platform's id of the course).

    Where the source belongs to a platform, the course is the one that launches name, and its teachers see the learner.
    """
    keys = {"organisation_id": source.organisation_id, "source_id": source.id}
    contexts: dict[str, int | None] = {}
    for person_id, course in sorted(set(seats)):
        _COURSE.run(connection, {**keys, "person_id": person_id, "course": course})
        if course not in contexts:
            contexts[course] = _context(connection, source, course, now)
        context = contexts[course]
        if context is not None:
            row = {"organisation_id": source.organisation_id, "context_id": context, "person_id": person_id}
            _ENROL.run(connection, {**row, "roles": Role.LEARNER.value, "now": micros(now)})


def _read(
    connection: Connection, source: KnownSource, subjects: list[str], *, lock: bool
) -> dict[str, SourceLearnerRow]:
    driver = Driver(connection)
    statement = _LOCKED if lock and not driver.is_sqlite else _KNOWN
    rows = driver.all(statement, (source.organisation_id, source.id, driver.listed(subjects)))
    return {
        subject: SourceLearnerRow(
            id=row_id,
            person_id=person,
            uuid=pseudonym,
            highest=highest,
            missing=[(first, last) for first, last in stored_json(missing)],
        )
        for subject, row_id, person, pseudonym, highest, missing in rows
    }


def _person(connection: Connection, source: KnownSource, subject: str, now: datetime) -> int:
    """Return the person of a subject, made where there is none."""
    driver = Driver(connection)
    where = {"organisation_id": source.organisation_id, "now": micros(now)}
    if source.registration_id is not None:
        known = (source.organisation_id, source.registration_id, driver.listed([subject]))
        found = driver.one(_IDENTITIES, known)
        if found is not None:
            return int(found[1])
    made = _id(_NEW_PERSON.one(connection, {**where, "uuid": str(uuid.uuid4())}))
    if source.registration_id is None:
        return made
    name: Mapping[str, Any] = {**where, "registration_id": source.registration_id, "subject": subject}
    person = _id(_NAME.one(connection, {**name, "person_id": made}))
    if person != made:
        _NOBODY.run(connection, {"person_id": made, "organisation_id": source.organisation_id})
    return person


def _context(connection: Connection, source: KnownSource, course: str, now: datetime) -> int | None:
    """Return the course of the source's platform, made where there is none; None where nothing of it may launch us."""
    if source.registration_id is None:
        return None
    keys = {
        "registration_id": source.registration_id,
        "organisation_id": source.organisation_id,
        "course": course,
        # Until a launch tells its title.
        "title": course,
        "now": micros(now),
    }
    found = _CONTEXT.one(connection, keys)
    if found is None:
        deployment = _DEPLOYMENT.one(connection, keys)
        if deployment is None:
            return None
        found = _NEW_CONTEXT.one(connection, {**keys, "deployment_id": deployment[0]})
    return _id(found)


def _id(row: tuple[Any, ...] | None) -> int:
    """Return the id of a row that a statement has just made."""
    if row is None:
        raise RuntimeError("a row that was made was not returned")
    return int(row[0])
