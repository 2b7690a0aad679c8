"""Rounds of graded runs that a teacher opens and closes; names of teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "practice_rounds",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("by_teacher", sa.Boolean(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("dates", sa.JSON(), nullable=False),
        sa.Column("shocks", sa.JSON(), nullable=False),
        sa.Column("shows_class", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_scoped("practice_rounds", resource_link_id="resource_link"),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq_practice_rounds_resource_link_id")),
    )
    op.create_table(
        "room_team",
        sa.Column("room_id", ID, nullable=False),
        sa.Column("team", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        *_scoped("room_team", room_id="market_room"),
        sa.UniqueConstraint("room_id", "team", name=op.f("uq_room_team_room_id_team")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("room_team")
    op.drop_table("practice_rounds")


def _scoped(table: str, **belongs_to: str) -> list[sa.Column[object] | sa.Constraint]:
    """Return what every table of an organisation has; ``belongs_to`` names the tables that its columns point to."""
    links = {**belongs_to, "organisation_id": "organisation"}
    return [
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, target in links.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
