"""A class session may have its title in both languages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the title in the other language; what stands has one for everybody."""
    op.add_column("class_session", sa.Column("title_language", sa.String(length=8), nullable=True))
    op.add_column("class_session", sa.Column("title_other", sa.String(length=200), nullable=True))


def downgrade() -> None:
    """Drop the titles in the other language."""
    with op.batch_alter_table("class_session") as table:
        table.drop_column("title_other")
        table.drop_column("title_language")
