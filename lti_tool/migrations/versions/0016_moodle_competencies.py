"""Competencies of a Moodle, and what was sent to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_services()
    op.create_table(
        "moodle_match",
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("competency_id", ID, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("competent", sa.Integer(), nullable=False),
        sa.Column("not_yet", sa.Integer(), nullable=True),
        sa.Column("competent_name", sa.String(length=100), nullable=False),
        sa.Column("not_yet_name", sa.String(length=100), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_moodle_match_organisation_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_moodle_match_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moodle_match")),
        sa.UniqueConstraint("registration_id", "code", name=op.f("uq_moodle_match_registration_id_code")),
    )
    op.create_table(
        "moodle_rating",
        sa.Column("match_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("competency_id", ID, nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["match_id"], ["moodle_match.id"], name=op.f("fk_moodle_rating_match_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_moodle_rating_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_moodle_rating_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moodle_rating")),
        sa.UniqueConstraint("match_id", "person_id", name=op.f("uq_moodle_rating_match_id_person_id")),
    )
    op.create_index(op.f("ix_moodle_rating_person_id"), "moodle_rating", ["person_id"])


def _make_services() -> None:
    op.create_table(
        "moodle_service",
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("token_at", Instant(), nullable=True),
        sa.Column("falls", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("framework", sa.String(length=100), nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("matched_at", Instant(), nullable=True),
        sa.Column("failure", sa.String(length=48), nullable=True),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("checked_at", Instant(), nullable=True),
        sa.Column("recheck_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_moodle_service_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk_moodle_service_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moodle_service")),
        sa.UniqueConstraint("registration_id", name=op.f("uq_moodle_service_registration_id")),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("moodle_rating", "moodle_match", "moodle_service"):
        op.drop_table(table)
