"""How the learners of a source stand, told in pages that follow one another by a cursor: nothing is missed, nothing kept here.

A cursor is a place in the ledger, no further than its newest seal (`mastery.watch`), and the generation of mastery that
was told. Another generation, after evidence was corrected or tagged anew, tells everybody again, and so does a request
without a cursor. A telling of everybody goes by persons; what happens meanwhile comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, NamedTuple, Self

from sqlalchemy import Connection

from lti_tool.db import Direct, Driver
from lti_tool.services.content.contents import Contents
from lti_tool.services.launches.launches import NO_CONTEXT
from lti_tool.services.mastery.watch import Position, find_target, read_page
from lti_tool.services.records import records
from lti_tool.services.records.held_back import hidden_by_person
from lti_tool.services.records.records import Lessons, Subject
from lti_tool.services.sources.api_errors import CursorUnreadableError
from lti_tool.services.sources.sources import KnownSource
from qualoop.exchange import Change, ChangesPage, KnowledgePointState, NextStep
from qualoop.framework import Framework
from qualoop.records import PointFacts, status_of, whole_percent
from qualoop.sequencing import Suggestion
from qualoop.values import LANGUAGES

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 500
LOOKS: Final = 50
"""After how many pages of the ledger without a learner of the source a request ends."""

CURSOR: Final = r"^1\.([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18}|-)$"
# Learners of the source's own evidence, and those whom its platform has launched: the same person may be both.
_OWN_AFTER = Direct(
    "SELECT DISTINCT person_id FROM source_learner WHERE organisation_id = ? AND source_id = ? AND person_id > ? "
    "ORDER BY person_id LIMIT ?"
)
_LAUNCHED_AFTER = Direct(
    "SELECT DISTINCT person_id FROM identity WHERE organisation_id = ? AND registration_id = ? AND person_id > ? "
    "ORDER BY person_id LIMIT ?"
)
_OWN = Direct(
    "SELECT p.id, p.uuid, l.subject, c.course FROM source_learner l "
    "JOIN source_course c ON c.source_id = l.source_id AND c.person_id = l.person_id "
    "JOIN person p ON p.id = l.person_id WHERE l.organisation_id = ? AND l.source_id = ? AND l.person_id IN ?"
)
_LAUNCHED = Direct(
    "SELECT p.id, p.uuid, i.subject, c.platform_key FROM identity i JOIN person p ON p.id = i.person_id "
    "JOIN enrolment e ON e.person_id = i.person_id AND ',' || e.roles || ',' LIKE ? "
    "JOIN context c ON c.id = e.context_id "
    "JOIN deployment d ON d.id = c.deployment_id AND d.registration_id = i.registration_id "
    "WHERE i.organisation_id = ? AND i.registration_id = ? AND i.person_id IN ?"
)
_PERSONS = Direct("SELECT id FROM person WHERE organisation_id = ? AND uuid IN ?")
_LEARNER: Final = "%,learner,%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """What was told: everything up to ``seq`` of ``generation``; while everybody is told, up to the person ``person``."""

    generation: int
    seq: int
    person: int | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the cursor that `as_text` wrote; raise CursorUnreadableError."""
        found = re.fullmatch(CURSOR, text)
        if found is None:
            raise CursorUnreadableError
        generation, seq, person = found.groups()
        return cls(generation=int(generation), seq=int(seq), person=None if person == "-" else int(person))

    def as_text(self) -> str:
        """Return the cursor as it is given out."""
        return f"1.{self.generation}.{self.seq}.{'-' if self.person is None else self.person}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: after which cursor (None: everybody), how many persons at most, and when."""

    cursor: Cursor | None
    limit: int
    now: datetime


class Seat(NamedTuple):
    """A learner in a course, as the source names both."""

    person_id: int
    uuid: str
    subject: str
    course: str


def changes(
    connection: Connection, contents: Contents, source: KnownSource, asked: Asked, *, base_url: str
) -> ChangesPage:
    """Return the next page; reads only."""
    framework = contents.find_framework(connection, source.organisation_id)
    target = find_target(connection, source.organisation_id)
    start = _start(asked.cursor, target)
    seats: list[Seat] = []
    reached, more = start, False
    if framework is not None and target is not None:
        reached, seats = _next(connection, source, start, target, limit=asked.limit)
        more = reached.person is not None or reached.seq < target.after_seq
    teller = _Teller(connection=connection, contents=contents, source=source, now=asked.now, base_url=base_url)
    return ChangesPage(
        at=asked.now,
        framework=f"{framework.code} {framework.version}" if framework else None,
        is_anew=start.person is not None,
        changes=teller.tell(framework, seats) if framework else [],
        cursor=reached.as_text(),
        more=more,
    )


def _start(cursor: Cursor | None, target: Position | None) -> Cursor:
    """Return where to go on; a cursor of another generation, or of a ledger that was restored, begins with everybody."""
    if target is None:
        return Cursor(generation=0, seq=0)
    if cursor is None or cursor.generation != target.generation_id or cursor.seq > target.after_seq:
        return Cursor(generation=target.generation_id, seq=target.after_seq, person=0)
    return cursor


def _next(
    connection: Connection, source: KnownSource, start: Cursor, target: Position, *, limit: int
) -> tuple[Cursor, list[Seat]]:
    """Return how far the next page goes, and who is in it."""
    if start.person is None:
        return _follow(connection, source, start, target, limit=limit)
    driver = Driver(connection)
    rows = driver.all(_OWN_AFTER, (source.organisation_id, source.id, start.person, limit))
    if source.registration_id is not None:
        of_platform = (source.organisation_id, source.registration_id, start.person, limit)
        rows += driver.all(_LAUNCHED_AFTER, of_platform)
    persons = sorted({row[0] for row in rows})[:limit]
    reached = replace(start, person=persons[-1] if len(persons) == limit else None)
    return reached, _seats(connection, source, persons)


def _follow(
    connection: Connection, source: KnownSource, start: Cursor, target: Position, *, limit: int
) -> tuple[Cursor, list[Seat]]:
    """Return how far the next events go that are of learners of the source, and who these are."""
    seq, driver = start.seq, Driver(connection)
    seats: list[Seat] = []
    for _ in range(LOOKS):
        if seats or seq >= target.after_seq:
            break
        seq, learners = read_page(connection, source.organisation_id, seq, target.after_seq, at_most=limit)
        rows = driver.all(_PERSONS, (source.organisation_id, driver.listed(learners))) if learners else []
        seats = _seats(connection, source, [row[0] for row in rows])
    return replace(start, seq=seq), seats


def _seats(connection: Connection, source: KnownSource, persons: Collection[int]) -> list[Seat]:
    """Return the courses of some persons, as far as they are of the source."""
    if not persons:
        return []
    driver = Driver(connection)
    wanted = driver.listed(persons)
    rows = driver.all(_OWN, (source.organisation_id, source.id, wanted))
    if source.registration_id is not None:
        rows += driver.all(_LAUNCHED, (_LEARNER, source.organisation_id, source.registration_id, wanted))
    return sorted({seat for seat in map(Seat._make, rows) if seat.course != NO_CONTEXT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """Says how learners stand now."""

    connection: Connection
    contents: Contents
    source: KnownSource
    now: datetime
    base_url: str

    def tell(self, framework: Framework, seats: Collection[Seat]) -> list[Change]:
        """Return what is known of each learner in each course."""
        lessons = records.read_lessons(self.connection, self.source.organisation_id) if seats else None
        people = {seat.person_id for seat in seats}
        hidden = hidden_by_person(self.connection, self.source.organisation_id, people, self.now) if seats else {}
        known: dict[int, tuple[list[KnowledgePointState], NextStep | None]] = {}
        told = []
        for seat in seats:
            if lessons is not None and seat.person_id not in known:
                subject = Subject(
                    organisation_id=self.source.organisation_id,
                    person_id=seat.person_id,
                    uuid=seat.uuid,
                    hidden=hidden.get(seat.person_id, frozenset()),
                )
                known[seat.person_id] = self._standing(framework, subject, lessons)
            points, following = known[seat.person_id]
            told.append(Change(learner=seat.subject, course=seat.course, knowledge_points=points, next=following))
        return told

    def _standing(
        self, framework: Framework, subject: Subject, lessons: Lessons
    ) -> tuple[list[KnowledgePointState], NextStep | None]:
        facts = records.standing_now(self.connection, subject, framework.knowledge_points, self.now).facts
        points = [
            self._state(framework, code, facts[code])
            for code in framework.knowledge_points
            if code in facts and (facts[code].known or facts[code].flag)
        ]
        found = records.suggest(self.connection, framework, subject, lessons, now=self.now, facts=facts)
        return points, self._step(found, subject, lessons) if found else None

    def _state(self, framework: Framework, code: str, facts: PointFacts) -> KnowledgePointState:
        months = framework.get_knowledge_point(code).review_after_months
        status = status_of(replace(facts, review_months=months), now=self.now.timestamp())
        reading = facts.known
        return KnowledgePointState(
            code=code,
            status=status.value,
            level=whole_percent(reading.level) if reading else None,
            low=whole_percent(reading.low) if reading else None,
            high=whole_percent(reading.high) if reading else None,
            responses=reading.n if reading else 0,
            last=datetime.fromtimestamp(facts.last, UTC) if facts.last is not None else None,
        )

    def _step(self, found: Suggestion, subject: Subject, lessons: Lessons) -> NextStep:
        version = lessons.versions[found.key]
        title = self.contents.get(self.connection, subject.organisation_id, version).content.title
        return NextStep(
            activity=found.key,
            address=f"{self.base_url}/lti/activity/{found.key}",
            title={language: title[language] for language in LANGUAGES},
            reason={language: found.sentence[language] for language in LANGUAGES},
        )
