"""A school with an empty ledger on each kind of database, and a replay in its plainest form to compare with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, select

from lti_tool.db import Database, Driver
from lti_tool.models import LedgerEvent
from lti_tool.services.content import parts
from lti_tool.services.evidence.evidence import Recorded, Submission, record, record_many
from lti_tool.services.mastery import cache, steps
from lti_tool.services.mastery.cache import Place
from lti_tool.services.mastery.explanations import StoredUpdate
from lti_tool.services.mastery.steps import Scored
from qualoop.ledger import Evidence
from tests.factories.evidence import NOON, LedgerSchool, content_of, make_ledger_school


@dataclass
class Desk:
    """Where evidence of one school is handed in."""

    database: Database
    school: LedgerSchool

    def record(self, submission: Submission) -> Recorded:
        with self.database.connection() as connection:
            return record(connection, self.school.organisation_id, submission, now=NOON)

    def record_many(self, submissions: list[Submission]) -> list[Recorded]:
        with self.database.connection() as connection:
            return record_many(connection, self.school.organisation_id, submissions, now=NOON)

    def events(self) -> list[tuple[int, str]]:
        with self.database.connection() as connection:
            query = select(LedgerEvent.id, LedgerEvent.uuid).where(LedgerEvent.type == "evidence.recorded")
            return [(row[0], row[1]) for row in connection.execute(query.order_by(LedgerEvent.id))]

    def updates(self, learner: str) -> list[StoredUpdate]:
        with self.database.connection() as connection:
            place = cache.place_to_advance(connection, self.school.organisation_id, 0, NOON)
            return cache.list_updates(connection, place, learner)

    def options(self, activity: str, part: str) -> int | None:
        """Return among how many options a blind guess picks one."""
        with self.database.connection() as connection:
            version = parts.find_version(connection, self.school.organisation_id, activity, content_of(activity))
            assert version
            return version.options[part]

    def states(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every adopted state."""
        with self.database.connection() as connection:
            place = cache.place_to_advance(connection, self.school.organisation_id, 0, NOON)
            return cache.dump_states(connection, place)

    def replayed(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the states that the ledger gives from its first event on, one event after the other."""
        place = Place(self.school.organisation_id, 1_000_000)
        with self.database.connection() as connection:
            cache.clear(connection, [place.generation_id])
            for piece in self._pieces(connection):
                steps.advance(Driver(connection), place, [piece])
            return cache.dump_states(connection, place)

    def _pieces(self, connection: Connection) -> list[Scored]:
        query = select(LedgerEvent).where(LedgerEvent.type == "evidence.recorded").order_by(LedgerEvent.id)
        return [self._scored(connection, row) for row in connection.execute(query)]

    def _scored(self, connection: Connection, row: Any) -> Scored:
        evidence = Evidence.from_body(json.loads(row.body))
        organisation = self.school.organisation_id
        version = parts.find_version(connection, organisation, evidence.activity, evidence.content)
        place = cache.find_adopted(connection, organisation)
        assert version
        assert place
        return Scored(
            seq=row.id,
            learner=row.learner,
            item=f"{evidence.activity}/{evidence.part}",
            form=evidence.form.value,
            occasion=evidence.occasion,
            score=evidence.score,
            tries=evidence.tries,
            hints=evidence.hints,
            options=version.options[evidence.part],
            rater=evidence.rater,
            at=row.occurred_at,
            weights=parts.tags_of(connection, organisation, version, place.tags)[evidence.part],
        )


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, make_ledger_school(database, activities=3, points=6, learners=5))
