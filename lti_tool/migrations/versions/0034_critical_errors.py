"""Critical errors that are open: breaches in graded runs, until a later one is free of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table: empty, since no evidence that stands says of a breach."""
    op.create_table(
        "critical_error",
        sa.Column("learner", sa.String(length=36), nullable=False),
        sa.Column("activity", sa.String(length=64), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.UniqueConstraint(
            "organisation_id",
            "learner",
            "activity",
            "part",
            name=op.f("uq_critical_error_organisation_id_learner_activity_part"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_critical_error_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_error")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("critical_error")
