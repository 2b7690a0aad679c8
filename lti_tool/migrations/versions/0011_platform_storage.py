"""What a login keeps for a browser without our cookies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the frame that keeps a login's binding."""
    op.add_column("launch_state", sa.Column("storage_target", sa.String(length=255), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("launch_state", "storage_target")
