"""Rubrics, submitted work and marks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RELEASING = "ix_submission_release_at"


def upgrade() -> None:
    """Create the tables."""
    _rubrics()
    _work()
    _files()
    _marks()


def downgrade() -> None:
    """Drop the tables."""
    tables = ("mark_revision", "mark", "submission_file", "submission", "marking_setup", "rubric_version", "rubric")
    for table in tables:
        op.drop_table(table)


def _table(name: str, *columns: sa.Column[object] | sa.UniqueConstraint, belongs_to: dict[str, str]) -> None:
    """Create a table of an organisation; ``belongs_to`` names the tables that its columns point to."""
    links = {**belongs_to, "organisation_id": "organisation"}
    op.create_table(
        name,
        *columns,
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, target in links.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _rubrics() -> None:
    _table(
        "rubric",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("version_id", ID, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_rubric_organisation_id_key")),
        belongs_to={},
    )
    _table(
        "rubric_version",
        sa.Column("rubric_id", ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("installed_at", Instant(), nullable=False),
        sa.UniqueConstraint("rubric_id", "hash", name=op.f("uq_rubric_version_rubric_id_hash")),
        belongs_to={"rubric_id": "rubric"},
    )
    _table(
        "marking_setup",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("rubric_version_id", ID, nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("second_share", sa.Integer(), nullable=False),
        sa.Column("release_at", Instant(), nullable=True),
        sa.Column("changed_by", ID, nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq_marking_setup_resource_link_id")),
        belongs_to={
            "resource_link_id": "resource_link",
            "rubric_version_id": "rubric_version",
            "changed_by": "person",
        },
    )


def _work() -> None:
    _table(
        "submission",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("attempt_id", ID, nullable=False),
        sa.Column("rubric_version_id", ID, nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("work_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("needs_second", sa.Boolean(), nullable=False),
        sa.Column("assigned_to", ID, nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("submitted_at", Instant(), nullable=False),
        sa.Column("release_at", Instant(), nullable=True),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_submission_uuid")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_submission_attempt_id")),
        belongs_to={
            "resource_link_id": "resource_link",
            "person_id": "person",
            "attempt_id": "attempt",
            "rubric_version_id": "rubric_version",
            "assigned_to": "person",
        },
    )
    op.create_index(op.f("ix_submission_resource_link_id_stage"), "submission", ["resource_link_id", "stage"])
    op.create_index(op.f("ix_submission_person_id"), "submission", ["person_id"])
    waiting = sa.text("release_at IS NOT NULL AND released_at IS NULL")
    op.create_index(RELEASING, "submission", ["release_at"], sqlite_where=waiting, postgresql_where=waiting)


def _files() -> None:
    _table(
        "submission_file",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(length=96), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_submission_file_uuid")),
        belongs_to={"submission_id": "submission"},
    )
    op.create_index(op.f("ix_submission_file_submission_id"), "submission_file", ["submission_id"])


def _marks() -> None:
    _table(
        "mark",
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("position", sa.String(length=16), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("enterprise", sa.String(length=255), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("submission_id", "position", name=op.f("uq_mark_submission_id_position")),
        belongs_to={"submission_id": "submission", "person_id": "person"},
    )
    op.create_index(op.f("ix_mark_person_id"), "mark", ["person_id"])
    _table(
        "mark_revision",
        sa.Column("mark_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("judged", sa.JSON(), nullable=False),
        sa.Column("comments_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.UniqueConstraint("mark_id", "number", name=op.f("uq_mark_revision_mark_id_number")),
        belongs_to={"mark_id": "mark", "by_person_id": "person"},
    )
