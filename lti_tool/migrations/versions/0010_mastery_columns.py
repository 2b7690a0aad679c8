"""Grade columns of knowledge points and units, and how far mastery was followed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEXT = "ix_mastery_column_next_at"
IS_WAITING = sa.text("next_at IS NOT NULL")
TABLES = ("column_probe", "mastery_column_value", "mastery_column", "mastery_watch")


def upgrade() -> None:
    """Add the tables."""
    _table(
        "mastery_watch",
        ["organisation_id", "follower"],
        sa.Column("follower", sa.String(length=32), nullable=False),
        sa.Column("generation_id", ID, nullable=False),
        sa.Column("after_seq", ID, nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
    )
    _columns()
    _table(
        "mastery_column_value",
        ["column_id", "person_id"],
        _reference("mastery_column_value", "column_id", "mastery_column"),
        _reference("mastery_column_value", "person_id", "person"),
        sa.Column("level", sa.Double(), nullable=True),
        sa.Column("told", sa.String(length=64), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
    )
    _table(
        "column_probe",
        ["registration_id"],
        _reference("column_probe", "registration_id", "registration"),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("probed_at", Instant(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index(NEXT, "mastery_column")
    for name in TABLES:
        op.drop_table(name)


def _columns() -> None:
    name = "mastery_column"
    _table(
        name,
        ["context_id", "subject", "code"],
        _reference(name, "context_id", "context"),
        _reference(name, "registration_id", "registration"),
        _reference(name, "resource_link_id", "resource_link"),
        sa.Column("subject", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("refusal", sa.String(length=48), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("compare_after", ID, nullable=True),
        sa.Column("compared_at", Instant(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("made_at", Instant(), nullable=True),
    )
    op.create_index(NEXT, name, ["next_at"], sqlite_where=IS_WAITING, postgresql_where=IS_WAITING)


def _reference(table: str, column: str, other: str) -> sa.Column[Any]:
    """Return a column that points to the id of another table."""
    return sa.Column(column, ID, sa.ForeignKey(f"{other}.id", name=op.f(f"fk_{table}_{column}")), nullable=False)


def _table(name: str, unique: list[str], *columns: sa.Column[Any]) -> None:
    """Make a table whose rows belong to an organisation, with one row for each value of ``unique``."""
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_{name}_{'_'.join(unique)}")),
    )
