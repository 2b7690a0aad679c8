"""Where copied links come from, groups of a course, a platform's dates of a link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MEMBERS = "ix_course_group_member_person_id"


def upgrade() -> None:
    """Add the columns and the tables of groups."""
    op.add_column("resource_link", sa.Column("platform_dates", sa.JSON(), nullable=True))
    op.add_column("resource_link", sa.Column("history", sa.JSON(), nullable=True))
    op.add_column("context", sa.Column("groups_url", sa.Text(), nullable=True))
    op.add_column("context", sa.Column("groups_read_at", Instant(), nullable=True))
    op.add_column("context", sa.Column("groups_failure", sa.String(length=48), nullable=True))
    _groups()
    _members()


def downgrade() -> None:
    """Drop them."""
    op.drop_index(MEMBERS, "course_group_member")
    op.drop_table("course_group_member")
    op.drop_table("course_group")
    op.drop_column("context", "groups_failure")
    op.drop_column("context", "groups_read_at")
    op.drop_column("context", "groups_url")
    op.drop_column("resource_link", "history")
    op.drop_column("resource_link", "platform_dates")


def _groups() -> None:
    op.create_table(
        "course_group",
        sa.Column("context_id", ID, nullable=False),
        sa.Column("platform_key", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_course_group_context_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_course_group_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_group")),
        sa.UniqueConstraint("context_id", "platform_key", name=op.f("uq_course_group_context_id_platform_key")),
    )


def _members() -> None:
    op.create_table(
        "course_group_member",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["course_group.id"], name=op.f("fk_course_group_member_group_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_course_group_member_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_course_group_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_group_member")),
        sa.UniqueConstraint("group_id", "person_id", name=op.f("uq_course_group_member_group_id_person_id")),
    )
    op.create_index(MEMBERS, "course_group_member", ["person_id"])
