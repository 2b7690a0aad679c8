"""One-time links, sessions and changes of administrators; failures that somebody has put aside."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and the column."""
    _make(
        "admin_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.UniqueConstraint("token_hash", name=op.f("uq_admin_link_token_hash")),
    )
    _make(
        "admin_session",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.UniqueConstraint("uuid", name=op.f("uq_admin_session_uuid")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_admin_session_secret_hash")),
    )
    _make(
        "admin_change",
        sa.Column("session_uuid", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
    )
    op.create_index(op.f("ix_admin_change_organisation_id"), "admin_change", ["organisation_id", "id"])
    op.add_column("outbox", sa.Column("dismissed_rev", sa.Integer(), nullable=True))


def _make(name: str, *columns: sa.Column[Any] | sa.UniqueConstraint) -> None:
    """Make a table whose rows belong to an organisation, or to the installation."""
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", ID, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("outbox", "dismissed_rev")
    for name in ("admin_change", "admin_session", "admin_link"):
        op.drop_table(name)
