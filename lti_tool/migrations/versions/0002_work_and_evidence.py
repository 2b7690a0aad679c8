"""Attempts, the ledger, mastery, deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant
from lti_tool.migrations import append_only

APPEND_ONLY = {
    "ledger_event": [("id",), ("uuid",), ("organisation_id", "source", "source_id", "attempt")],
    "ledger_seal": [("id",), ("organisation_id", "number")],
}

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _import_run()
    _inbox_item()
    _job()
    _ledger_event()
    _ledger_seal()
    _mastery_generation()
    _mastery_state()
    _mastery_update()
    _outbox()
    _access_token()
    _delivery()
    _attempt()
    _line_item()
    _link_score()
    for table, keys in APPEND_ONLY.items():
        for statement in append_only.statements(op.get_bind().dialect.name, table, keys):
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables, and what made some of them append-only."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for table in APPEND_ONLY:
        for statement in append_only.undoing(op.get_bind().dialect.name, table):
            op.execute(statement)


def _import_run() -> None:
    op.create_table(
        "import_run",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("diff", sa.JSON(), nullable=False),
        sa.Column("undo", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_import_run_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("uuid", name=op.f("uq_import_run_uuid")),
    )


def _inbox_item() -> None:
    op.create_table(
        "inbox_item",
        sa.Column("reason", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("owner_role", sa.String(length=32), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_inbox_item_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_item")),
        sa.UniqueConstraint(
            "organisation_id", "reason", "subject", name=op.f("uq_inbox_item_organisation_id_reason_subject")
        ),
    )


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("interrupt", sa.Boolean(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_job_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("uuid", name=op.f("uq_job_uuid")),
    )


def _ledger_event() -> None:
    op.create_table(
        "ledger_event",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("learner", sa.String(length=36), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=128), nullable=False),
        sa.Column("attempt", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_event_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_event")),
        sa.UniqueConstraint(
            "organisation_id",
            "source",
            "source_id",
            "attempt",
            name=op.f("uq_ledger_event_organisation_id_source_source_id_attempt"),
        ),
        sa.UniqueConstraint("uuid", name=op.f("uq_ledger_event_uuid")),
    )
    op.create_index("ix_ledger_event_learner", "ledger_event", ["organisation_id", "learner"], unique=False)


def _ledger_seal() -> None:
    op.create_table(
        "ledger_seal",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_seq", sa.Integer(), nullable=False),
        sa.Column("to_seq", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.Column("merkle_root", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("sealed_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_ledger_seal_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_seal")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_ledger_seal_organisation_id_number")),
    )


def _mastery_generation() -> None:
    op.create_table(
        "mastery_generation",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=32), nullable=False),
        sa.Column("constants", sa.String(length=32), nullable=False),
        sa.Column("weights", sa.String(length=32), nullable=False),
        sa.Column("through_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_mastery_generation_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mastery_generation")),
        sa.UniqueConstraint("organisation_id", "number", name=op.f("uq_mastery_generation_organisation_id_number")),
    )


def _mastery_state() -> None:
    op.create_table(
        "mastery_state",
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_mastery_state_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mastery_state")),
        sa.UniqueConstraint(
            "generation_id", "owner", "subject", name=op.f("uq_mastery_state_generation_id_owner_subject")
        ),
    )


def _mastery_update() -> None:
    op.create_table(
        "mastery_update",
        sa.Column("generation_id", sa.Integer(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("learner", sa.String(length=36), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_mastery_update_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mastery_update")),
        sa.UniqueConstraint("generation_id", "event_seq", name=op.f("uq_mastery_update_generation_id_event_seq")),
    )
    op.create_index("ix_mastery_update_learner", "mastery_update", ["organisation_id", "learner"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("sent_rev", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("lease", sa.String(length=36), nullable=True),
        sa.Column("last_timestamp", Instant(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_outbox_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("channel", "target", "subject", name=op.f("uq_outbox_channel_target_subject")),
    )
    op.create_index("ix_outbox_state_next_at", "outbox", ["state", "next_at"], unique=False)


def _access_token() -> None:
    op.create_table(
        "access_token",
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("token_url", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("token_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_access_token_organisation_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_access_token_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint(
            "registration_id",
            "client_id",
            "token_url",
            "scopes",
            name=op.f("uq_access_token_registration_id_client_id_token_url_scopes"),
        ),
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("outbox_id", ID, nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("timestamp", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_delivery_organisation_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_delivery_outbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_outbox_id"), "delivery", ["outbox_id"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("score", sa.String(length=16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_attempt_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_attempt_person_id")),
        sa.ForeignKeyConstraint(["resource_link_id"], ["resource_link.id"], name=op.f("fk_attempt_resource_link_id")),
        sa.ForeignKeyConstraint(["version_id"], ["content_version.id"], name=op.f("fk_attempt_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint(
            "resource_link_id", "person_id", "number", name=op.f("uq_attempt_resource_link_id_person_id_number")
        ),
        sa.UniqueConstraint("uuid", name=op.f("uq_attempt_uuid")),
    )
    op.create_index(op.f("ix_attempt_person_id"), "attempt", ["person_id"], unique=False)


def _line_item() -> None:
    op.create_table(
        "line_item",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("lineitems_url", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("score_maximum", sa.Integer(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_line_item_organisation_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_line_item_registration_id")),
        sa.ForeignKeyConstraint(["resource_link_id"], ["resource_link.id"], name=op.f("fk_line_item_resource_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_item")),
        sa.UniqueConstraint("resource_link_id", name=op.f("uq_line_item_resource_link_id")),
    )


def _link_score() -> None:
    op.create_table(
        "link_score",
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("attempt_id", ID, nullable=False),
        sa.Column("value", sa.String(length=16), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_link_score_attempt_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_link_score_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_score_person_id")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["resource_link.id"], name=op.f("fk_link_score_resource_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_score")),
        sa.UniqueConstraint("resource_link_id", "person_id", name=op.f("uq_link_score_resource_link_id_person_id")),
    )
    op.create_index(op.f("ix_link_score_person_id"), "link_score", ["person_id"], unique=False)


TABLES = (
    "import_run",
    "inbox_item",
    "job",
    "ledger_event",
    "ledger_seal",
    "mastery_generation",
    "mastery_state",
    "mastery_update",
    "outbox",
    "access_token",
    "delivery",
    "attempt",
    "line_item",
    "link_score",
)
