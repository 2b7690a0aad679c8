"""Invitations to register a platform, and whether a registration is approved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the column; what was registered by hand is active."""
    op.create_table(
        "registration_invite",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("other_hosts", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=255), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("busy_until", Instant(), nullable=True),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("registration_id", ID, nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_registration_invite_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_registration_invite_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_invite")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_registration_invite_token_hash")),
    )
    op.create_index(op.f("ix_registration_invite_registration_id"), "registration_invite", ["registration_id"])
    op.add_column(
        "registration", sa.Column("state", sa.String(length=16), nullable=False, server_default=sa.text("'active'"))
    )


def downgrade() -> None:
    """Drop both. Registrations that nobody approved go, too: without the column they would count as approved."""
    op.drop_table("registration_invite")
    op.execute("DELETE FROM deployment WHERE registration_id IN (SELECT id FROM registration WHERE state <> 'active')")
    op.execute("DELETE FROM registration WHERE state <> 'active'")
    op.drop_column("registration", "state")
