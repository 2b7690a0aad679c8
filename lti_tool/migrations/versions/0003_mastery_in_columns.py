"""Mastery in columns: one table for each kind of state, in place of one table of JSON.

The states are a cache of the ledger, so the old ones are dropped, not converted: no generation is adopted after this
migration, and `qualoop replay` makes a new one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
VERSIONS = (("platform", 128), ("tags", 64), ("policy", 64), ("regime", 16))


def upgrade() -> None:
    """Replace the tables; generations say what they were computed with."""
    op.drop_table("mastery_update")
    op.drop_table("mastery_state")
    op.execute("UPDATE mastery_generation SET state = 'dropped'")
    with op.batch_alter_table("mastery_generation") as table:
        for name, length in VERSIONS:
            table.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=""))
        table.alter_column("through_seq", type_=ID, existing_type=sa.Integer(), existing_nullable=False)
    with op.batch_alter_table("mastery_generation") as table:
        for name, length in VERSIONS:
            table.alter_column(name, server_default=None, existing_type=sa.String(length), existing_nullable=False)
    _make("mastery_learner", [_text("learner", 36)], _doubles("g", "v_g", "h", "v_h", "responses"))
    _make(
        "mastery_memory",
        [_text("learner", 36), _text("code", 64)],
        [
            *_doubles("m", "v_m", "f", "v_f", "n", "at", "responses"),
            sa.Column("items", sa.Integer(), nullable=False),
            sa.Column("forms", sa.Integer(), nullable=False),
            sa.Column("competent_at", Instant(), nullable=True),
        ],
    )
    _make("mastery_item", [_text("item", 160)], _doubles("b", "v_b"))
    _make("mastery_point", [_text("code", 64)], _doubles("c", "v_c"))
    _make("mastery_rater", [_text("rater", 64)], _doubles("s", "v_s"))
    _make(
        "mastery_meeting",
        [_text("learner", 36), _text("item", 160)],
        [sa.Column("count", sa.Integer(), nullable=False)],
    )
    _make(
        "mastery_update",
        [_text("learner", 36), sa.Column("event_seq", ID, nullable=False)],
        [sa.Column("codes", sa.Text(), nullable=False), sa.Column("numbers", sa.LargeBinary(), nullable=False)],
    )


def downgrade() -> None:
    """Bring the old tables back, empty."""
    for table in TABLES:
        op.drop_table(table)
    op.execute("UPDATE mastery_generation SET state = 'dropped'")
    with op.batch_alter_table("mastery_generation") as batch:
        for name, _ in VERSIONS:
            batch.drop_column(name)
        batch.alter_column("through_seq", type_=sa.Integer(), existing_type=ID, existing_nullable=False)
    _old("mastery_state", _text("owner", 16), _text("subject", 200), sa.Column("numbers", sa.JSON(), nullable=False))
    with op.batch_alter_table("mastery_state") as batch:
        batch.create_unique_constraint(
            op.f("uq_mastery_state_generation_id_owner_subject"), ["generation_id", "owner", "subject"]
        )
    _old(
        "mastery_update",
        sa.Column("event_seq", sa.Integer(), nullable=False),
        _text("learner", 36),
        sa.Column("explanation", sa.JSON(), nullable=False),
    )
    with op.batch_alter_table("mastery_update") as batch:
        batch.create_unique_constraint(
            op.f("uq_mastery_update_generation_id_event_seq"), ["generation_id", "event_seq"]
        )
    op.create_index("ix_mastery_update_learner", "mastery_update", ["organisation_id", "learner"], unique=False)


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def _doubles(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double(), nullable=False) for name in names]


def _make(name: str, key: list[sa.Column[Any]], rest: list[sa.Column[Any]]) -> None:
    """Make the table of one kind of state, kept in the order of its key."""
    op.create_table(
        name,
        *key,
        *rest,
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("generation_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("generation_id", *(column.name for column in key), name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _old(name: str, *columns: sa.Column[Any]) -> None:
    """Make a table as it was before."""
    op.create_table(
        name,
        sa.Column("generation_id", sa.Integer(), nullable=False),
        *columns,
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


TABLES = (
    "mastery_learner",
    "mastery_memory",
    "mastery_item",
    "mastery_point",
    "mastery_rater",
    "mastery_meeting",
    "mastery_update",
)
