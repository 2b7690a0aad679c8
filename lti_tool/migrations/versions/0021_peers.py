"""Peers who review: how, the samples they rated, their reviews, and what these say together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _setups()
    _samples()
    _reviews()
    _scores()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("peer_score", "peer_review", "peer_sample", "peer_setup"):
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


def _setups() -> None:
    _table(
        "peer_setup",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("effect", sa.String(length=16), nullable=False),
        sa.Column("enough", sa.Integer(), nullable=False),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.Column("opens_at", Instant(), nullable=True),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.Column("changed_by", ID, nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq_peer_setup_resource_link_id")),
        belongs_to={"resource_link_id": "resource_link", "changed_by": "person"},
    )


def _samples() -> None:
    _table(
        "peer_sample",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("sample", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("judged", sa.JSON(), nullable=False),
        sa.Column("rated_at", Instant(), nullable=False),
        sa.UniqueConstraint(
            "resource_link_id", "person_id", "sample", name=op.f("uq_peer_sample_resource_link_id_person_id_sample")
        ),
        belongs_to={"resource_link_id": "resource_link", "person_id": "person"},
    )


def _reviews() -> None:
    _table(
        "peer_review",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("judged", sa.JSON(), nullable=False),
        sa.Column("comments_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("assigned_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("standing", sa.String(length=16), nullable=False),
        sa.Column("flag_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("settled_by", ID, nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.UniqueConstraint("uuid", name=op.f("uq_peer_review_uuid")),
        sa.UniqueConstraint("submission_id", "person_id", name=op.f("uq_peer_review_submission_id_person_id")),
        belongs_to={"submission_id": "submission", "person_id": "person", "settled_by": "person"},
    )
    op.create_index(op.f("ix_peer_review_person_id"), "peer_review", ["person_id"])


def _scores() -> None:
    _table(
        "peer_score",
        sa.Column("submission_id", ID, nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("submission_id", name=op.f("uq_peer_score_submission_id")),
        belongs_to={"submission_id": "submission"},
    )
