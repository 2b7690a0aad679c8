"""The members of a course that the platform names: where, when they were read, who has left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WANTED = "ix_context_roster_wanted_at"
IS_WANTED = sa.text("roster_wanted_at IS NOT NULL")
READS = ("ix_roster_read_context_id_started_at", "ix_roster_read_outcome_started_at")


def upgrade() -> None:
    """Add them. Whoever is enrolled by now has launched."""
    op.add_column("context", sa.Column("memberships_url", sa.Text(), nullable=True))
    op.add_column("context", sa.Column("roster_wanted_at", Instant(), nullable=True))
    op.create_index(WANTED, "context", ["roster_wanted_at"], sqlite_where=IS_WANTED, postgresql_where=IS_WANTED)
    op.add_column("enrolment", sa.Column("launch_roles", sa.String(length=128), nullable=True))
    op.add_column("enrolment", sa.Column("left_at", Instant(), nullable=True))
    op.execute("UPDATE enrolment SET launch_roles = roles")
    _reads()


def downgrade() -> None:
    """Drop them, and the enrolments of those who never launched: before, an enrolment was a launch into a course."""
    for name in READS:
        op.drop_index(name, "roster_read")
    op.drop_table("roster_read")
    op.execute("DELETE FROM enrolment WHERE launch_roles IS NULL")
    op.drop_column("enrolment", "left_at")
    op.drop_column("enrolment", "launch_roles")
    op.drop_index(WANTED, "context")
    op.drop_column("context", "roster_wanted_at")
    op.drop_column("context", "memberships_url")


def _reads() -> None:
    op.create_table(
        "roster_read",
        sa.Column("context_id", ID, nullable=False),
        sa.Column("asked_by", sa.String(length=16), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("departed", sa.Integer(), nullable=False),
        sa.Column("remarks", sa.JSON(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_roster_read_context_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_roster_read_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_read")),
    )
    for name, columns in zip(READS, (["context_id", "started_at"], ["outcome", "started_at"]), strict=True):
        op.create_index(name, "roster_read", columns)
