"""Sources that send evidence, and the requests they signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _sources()
    _learners()
    _evidence()


def downgrade() -> None:
    """Drop the tables."""
    tables = ("source_evidence", "source_score", "source_course", "source_learner")
    for table in (*tables, "source_request", "source_key", "source"):
        op.drop_table(table)


def _table(name: str, *columns: sa.Column[object] | sa.UniqueConstraint, belongs_to: dict[str, str]) -> None:
    """Create a table of an organisation; ``belongs_to`` names the tables that its columns point to."""
    links = {**belongs_to, "organisation_id": "organisation"}
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, target in links.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _sources() -> None:
    _table(
        "source",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("registration_id", ID, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_source_organisation_id_key")),
        belongs_to={"registration_id": "registration"},
    )
    _table(
        "source_key",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("kid", sa.String(length=32), nullable=False),
        sa.Column("secret_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.UniqueConstraint("kid", name=op.f("uq_source_key_kid")),
        belongs_to={"source_id": "source"},
    )
    op.create_index("ix_source_key_source_id", "source_key", ["source_id"])
    _table(
        "source_request",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("received_at", Instant(), nullable=False),
        sa.UniqueConstraint("source_id", "request_id", name=op.f("uq_source_request_source_id_request_id")),
        belongs_to={"source_id": "source"},
    )
    op.create_index("ix_source_request_received_at", "source_request", ["received_at"])


def _learners() -> None:
    _table(
        "source_learner",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("highest", ID, nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.UniqueConstraint("source_id", "subject", name=op.f("uq_source_learner_source_id_subject")),
        belongs_to={"source_id": "source", "person_id": "person"},
    )
    op.create_index("ix_source_learner_person_id", "source_learner", ["person_id"])
    _table(
        "source_course",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("course", sa.String(length=255), nullable=False),
        sa.UniqueConstraint(
            "source_id", "person_id", "course", name=op.f("uq_source_course_source_id_person_id_course")
        ),
        belongs_to={"source_id": "source", "person_id": "person"},
    )
    op.create_index("ix_source_course_person_id", "source_course", ["person_id"])


def _evidence() -> None:
    _table(
        "source_score",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("activity_id", ID, nullable=False),
        sa.Column("course", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=16), nullable=False),
        sa.Column("sequence", ID, nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint(
            "person_id",
            "activity_id",
            "source_id",
            "course",
            name=op.f("uq_source_score_person_id_activity_id_source_id_course"),
        ),
        belongs_to={"source_id": "source", "person_id": "person", "activity_id": "activity"},
    )
    _table(
        "source_evidence",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("event", sa.String(length=36), nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("sequence", ID, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.UniqueConstraint("source_id", "event", name=op.f("uq_source_evidence_source_id_event")),
        belongs_to={"source_id": "source", "person_id": "person"},
    )
    op.create_index("ix_source_evidence_person_id", "source_evidence", ["person_id"])
    op.create_index("ix_source_evidence_content", "source_evidence", ["organisation_id", "activity", "content"])
