"""Live projects: plans, milestones and what mentors decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _projects()
    _entries()
    _links()
    op.create_index("ix_live_project_resource_link_id", "live_project", ["resource_link_id"])
    op.create_index("ix_live_project_person_id", "live_project", ["person_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("live_link", "live_draft", "live_entry", "live_project"):
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


def _projects() -> None:
    _table(
        "live_project",
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("mentor_id", ID, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("waiting_step", sa.String(length=64), nullable=True),
        sa.Column("waiting_since", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("submission_id", name=op.f("uq_live_project_submission_id")),
        belongs_to={
            "submission_id": "submission",
            "resource_link_id": "resource_link",
            "person_id": "person",
            "mentor_id": "person",
        },
    )


def _entries() -> None:
    _table(
        "live_entry",
        sa.Column("live_project_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("enterprise", sa.String(length=255), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.UniqueConstraint("live_project_id", "number", name=op.f("uq_live_entry_live_project_id_number")),
        belongs_to={"live_project_id": "live_project", "by_person_id": "person"},
    )
    _table(
        "live_draft",
        sa.Column("live_project_id", ID, nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.UniqueConstraint("live_project_id", "step", name=op.f("uq_live_draft_live_project_id_step")),
        belongs_to={"live_project_id": "live_project"},
    )


def _links() -> None:
    _table(
        "live_link",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("enterprise", sa.String(length=255), nullable=False),
        sa.Column("changed_by", ID, nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq_live_link_resource_link_id")),
        belongs_to={"resource_link_id": "resource_link", "changed_by": "person"},
    )
