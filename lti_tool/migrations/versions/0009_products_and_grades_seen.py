"""Which product a platform is, and what its grade book showed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("registration", sa.Column("product", sa.String(length=32), nullable=True))
    op.add_column("outbox", sa.Column("seen_value", sa.String(length=64), nullable=True))
    op.add_column("outbox", sa.Column("seen_at", Instant(), nullable=True))
    op.add_column("line_item", sa.Column("compared_at", Instant(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("line_item", "compared_at")
    op.drop_column("outbox", "seen_at")
    op.drop_column("outbox", "seen_value")
    op.drop_column("registration", "product")
