"""Class sessions: devices, seats, polls and votes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _sessions()
    _people()
    _polls()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("class_vote", "class_poll", "class_seat", "class_device", "class_session"):
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


def _moments(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, Instant(), nullable=True) for name in names]


def _sessions() -> None:
    _table(
        "class_session",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("flipped_unit_id", ID, nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=True),
        sa.Column("screen_key", sa.String(length=43), nullable=False),
        sa.Column("roll_key", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("low_share", sa.Integer(), nullable=False),
        sa.Column("high_share", sa.Integer(), nullable=False),
        sa.Column("late_minutes", sa.Integer(), nullable=False),
        sa.Column("poll_id", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_moments("starts_at", "timer_at", "roll_opened_at", "roll_late_at", "opened_at", "closed_at"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_class_session_uuid")),
        sa.UniqueConstraint("code", name=op.f("uq_class_session_code")),
        sa.UniqueConstraint("screen_key", name=op.f("uq_class_session_screen_key")),
        belongs_to={"context_id": "context", "registration_id": "registration", "flipped_unit_id": "flipped_unit"},
    )
    op.create_index("ix_class_session_context_id", "class_session", ["context_id", "state"])


def _people() -> None:
    _table(
        "class_device",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("pairing_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_class_device_uuid")),
        sa.UniqueConstraint("pairing_hash", name=op.f("uq_class_device_pairing_hash")),
        belongs_to={"context_id": "context", "person_id": "person"},
    )
    op.create_index("ix_class_device_person_id", "class_device", ["person_id"])
    op.create_index("ix_class_device_expires_at", "class_device", ["expires_at"])
    _table(
        "class_seat",
        sa.Column("class_session_id", ID, nullable=False),
        sa.Column("slot", sa.String(length=32), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("device_id", ID, nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("joined_at", Instant(), nullable=False),
        *_moments("checked_at"),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("mark", sa.String(length=8), nullable=False),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("name_tries", sa.Integer(), nullable=False),
        sa.Column("attendance_event", sa.String(length=36), nullable=True),
        sa.UniqueConstraint("class_session_id", "slot", name=op.f("uq_class_seat_class_session_id_slot")),
        belongs_to={"class_session_id": "class_session", "person_id": "person", "device_id": "class_device"},
    )
    op.create_index("ix_class_seat_person_id", "class_seat", ["person_id"])


def _polls() -> None:
    _table(
        "class_poll",
        sa.Column("class_session_id", ID, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("activity_key", sa.String(length=64), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=True),
        sa.Column("part", sa.String(length=64), nullable=True),
        *_moments("first_opened_at", "first_closed_at", "second_opened_at", "second_closed_at", "shown_at"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_class_poll_uuid")),
        sa.UniqueConstraint("class_session_id", "number", name=op.f("uq_class_poll_class_session_id_number")),
        belongs_to={"class_session_id": "class_session"},
    )
    _table(
        "class_vote",
        sa.Column("class_poll_id", ID, nullable=False),
        sa.Column("class_seat_id", ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("text_sealed", sa.Text(), nullable=True),
        sa.Column("score", sa.String(length=16), nullable=True),
        sa.Column("cast_at", Instant(), nullable=False),
        sa.Column("event", sa.String(length=36), nullable=True),
        sa.UniqueConstraint(
            "class_poll_id", "round", "class_seat_id", name=op.f("uq_class_vote_class_poll_id_round_class_seat_id")
        ),
        belongs_to={"class_poll_id": "class_poll", "class_seat_id": "class_seat"},
    )
    op.create_index("ix_class_vote_class_seat_id", "class_vote", ["class_seat_id"])
