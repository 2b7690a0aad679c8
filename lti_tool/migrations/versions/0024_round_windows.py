"""When the rounds of graded runs close."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the closing moments; rounds that stand have none."""
    op.add_column("practice_rounds", sa.Column("closes", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("practice_rounds") as table:
        table.alter_column("closes", server_default=None)


def downgrade() -> None:
    """Drop the closing moments."""
    with op.batch_alter_table("practice_rounds") as table:
        table.drop_column("closes")
