"""Reflections that teachers read: which were written knowing that, and the replies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the replies; what stands was written when nobody else could read it, and stays so."""
    op.add_column("flipped_text", sa.Column("is_shared", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("flipped_text") as table:
        table.alter_column("is_shared", server_default=None)
    links = {
        "flipped_unit_id": "flipped_unit",
        "person_id": "person",
        "author_id": "person",
        "organisation_id": "organisation",
    }
    op.create_table(
        "flipped_reply",
        *(sa.Column(name, ID, nullable=False) for name in links),
        sa.Column("text_sealed", sa.Text(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.UniqueConstraint("flipped_unit_id", "person_id", name=op.f("uq_flipped_reply_flipped_unit_id_person_id")),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_flipped_reply_{column}"))
            for column, target in links.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flipped_reply")),
    )
    op.create_index("ix_flipped_reply_person_id", "flipped_reply", ["person_id"])


def downgrade() -> None:
    """Drop the replies."""
    op.drop_table("flipped_reply")
    with op.batch_alter_table("flipped_text") as table:
        table.drop_column("is_shared")
