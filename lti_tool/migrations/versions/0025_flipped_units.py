"""Flipped units: plans, the links of their steps, what learners write."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _units()
    _work()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("flipped_text", "flipped_step", "flipped_unit"):
        op.drop_table(table)


def _units() -> None:
    _table(
        "flipped_unit",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("activity_id", ID, nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("source_id", ID, nullable=True),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("undo", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_flipped_unit_uuid")),
        sa.UniqueConstraint("context_id", "activity_id", name=op.f("uq_flipped_unit_context_id_activity_id")),
        belongs_to={"context_id": "context", "activity_id": "activity", "created_by": "person"},
    )
    op.create_index("ix_flipped_unit_activity_id", "flipped_unit", ["activity_id"])


def _work() -> None:
    _table(
        "flipped_step",
        sa.Column("flipped_unit_id", ID, nullable=False),
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.UniqueConstraint("flipped_unit_id", "key", name=op.f("uq_flipped_step_flipped_unit_id_key")),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq_flipped_step_resource_link_id")),
        belongs_to={"flipped_unit_id": "flipped_unit", "resource_link_id": "resource_link"},
    )
    _table(
        "flipped_text",
        sa.Column("flipped_unit_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text_sealed", sa.Text(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.UniqueConstraint(
            "flipped_unit_id", "person_id", "kind", name=op.f("uq_flipped_text_flipped_unit_id_person_id_kind")
        ),
        belongs_to={"flipped_unit_id": "flipped_unit", "person_id": "person"},
    )
    op.create_index("ix_flipped_text_person_id", "flipped_text", ["person_id"])


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
