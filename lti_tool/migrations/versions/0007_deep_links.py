"""Requests of platforms for content, and what was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "deep_link",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("deployment_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("roles", sa.String(length=128), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_deep_link_organisation_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_deep_link_registration_id")),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("fk_deep_link_deployment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_deep_link_person_id")),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_deep_link_context_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deep_link")),
        sa.UniqueConstraint("uuid", name=op.f("uq_deep_link_uuid")),
    )
    op.create_index(op.f("ix_deep_link_expires_at"), "deep_link", ["expires_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("deep_link")
