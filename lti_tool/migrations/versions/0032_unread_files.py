"""Files of an upload that cannot be opened are listed with the reason; the others are taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say why a file was not taken; every file that stands was."""
    op.add_column("sheet_file", sa.Column("problem", sa.String(length=24), nullable=False, server_default=""))
    with op.batch_alter_table("sheet_file") as table:
        table.alter_column("problem", server_default=None)


def downgrade() -> None:
    """Drop the reasons, with the files of which nothing was taken."""
    op.execute(sa.text("DELETE FROM sheet_file WHERE problem <> ''"))
    with op.batch_alter_table("sheet_file") as table:
        table.drop_column("problem")
