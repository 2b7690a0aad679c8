"""Observations on a phone: invitations, devices, captures, qualifications of assessors."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _qualified()
    _invited()
    _joined()
    _captured()
    _counted()
    _pictured()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("photo", "mark", "member", "capture", "device", "invitation"):
        op.drop_table(f"observation_{table}")
    op.drop_table("assessor_rule")
    op.drop_table("assessor_qualification")


def _table(name: str, *columns: sa.Column[Any] | sa.UniqueConstraint, belongs_to: dict[str, str]) -> None:
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


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _qualified() -> None:
    _table(
        "assessor_qualification",
        _text("uuid", 36),
        sa.Column("person_id", ID, nullable=False),
        _text("kind", 16),
        _text("title", 200),
        _text("issuer", 200),
        sa.Column("holds_from", sa.Date(), nullable=False),
        sa.Column("holds_until", sa.Date(), nullable=True),
        _text("added_by", 64),
        sa.Column("created_at", Instant(), nullable=False),
        _text("confirmed_by", 64),
        sa.Column("confirmed_at", Instant(), nullable=True),
        _text("withdrawn_by", 64),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.UniqueConstraint("uuid", name=op.f("uq_assessor_qualification_uuid")),
        belongs_to={"person_id": "person"},
    )
    op.create_index("ix_assessor_qualification_person_id", "assessor_qualification", ["person_id"])
    _table(
        "assessor_rule",
        sa.Column("from_level", sa.Integer(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_assessor_rule_organisation_id")),
        belongs_to={},
    )


def _invited() -> None:
    _table(
        "observation_invitation",
        _text("uuid", 36),
        *(
            sa.Column(f"{name}_id", ID, nullable=False)
            for name in ("context", "registration", "resource_link", "person")
        ),
        sa.Column("invited_by", ID, nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        _text("name", 120),
        _text("role", 16),
        _text("enterprise", 200),
        _text("title", 120),
        _text("language", 8),
        sa.Column("tasks", sa.JSON(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("level_cap", sa.Integer(), nullable=True),
        sa.Column("max_devices", sa.Integer(), nullable=False),
        _text("link_digest", 64),
        sa.Column("link_until", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_observation_invitation_uuid")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_observation_invitation_link_digest")),
        belongs_to={
            "context_id": "context",
            "registration_id": "registration",
            "resource_link_id": "resource_link",
            "person_id": "person",
            "invited_by": "person",
        },
    )
    op.create_index("ix_observation_invitation_context_id", "observation_invitation", ["context_id"])
    op.create_index("ix_observation_invitation_person_id", "observation_invitation", ["person_id"])


def _joined() -> None:
    _table(
        "observation_device",
        _text("uuid", 36),
        sa.Column("invitation_id", ID, nullable=False),
        _text("secret_digest", 64),
        sa.Column("public_jwk", sa.JSON(), nullable=True),
        _text("label", 64),
        sa.Column("skew_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.UniqueConstraint("uuid", name=op.f("uq_observation_device_uuid")),
        belongs_to={"invitation_id": "observation_invitation"},
    )
    op.create_index("ix_observation_device_invitation_id", "observation_device", ["invitation_id"])


def _captured() -> None:
    _table(
        "observation_capture",
        _text("uuid", 36),
        *(sa.Column(f"{name}_id", ID, nullable=False) for name in ("context", "device", "person")),
        _text("capture", 36),
        _text("digest", 64),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        _text("replaces", 36, nullable=True),
        _text("task", 130),
        _text("rubric", 64),
        _text("activity", 130),
        _text("content", 64),
        sa.Column("criteria", sa.Integer(), nullable=False),
        sa.Column("judged", sa.JSON(), nullable=False),
        sa.Column("is_older", sa.Boolean(), nullable=False),
        _text("enterprise", 200),
        sa.Column("photos", sa.JSON(), nullable=False),
        _text("problem", 32),
        _text("decision", 16),
        _text("decided_by", 64),
        sa.Column("decided_at", Instant(), nullable=True),
        _text("reason", 16),
        _text("key_of", 36),
        sa.Column("signed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("skew_ms", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_observation_capture_uuid")),
        sa.UniqueConstraint(
            "organisation_id", "capture", "digest", name=op.f("uq_observation_capture_organisation_id_capture_digest")
        ),
        belongs_to={"context_id": "context", "device_id": "observation_device", "person_id": "person"},
    )
    for column in ("context_id", "device_id", "replaces"):
        op.create_index(f"ix_observation_capture_{column}", "observation_capture", [column])


def _counted() -> None:
    _table(
        "observation_member",
        sa.Column("capture_id", ID, nullable=False),
        _text("learner", 36),
        sa.Column("person_id", ID, nullable=True),
        _text("problem", 32),
        sa.UniqueConstraint("capture_id", "learner", name=op.f("uq_observation_member_capture_id_learner")),
        belongs_to={"capture_id": "observation_capture", "person_id": "person"},
    )
    op.create_index("ix_observation_member_person_id", "observation_member", ["person_id"])
    _table(
        "observation_mark",
        _text("capture", 36),
        sa.Column("person_id", ID, nullable=False),
        _text("part", 130),
        _text("event", 36),
        _text("stands_by", 36),
        _text("score", 16),
        _text("voided_by", 36, nullable=True),
        sa.UniqueConstraint(
            "organisation_id",
            "capture",
            "person_id",
            "part",
            name=op.f("uq_observation_mark_organisation_id_capture_person_id_part"),
        ),
        belongs_to={"person_id": "person"},
    )
    op.create_index("ix_observation_mark_person_id", "observation_mark", ["person_id"])


def _pictured() -> None:
    _table(
        "observation_photo",
        _text("uuid", 36),
        sa.Column("capture_id", ID, nullable=False),
        _text("sha256", 64),
        _text("key_of", 36),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", Instant(), nullable=False),
        sa.UniqueConstraint("uuid", name=op.f("uq_observation_photo_uuid")),
        sa.UniqueConstraint("capture_id", "sha256", name=op.f("uq_observation_photo_capture_id_sha256")),
        belongs_to={"capture_id": "observation_capture"},
    )
