"""A data key for each learner, and an index of the rare events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "learner_key",
        sa.Column("learner", sa.String(length=36), nullable=False),
        sa.Column("key_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("destroyed_at", Instant(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_learner_key_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learner_key")),
        sa.UniqueConstraint("organisation_id", "learner", name=op.f("uq_learner_key_organisation_id_learner")),
    )
    rare = sa.text("type <> 'evidence.recorded'")
    op.create_index(
        "ix_ledger_event_rare", "ledger_event", ["organisation_id", "type"], sqlite_where=rare, postgresql_where=rare
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_ledger_event_rare", "ledger_event")
    op.drop_table("learner_key")
