"""Platforms, people, content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lti_tool.db import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _organisation()
    _tool_key()
    _activity()
    _framework_version()
    _person()
    _registration()
    _content_version()
    _deployment()
    _identity()
    _launch_state()
    _content_asset()
    _context()
    _tag_set()
    _enrolment()
    _resource_link()
    _lti_session()


def downgrade() -> None:
    """Drop the tables."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _organisation() -> None:
    op.create_table(
        "organisation",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("key", name=op.f("uq_organisation_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_organisation_uuid")),
    )


def _tool_key() -> None:
    op.create_table(
        "tool_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("private_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_tool_key_kid")),
    )


def _activity() -> None:
    op.create_table(
        "activity",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("version_id", ID, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_activity_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_activity_organisation_id_key")),
    )


def _framework_version() -> None:
    op.create_table(
        "framework_version",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("adopted_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_framework_version_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_framework_version")),
        sa.UniqueConstraint("organisation_id", "hash", name=op.f("uq_framework_version_organisation_id_hash")),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_person_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("uuid", name=op.f("uq_person_uuid")),
    )


def _registration() -> None:
    op.create_table(
        "registration",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("auth_login_url", sa.Text(), nullable=False),
        sa.Column("token_url", sa.Text(), nullable=False),
        sa.Column("jwks_url", sa.Text(), nullable=False),
        sa.Column("auth_audience", sa.Text(), nullable=True),
        sa.Column("algorithms", sa.JSON(), nullable=False),
        sa.Column("service_origins", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_registration_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_registration_issuer_client_id")),
    )


def _content_version() -> None:
    op.create_table(
        "content_version",
        sa.Column("activity_id", ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("installed_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_content_version_activity_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_content_version_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_version")),
        sa.UniqueConstraint("activity_id", "hash", name=op.f("uq_content_version_activity_id_hash")),
    )


def _deployment() -> None:
    op.create_table(
        "deployment",
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("deployment_id", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_deployment_organisation_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_deployment_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
        sa.UniqueConstraint(
            "registration_id", "deployment_id", name=op.f("uq_deployment_registration_id_deployment_id")
        ),
    )


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_identity_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_person_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_identity_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("registration_id", "subject", name=op.f("uq_identity_registration_id_subject")),
    )
    op.create_index(op.f("ix_identity_person_id"), "identity", ["person_id"], unique=False)


def _launch_state() -> None:
    op.create_table(
        "launch_state",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("binding_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_launch_state_organisation_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_launch_state_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launch_state")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_launch_state_state_hash")),
    )
    op.create_index(op.f("ix_launch_state_expires_at"), "launch_state", ["expires_at"], unique=False)


def _content_asset() -> None:
    op.create_table(
        "content_asset",
        sa.Column("version_id", ID, nullable=False),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_content_asset_organisation_id")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["content_version.id"], name=op.f("fk_content_asset_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_asset")),
        sa.UniqueConstraint("version_id", "path", name=op.f("uq_content_asset_version_id_path")),
    )


def _context() -> None:
    op.create_table(
        "context",
        sa.Column("deployment_id", ID, nullable=False),
        sa.Column("platform_key", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("fk_context_deployment_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_context_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context")),
        sa.UniqueConstraint("deployment_id", "platform_key", name=op.f("uq_context_deployment_id_platform_key")),
    )


def _tag_set() -> None:
    op.create_table(
        "tag_set",
        sa.Column("version_id", ID, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("framework", sa.String(length=64), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("adopted_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_tag_set_organisation_id")),
        sa.ForeignKeyConstraint(["version_id"], ["content_version.id"], name=op.f("fk_tag_set_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_set")),
        sa.UniqueConstraint("version_id", "hash", name=op.f("uq_tag_set_version_id_hash")),
    )


def _enrolment() -> None:
    op.create_table(
        "enrolment",
        sa.Column("context_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("roles", sa.String(length=128), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_enrolment_context_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_enrolment_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("context_id", "person_id", name=op.f("uq_enrolment_context_id_person_id")),
    )
    op.create_index("ix_enrolment_person_id", "enrolment", ["person_id"], unique=False)


def _resource_link() -> None:
    op.create_table(
        "resource_link",
        sa.Column("context_id", ID, nullable=False),
        sa.Column("platform_key", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("activity_id", ID, nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_resource_link_activity_id")),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_resource_link_context_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_resource_link_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_link")),
        sa.UniqueConstraint("context_id", "platform_key", name=op.f("uq_resource_link_context_id_platform_key")),
    )


def _lti_session() -> None:
    op.create_table(
        "lti_session",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("registration_id", ID, nullable=False),
        sa.Column("deployment_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("context_id", ID, nullable=False),
        sa.Column("resource_link_id", ID, nullable=False),
        sa.Column("roles", sa.String(length=128), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("organisation_id", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(["context_id"], ["context.id"], name=op.f("fk_lti_session_context_id")),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("fk_lti_session_deployment_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_lti_session_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lti_session_person_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_lti_session_registration_id")),
        sa.ForeignKeyConstraint(
            ["resource_link_id"], ["resource_link.id"], name=op.f("fk_lti_session_resource_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_session")),
        sa.UniqueConstraint("uuid", name=op.f("uq_lti_session_uuid")),
    )
    op.create_index(op.f("ix_lti_session_expires_at"), "lti_session", ["expires_at"], unique=False)


TABLES = (
    "organisation",
    "tool_key",
    "activity",
    "framework_version",
    "person",
    "registration",
    "content_version",
    "deployment",
    "identity",
    "launch_state",
    "content_asset",
    "context",
    "tag_set",
    "enrolment",
    "resource_link",
    "lti_session",
)
