"""Dates of a link: extensions of single learners, earlier settings, what attempts were worth when, scores held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GIVEN = "ix_link_extension_given"
CHANGES = "ix_link_change_resource_link_id"
CLOSING = "ix_attempt_closes_at"


def upgrade() -> None:
    """Add the columns and make the tables."""
    op.add_column("attempt", sa.Column("earned", sa.Text(), nullable=False, server_default=""))
    op.add_column("attempt", sa.Column("closes_at", Instant(), nullable=True))
    op.create_index(
        CLOSING,
        "attempt",
        ["closes_at"],
        sqlite_where=sa.text("status = 'active' AND closes_at IS NOT NULL"),
        postgresql_where=sa.text("status = 'active' AND closes_at IS NOT NULL"),
    )
    op.add_column("link_score", sa.Column("held_until", Instant(), nullable=True))
    _extensions()
    _changes()


def downgrade() -> None:
    """Drop them."""
    op.drop_table("link_change")
    op.drop_table("link_extension")
    op.drop_column("link_score", "held_until")
    op.drop_index(CLOSING, "attempt")
    op.drop_column("attempt", "closes_at")
    op.drop_column("attempt", "earned")


def _extensions() -> None:
    people = ("person_id", "given_by", "taken_back_by")
    op.create_table(
        "link_extension",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.Column("extra_attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", ID, nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("taken_back_by", ID, nullable=True),
        sa.Column("taken_back_at", Instant(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["resource_link.id"], name=op.f("fk_link_extension_resource_link_id")
        ),
        *[sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_link_extension_{name}")) for name in people],
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_link_extension_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_extension")),
    )
    op.create_index(
        GIVEN,
        "link_extension",
        ["resource_link_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("taken_back_at IS NULL"),
        postgresql_where=sa.text("taken_back_at IS NULL"),
    )
    op.create_index(op.f("ix_link_extension_person_id"), "link_extension", ["person_id"])


def _changes() -> None:
    op.create_table(
        "link_change",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["resource_link.id"], name=op.f("fk_link_change_resource_link_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_change_person_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_link_change_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_change")),
    )
    op.create_index(op.f(CHANGES), "link_change", ["resource_link_id"])
