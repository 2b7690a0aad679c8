"""The states of an older database are dropped, not mixed: the next generation comes after the ones that were there."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from lti_tool.db import Database
from lti_tool.models import Base, MasteryGeneration
from lti_tool.services.mastery import cache
from lti_tool.services.schema import configuration, migrate
from tests.factories.evidence import NOON, make_ledger_school

BEFORE = "0002"


def test_an_older_generation_is_dropped_and_a_new_one_follows(database: Database) -> None:
    school = make_ledger_school(database, activities=1, points=2, learners=1)
    with database.connection() as connection:
        command.downgrade(configuration(connection), BEFORE)
    with database.connection() as connection:
        connection.execute(
            text(
                "INSERT INTO mastery_generation (organisation_id, number, state, model, constants, weights, through_seq, "
                "created_at) VALUES (:organisation_id, 7, 'adopted', 'mastery-1', 'c1', 'w1', 0, 0)"
            ),
            {"organisation_id": school.organisation_id},
        )
    migrate(database)
    with database.connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert cache.find_adopted(connection, school.organisation_id) is None
        cache.place_to_advance(connection, school.organisation_id, 0, NOON)
        rows = connection.execute(select(MasteryGeneration.number, MasteryGeneration.state).order_by("number"))
        assert [tuple(row) for row in rows] == [(7, "dropped"), (8, "adopted")]
