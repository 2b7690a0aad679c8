"""Rooms of a class that plays one market."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _rooms()
    _people()
    _decisions()
    op.create_index("ix_market_room_resource_link_id", "market_room", ["resource_link_id"])
    op.create_index("ix_room_seat_person_id", "room_seat", ["person_id"])
    op.create_index("ix_room_role_person_id", "room_role", ["person_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("room_round", "room_part", "room_role", "room_seat", "market_room"):
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


def _rooms() -> None:
    _table(
        "market_room",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("teams", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("played", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("shocks", sa.JSON(), nullable=False),
        sa.Column("ghost_room_id", ID, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_market_room_uuid")),
        belongs_to={"resource_link_id": "resource_link", "version_id": "content_version"},
    )


def _people() -> None:
    _table(
        "room_seat",
        sa.Column("room_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("team", sa.Integer(), nullable=False),
        sa.UniqueConstraint("room_id", "person_id", name=op.f("uq_room_seat_room_id_person_id")),
        belongs_to={"room_id": "market_room", "person_id": "person"},
    )
    _table(
        "room_role",
        sa.Column("room_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("team", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.UniqueConstraint("room_id", "team", "role", name=op.f("uq_room_role_room_id_team_role")),
        belongs_to={"room_id": "market_room", "person_id": "person"},
    )


def _decisions() -> None:
    _table(
        "room_part",
        sa.Column("room_id", ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("team", sa.Integer(), nullable=False),
        sa.Column("component", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decision", sa.JSON(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.UniqueConstraint(
            "room_id", "round", "team", "component", name=op.f("uq_room_part_room_id_round_team_component")
        ),
        belongs_to={"room_id": "market_room"},
    )
    _table(
        "room_round",
        sa.Column("room_id", ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.UniqueConstraint("room_id", "round", name=op.f("uq_room_round_room_id_round")),
        belongs_to={"room_id": "market_room"},
    )
