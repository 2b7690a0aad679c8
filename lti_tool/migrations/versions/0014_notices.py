"""What a person has seen of the notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "notice_seen",
        sa.Column("person_id", _ID, nullable=False),
        sa.Column("seen_to", Instant(), nullable=True),
        sa.Column("seen_before", Instant(), nullable=True),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_notice_seen_organisation_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_notice_seen_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_seen"),
        sa.UniqueConstraint("person_id", name="uq_notice_seen_person_id"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("notice_seen")
